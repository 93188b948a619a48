import JSON
import Testing

@testable import Objects

struct UpdateTests {
    let stage = Stage()

    static let full =
        #"{"holderIdentity":"h","leaseDurationSeconds":15,"acquireTime":"2024-01-02T03:04:05.123456Z","renewTime":"2024-01-02T03:04:05.000000Z","leaseTransitions":1}"#

    static func body(_ metadata: String, spec: String = #"{"holderIdentity":"h3"}"#) -> String {
        #"{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{\#(metadata)},"spec":\#(spec)}"#
    }

    func live() throws -> JSON { try stage.stored(Stage.lease(spec: Self.full)) }

    @Test func `a new lease is owned by who made it`() throws {
        #expect(
            try stage.create(Stage.lease(spec: Self.full)).object.text
                == #"{"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"name":"a","namespace":"err-32787","uid":"001cb862-f5c3-4e76-9204-1f67f1c65cfb","creationTimestamp":"2026-11-21T03:46:27Z","managedFields":[{"manager":"curl","operation":"Update","apiVersion":"coordination.k8s.io/v1","time":"2026-11-21T03:46:27Z","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:acquireTime":{},"f:holderIdentity":{},"f:leaseDurationSeconds":{},"f:leaseTransitions":{},"f:renewTime":{}}}}]},"spec":\#(Self.full)}"#
        )
    }

    @Test func `maps, sets and keyed lists are owned by entry`() throws {
        let object = try stage.create(
            #"{"metadata":{"name":"meta","labels":{"a":"b"},"annotations":{"k":"v"},"finalizers":["example.com/f"],"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"p","uid":"u-1"}]},"spec":{"holderIdentity":"h"}}"#
        ).object
        #expect(
            object.metadata["managedFields"]?.array?[0]["fieldsV1"]?.text
                == #"{"f:metadata":{"f:annotations":{".":{},"f:k":{}},"f:finalizers":{".":{},"v:\"example.com/f\"":{}},"f:labels":{".":{},"f:a":{}},"f:ownerReferences":{".":{},"k:{\"uid\":\"u-1\"}":{}}},"f:spec":{"f:holderIdentity":{}}}"#
        )
    }

    @Test func `what only the server sets isn't kept, but a generation is`() throws {
        let object = try stage.create(
            #"{"metadata":{"name":"owned","uid":"x","creationTimestamp":"2001-01-01T00:00:00Z","generation":7,"selfLink":"/x","deletionTimestamp":"2001-01-01T00:00:00Z","deletionGracePeriodSeconds":3},"spec":{"holderIdentity":"h"}}"#
        ).object
        #expect(
            object.metadata.members?.map(\.name)
                == ["name", "namespace", "uid", "generation", "creationTimestamp", "managedFields"])
        #expect(object.metadata("uid") == Stage.uid)
        #expect(
            object.metadata["managedFields"]?.array?[0]["fieldsV1"]?.text
                == #"{"f:spec":{"f:holderIdentity":{}}}"#)
    }

    @Test func `a new object has no version`() {
        #expect(
            refused { () throws(Refusal) in try stage.create(Self.body(#""name":"n","resourceVersion":"5""#))
            }
                == "500 -: resourceVersion should not be set on objects to be created")
    }

    @Test func `PUT replaces the whole`() throws {
        let outcome = try stage.update(
            "a",
            Self.body(
                #""name":"a","resourceVersion":"886""#,
                spec: #"{"holderIdentity":"h2","leaseDurationSeconds":15}"#), live: live())
        #expect(outcome.effect == .changed)
        #expect(outcome.object["spec"]?.text == #"{"holderIdentity":"h2","leaseDurationSeconds":15}"#)
        #expect(
            outcome.object.metadata["managedFields"]?.array?.map { $0["fieldsV1"]!.text }
                == [#"{"f:spec":{"f:holderIdentity":{},"f:leaseDurationSeconds":{}}}"#])
        #expect(outcome.object.metadata("uid") == Stage.uid)
    }

    @Test func `the same content again changes nothing, whoever writes it and when`() throws {
        var stage = stage
        let live = try live()
        stage.now += 60
        stage.manager = "other"
        let outcome = try stage.update(
            "a", Self.body(#""name":"a","resourceVersion":"886""#, spec: Self.full), live: live)
        #expect(outcome.effect == .unchanged)
        #expect(outcome.object == live)
    }

    @Test func `a renewal notes the time, and takes a field over from somebody else`() throws {
        var stage = stage
        stage.now += 60
        let spec = Self.full.replacing("05.000000Z", with: "06.000000Z")
        let body = Self.body(#""name":"a","resourceVersion":"886""#, spec: spec)
        let renewed = try stage.update("a", body, live: live()).object
        #expect(
            renewed.metadata["managedFields"]?.array?.map { $0["time"]?.string } == ["2026-11-21T03:47:27Z"])
        stage.manager = "other"
        let taken = try stage.update("a", body, live: live()).object
        #expect(
            taken.metadata["managedFields"]?.array?.map { $0["fieldsV1"]!.text } == [
                #"{"f:spec":{"f:acquireTime":{},"f:holderIdentity":{},"f:leaseDurationSeconds":{},"f:leaseTransitions":{}}}"#,
                #"{"f:spec":{"f:renewTime":{}}}"#,
            ])
    }

    static let refusals: [(String, String)] = [
        (
            #""name":"a","resourceVersion":"886","uid":"11111111-1111-1111-1111-111111111111""#,
            #"409 Conflict: Operation cannot be fulfilled on leases.coordination.k8s.io "a": StorageError: invalid object, Code: 4, Key: /registry/leases/err-32787/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: 11111111-1111-1111-1111-111111111111, UID in object meta: 001cb862-f5c3-4e76-9204-1f67f1c65cfb"#
        ),
        (
            #""name":"a","resourceVersion":"1""#,
            #"409 Conflict: Operation cannot be fulfilled on leases.coordination.k8s.io "a": the object has been modified; please apply your changes to the latest version and try again"#
        ),
        (
            #""name":"a""#,
            #"422 Invalid: leases.coordination.k8s.io "a" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update"#
        ),
        (
            #""name":"a","resourceVersion":"0""#,
            #"422 Invalid: leases.coordination.k8s.io "a" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update"#
        ),
        (
            #""name":"a","resourceVersion":"abc""#,
            #"500 -: strconv.ParseUint: parsing "abc": invalid syntax"#
        ),
        (
            #""name":"b","resourceVersion":"886""#,
            "400 BadRequest: the name of the object (b) does not match the name on the URL (a)"
        ),
        (
            #""resourceVersion":"886""#,
            "400 BadRequest: the name of the object (a based on URL) was undeterminable: name must be provided"
        ),
        (
            #""name":"a","namespace":"default","resourceVersion":"886""#,
            "400 BadRequest: the namespace of the provided object does not match the namespace sent on the request"
        ),
    ]

    @Test(arguments: refusals) func `a PUT that doesn't fit is refused`(metadata: String, why: String) throws
    {
        let live = try live()
        #expect(
            refused { () throws(Refusal) in try stage.update("a", Self.body(metadata), live: live) } == why)
    }

    @Test func `a lease that isn't there is made by PUT, whatever version it says`() throws {
        let outcome = try stage.update(
            "new", Self.body(#""name":"new","resourceVersion":"5""#), live: nil)
        #expect(outcome.effect == .created)
        #expect(outcome.object.metadata["resourceVersion"] == nil)
        #expect(
            refused { () throws(Refusal) in
                try stage.update("new", Self.body(#""name":"new","uid":"u""#), live: nil)
            }
                == #"409 Conflict: Operation cannot be fulfilled on leases.coordination.k8s.io "new": StorageError: invalid object, Code: 4, Key: /registry/leases/err-32787/new, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: u, UID in object meta: "#
        )
        var namespaces = stage
        namespaces.kind = .namespace
        #expect(
            refused { () throws(Refusal) in
                try namespaces.update("n", #"{"metadata":{"name":"n"}}"#, live: nil)
            }
                == #"404 NotFound: namespaces "n" not found"#)
    }

    @Test func `when it was created stays as it was`() throws {
        let outcome = try stage.update(
            "a",
            Self.body(#""name":"a","resourceVersion":"886","creationTimestamp":"2001-01-01T00:00:00Z""#),
            live: live())
        #expect(outcome.object.metadata("creationTimestamp") == "2026-11-21T03:46:27Z")
        #expect(
            outcome.object.metadata["managedFields"]?.array?[0]["fieldsV1"]?.text
                == #"{"f:spec":{"f:holderIdentity":{}}}"#)
    }

    @Test func `an update is validated as well`() throws {
        let live = try live()
        let body = Self.body(#""name":"a","resourceVersion":"886""#, spec: #"{"leaseDurationSeconds":-5}"#)
        #expect(
            refused { () throws(Refusal) in try stage.update("a", body, live: live) }
                == #"422 Invalid: Lease.coordination.k8s.io "a" is invalid: spec.leaseDurationSeconds: Invalid value: -5: must be greater than 0"#
        )
    }

    @Test func `owners named twice are named once, with a warning`() throws {
        let owner = #"{"apiVersion":"v1","kind":"Pod","name":"p","uid":"u-1"}"#
        let outcome = try stage.create(Self.body(#""name":"a","ownerReferences":[\#(owner),\#(owner)]"#))
        #expect(outcome.object.metadata["ownerReferences"]?.array?.count == 1)
        #expect(outcome.warnings.count == 1)
    }

    @Test func `a done marker doesn't change, but may be sent again`() throws {
        var stage = stage
        stage.kind = .doneMarker
        let live = try stage.stored(
            #"{"metadata":{"name":"m"},"spec":{"outcome":"Succeeded","holderIdentity":"ci","result":{"a":"1"}}}"#
        )
        func put(_ spec: String) throws(Refusal) -> Write.Outcome {
            try stage.update(
                "m", #"{"metadata":{"name":"m","resourceVersion":"886"},"spec":\#(spec)}"#, live: live)
        }
        #expect(
            refused { () throws(Refusal) in try put(#"{"outcome":"Failed","result":{"a":"1"}}"#) }
                .contains("spec: Invalid value: \"object\": a done marker doesn't change"))
        #expect(
            try put(#"{"outcome":"Succeeded","holderIdentity":"ci","result":{"a":"1"}}"#).effect == .unchanged
        )
    }

    @Test func `the manager is named by the request, or by the program that asks`() {
        #expect(Manager.name(fieldManager: "me", userAgent: "curl/8") == "me")
        #expect(Manager.name(fieldManager: "", userAgent: "curl/8.5.0") == "curl")
        #expect(
            Manager.name(fieldManager: "", userAgent: "kubectl1.20/v1.20.2 (linux/amd64)") == "kubectl1.20")
        #expect(Manager.name(fieldManager: "", userAgent: "a\u{7}b c/1") == "ab c")
        #expect(
            Manager.name(fieldManager: "", userAgent: String(repeating: "ä", count: 100)).utf8.count == 128)
        #expect(Manager.name(fieldManager: "", userAgent: "") == "unknown")
    }

    @Test func `of more than ten updaters the oldest become one`() throws {
        var stage = stage
        var live = try stage.stored(Stage.lease(), version: 1)
        for number in 1...12 {
            stage.manager = "m\(number)"
            stage.now += 1
            live = Stage.version(
                try stage.patch(.merge, #"{"metadata":{"labels":{"l\#(number)":"x"}}}"#, live: live).object,
                number + 1)
        }
        let entries = live.metadata["managedFields"]?.array ?? []
        #expect(entries.count == 10)
        #expect(entries[0]["manager"] == .string("ancient-changes"))
        #expect(
            entries[0]["fieldsV1"]?.text
                == #"{"f:metadata":{"f:labels":{".":{},"f:l1":{},"f:l2":{},"f:l3":{}}}}"#)
        #expect(entries[0]["time"] == .string("2026-11-21T03:46:30Z"))
    }
}
