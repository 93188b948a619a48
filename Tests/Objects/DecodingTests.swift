import JSON
import Testing

@testable import Objects

struct DecodingTests {
    let stage = Stage()

    static let unreadable: [(String, String)] = [
        (
            #"{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","#,
            #"unexpected end of JSON input ({"apiVersion":"coordination.k8 ...)"#
        ),
        ("", "unexpected end of JSON input (<empty>)"),
        (
            "[]",
            #"json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" } (5b5d)"#
        ),
        (
            #""x""#,
            #"json: cannot unmarshal string into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" } (227822)"#
        ),
        (
            #"{"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"} xyz"#,
            #"invalid character 'x' after top-level value ({"apiVersion": "coordination.k ...)"#
        ),
    ]

    @Test(arguments: unreadable) func `a body that is no object is told with its beginning`(
        body: String, why: String
    ) {
        #expect(
            refused { () throws(Refusal) in try stage.create(body) }
                == "400 BadRequest: the object provided is unrecognized (must be of type Lease): couldn't get "
                + "version/kind; json parse error: " + why)
    }

    static let wrongTypes: [(String, String)] = [
        (
            #"{"leaseDurationSeconds":2147483648}"#,
            "number 2147483648 into Go struct field LeaseSpec.spec.leaseDurationSeconds of type int32"
        ),
        (
            #"{"leaseDurationSeconds":1.5}"#,
            "number 1.5 into Go struct field LeaseSpec.spec.leaseDurationSeconds of type int32"
        ),
        (
            #"{"leaseDurationSeconds":1.0}"#,
            "number 1.0 into Go struct field LeaseSpec.spec.leaseDurationSeconds of type int32"
        ),
        (
            #"{"leaseDurationSeconds":"15"}"#,
            "string into Go struct field LeaseSpec.spec.leaseDurationSeconds of type int32"
        ),
        (
            #"{"leaseTransitions":"x"}"#,
            "string into Go struct field LeaseSpec.spec.leaseTransitions of type int32"
        ),
        (
            #"{"holderIdentity":5}"#,
            "number into Go struct field LeaseSpec.spec.holderIdentity of type string"
        ),
        (#"{"renewTime":1704164645}"#, "number into Go struct field LeaseSpec.spec.renewTime of type string"),
        (#""x""#, "string into Go struct field Lease.spec of type v1.LeaseSpec"),
    ]

    @Test(arguments: wrongTypes) func `a wrong type is told as Go's decoder tells it`(
        spec: String, why: String
    ) {
        #expect(
            refused { () throws(Refusal) in try stage.create(Stage.lease(spec: spec)) }
                == #"400 BadRequest: Lease in version "v1" cannot be handled as a Lease: json: cannot unmarshal "#
                + why)
    }

    @Test func `a label is a text`() {
        let body = #"{"metadata":{"name":"lab","labels":{"k":1}},"spec":{}}"#
        #expect(
            refused { () throws(Refusal) in try stage.create(body) }
                == #"400 BadRequest: Lease in version "v1" cannot be handled as a Lease: json: cannot unmarshal "#
                + "number into Go struct field ObjectMeta.metadata.labels of type string")
    }

    @Test func `a time that can't be read is told before a wrong type`() {
        let body = Stage.lease(spec: #"{"holderIdentity":5,"renewTime":"2024-01-02T03:04:05.123456"}"#)
        #expect(
            refused { () throws(Refusal) in try stage.create(body) }
                == #"400 BadRequest: Lease in version "v1" cannot be handled as a Lease: parsing time "#
                + #""2024-01-02T03:04:05.123456" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "" as "Z07:00""#
        )
    }

    static let wrongKinds: [(String, String, String)] = [
        (
            "coordination.k8s.io/v1", "Pod",
            #"Pod in version "v1" cannot be handled as a Lease: no kind "Pod" is registered for version "coordination.k8s.io/v1" in scheme "pkg/api/legacyscheme/scheme.go:30""#
        ),
        (
            "coordination.k8s.io/v1", "LeaseList",
            #"LeaseList in version "v1" cannot be handled as a Lease: converting (v1.LeaseList) to (coordination.Lease): unknown conversion"#
        ),
        (
            "v1", "Lease",
            #"Lease in version "v1" cannot be handled as a Lease: no kind "Lease" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30""#
        ),
        (
            "coordination.k8s.io/v9", "Lease",
            #"Lease in version "v9" cannot be handled as a Lease: no kind "Lease" is registered for version "coordination.k8s.io/v9" in scheme "pkg/api/legacyscheme/scheme.go:30""#
        ),
        (
            "coordination.k8s.io/v1beta1", "Lease",
            "the API version in the data (coordination.k8s.io/v1beta1) does not match the expected API version (coordination.k8s.io/v1)"
        ),
        (
            "nosuch.io/v1", "Foo",
            #"Foo in version "v1" cannot be handled as a Lease: no kind "Foo" is registered for version "nosuch.io/v1" in scheme "pkg/api/legacyscheme/scheme.go:30""#
        ),
    ]

    @Test(arguments: wrongKinds) func `an object of another type is refused`(
        apiVersion: String, kind: String, why: String
    ) {
        let body = #"{"apiVersion":"\#(apiVersion)","kind":"\#(kind)","metadata":{"name":"k"},"spec":{}}"#
        #expect(refused { () throws(Refusal) in try stage.create(body) } == "400 BadRequest: " + why)
    }

    @Test func `kind and version may be missing, and spec as well`() throws {
        let object = try stage.create(#"{"metadata":{"name":"min"}}"#).object
        #expect(
            object.text
                == #"{"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"name":"min","namespace":"err-32787","uid":"\#(Stage.uid)","creationTimestamp":"2026-11-21T03:46:27Z"},"spec":{}}"#
        )
    }

    static let unknown =
        #"{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"u","bogusMeta":1},"spec":{"holderIdentity":"h","bogus":1},"top":true}"#

    @Test func `unknown fields are warned of by default, in their order`() throws {
        let outcome = try stage.create(Self.unknown)
        #expect(
            outcome.warnings == [
                #"unknown field "metadata.bogusMeta""#, #"unknown field "spec.bogus""#,
                #"unknown field "top""#,
            ])
        #expect(outcome.warningFields.last == #"299 - "unknown field \"top\"""#)
        #expect(outcome.object["spec"]?.text == #"{"holderIdentity":"h"}"#)
        #expect(outcome.object["top"] == nil)
    }

    @Test func `strictly they are refused, and may be ignored`() throws {
        var stage = stage
        stage.validation = .strict
        #expect(
            refused { () throws(Refusal) in try stage.create(Self.unknown) }
                == #"400 BadRequest: Lease in version "v1" cannot be handled as a Lease: strict decoding error: unknown field "metadata.bogusMeta", unknown field "spec.bogus", unknown field "top""#
        )
        stage.validation = .ignore
        #expect(try stage.create(Self.unknown).warnings.isEmpty)
    }

    @Test func `names of fields are told by their case`() throws {
        let body =
            #"{"metadata":{"Name":"case1","name":"case2"},"spec":{"HolderIdentity":"x","holderidentity":"y"}}"#
        let outcome = try stage.create(body)
        #expect(
            outcome.warnings == [
                #"unknown field "metadata.Name""#, #"unknown field "spec.HolderIdentity""#,
                #"unknown field "spec.holderidentity""#,
            ])
        #expect(outcome.object.metadata("name") == "case2")
    }

    @Test func `of a field that comes twice the last one counts`() throws {
        var stage = stage
        let body = Stage.lease("dup", spec: #"{"holderIdentity":"a","holderIdentity":"b"}"#)
        let outcome = try stage.create(body)
        #expect(outcome.warnings == [#"duplicate field "spec.holderIdentity""#])
        #expect(outcome.object["spec"]?["holderIdentity"] == .string("b"))
        stage.validation = .strict
        #expect(
            refused { () throws(Refusal) in try stage.create(body) }
                == #"400 BadRequest: Lease in version "v1" cannot be handled as a Lease: strict decoding error: duplicate field "spec.holderIdentity""#
        )
    }

    @Test func `one that is null the first time comes twice as well`() throws {
        let body = Stage.lease(
            "dup", spec: #"{"holderIdentity":null,"leaseTransitions":1,"holderIdentity":"b"}"#)
        let outcome = try stage.create(body)
        #expect(outcome.warnings == [#"duplicate field "spec.holderIdentity""#])
        #expect(outcome.object["spec"]?.text == #"{"holderIdentity":"b","leaseTransitions":1}"#)
    }

    @Test func `null is as good as missing`() throws {
        let spec = #"{"holderIdentity":null,"leaseDurationSeconds":null,"renewTime":null}"#
        #expect(try stage.create(Stage.lease(spec: spec)).object["spec"] == .object([]))
        #expect(
            refused { () throws(Refusal) in try stage.create("null") }
                == #"422 Invalid: Lease.coordination.k8s.io "" is invalid: metadata.name: Required value: name or generateName is required"#
        )
    }

    @Test func `the zero time is kept as null, and an empty holder as it is`() throws {
        let spec = #"{"holderIdentity":"","renewTime":"0001-01-01T00:00:00.000000Z"}"#
        #expect(
            try stage.create(Stage.lease(spec: spec)).object["spec"]?.text
                == #"{"holderIdentity":"","renewTime":null}"#)
    }

    @Test func `what is no UTF-8 becomes the replacement character`() throws {
        var body = Array(Stage.lease("utf", spec: #"{"holderIdentity":"??"}"#.replacing("??", with: "")).utf8)
        let quote = body.lastIndex(of: UInt8(ascii: "\""))!
        body.insert(contentsOf: [0xFF, 0xFE], at: quote)
        var dice = Dice(seed: 1)
        let object = try stage.write().create(Write.Body(body), uid: Stage.uid, random: &dice).object
        #expect(object["spec"]?["holderIdentity"] == .string("\u{FFFD}\u{FFFD}"))
    }

    @Test func `members go out in their order, whatever order they came in`() throws {
        let body =
            #"{"spec":{"leaseTransitions":1,"holderIdentity":"h"},"metadata":{"labels":{"b":"2","a":"1"},"name":"o"}}"#
        let object = try stage.create(body).object
        #expect(object["spec"]?.text == #"{"holderIdentity":"h","leaseTransitions":1}"#)
        #expect(object.metadata["labels"]?.text == #"{"a":"1","b":"2"}"#)
    }

    static let syntax: [(String, String)] = [
        ("{bad", "invalid character 'b' looking for beginning of object key string"),
        (#"{"a" 1}"#, "invalid character '1' after object key"),
        (#"{"a":1 "b"}"#, #"invalid character '"' after object key:value pair"#),
        ("[1 2]", "invalid character '2' after array element"), ("", "unexpected end of JSON input"),
        ("nul", "unexpected end of JSON input"),
        ("nulx", "invalid character 'x' in literal null (expecting 'l')"),
        ("\"\u{1}\"", #"invalid character '\x01' in string literal"#),
        (#""\x""#, "invalid character 'x' in string escape code"),
        (#""\u00g0""#, #"invalid character 'g' in \u hexadecimal character escape"#),
        ("-x", "invalid character 'x' in numeric literal"),
        ("1.x", "invalid character 'x' after decimal point in numeric literal"),
        ("1ex", "invalid character 'x' in exponent of numeric literal"),
        ("01", "invalid character '1' after top-level value"),
        ("'a'", #"invalid character '\'' looking for beginning of value"#),
    ]

    @Test(arguments: syntax) func `what is no JSON is told in the words of Go`(text: String, why: String) {
        #expect(GoSyntax.fault(in: Array(text.utf8)) == why)
    }
}
