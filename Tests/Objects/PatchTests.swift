import JSON
import Testing

@testable import Objects

struct PatchTests {
    let stage = Stage()
    static let failed = "422 Invalid: the server rejected our request due to an error in our request"

    func live(_ spec: String = #"{"holderIdentity":"only"}"#, labels: String = #"{"n":"1"}"#) throws -> JSON {
        try stage.stored(
            #"{"metadata":{"name":"l1","labels":\#(labels)},"spec":\#(spec)}"#, version: 1063)
    }

    // MARK: JSON patch

    @Test func `a JSON patch adds and tests`() throws {
        let patch =
            #"[{"op":"add","path":"/spec/leaseDurationSeconds","value":20},{"op":"test","path":"/spec/holderIdentity","value":"only"}]"#
        let object = try stage.patch(.json, patch, live: live()).object
        #expect(object["spec"]?.text == #"{"holderIdentity":"only","leaseDurationSeconds":20}"#)
        #expect(
            object.metadata["managedFields"]?.array?[0]["fieldsV1"]?.text
                == #"{"f:metadata":{"f:labels":{".":{},"f:n":{}}},"f:spec":{"f:holderIdentity":{},"f:leaseDurationSeconds":{}}}"#
        )
    }

    static let refusals: [(String, String)] = [
        (#"[{"op":"test","path":"/spec/holderIdentity","value":"nope"}]"#, failed),
        (#"[{"op":"replace","path":"/nope/x","value":1}]"#, failed),
        (#"[{"op":"remove","path":"/spec/nosuch"}]"#, failed), (#"[{"op":"frob","path":"/spec"}]"#, failed),
        (
            "{}",
            "400 BadRequest: error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
        ),
        (
            #"[{"op":1}]"#,
            "400 BadRequest: error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string"
        ),
    ]

    @Test(arguments: refusals) func `a JSON patch that doesn't apply is refused`(patch: String, why: String)
        throws
    {
        let live = try live()
        #expect(refused { () throws(Refusal) in try stage.patch(.json, patch, live: live) } == why)
    }

    /// RFC 6902, Appendix A: document, patch, outcome; nil where it fails.
    static let appendix: [(String, String, String?)] = [
        (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz","value":"qux"}]"#, #"{"baz":"qux","foo":"bar"}"#),
        (
            #"{"foo":["bar","baz"]}"#, #"[{"op":"add","path":"/foo/1","value":"qux"}]"#,
            #"{"foo":["bar","qux","baz"]}"#
        ),
        (#"{"baz":"qux","foo":"bar"}"#, #"[{"op":"remove","path":"/baz"}]"#, #"{"foo":"bar"}"#),
        (#"{"foo":["bar","qux","baz"]}"#, #"[{"op":"remove","path":"/foo/1"}]"#, #"{"foo":["bar","baz"]}"#),
        (
            #"{"baz":"qux","foo":"bar"}"#, #"[{"op":"replace","path":"/baz","value":"boo"}]"#,
            #"{"baz":"boo","foo":"bar"}"#
        ),
        (
            #"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#,
            #"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
            #"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#
        ),
        (
            #"{"foo":["all","grass","cows","eat"]}"#, #"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#,
            #"{"foo":["all","cows","eat","grass"]}"#
        ),
        (
            #"{"baz":"qux","foo":["a",2,"c"]}"#,
            #"[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]"#,
            #"{"baz":"qux","foo":["a",2,"c"]}"#
        ),
        (#"{"baz":"qux"}"#, #"[{"op":"test","path":"/baz","value":"bar"}]"#, nil),
        (
            #"{"foo":"bar"}"#, #"[{"op":"add","path":"/child","value":{"grandchild":{}}}]"#,
            #"{"child":{"grandchild":{}},"foo":"bar"}"#
        ),
        (
            #"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz","value":"qux","xyz":123}]"#,
            #"{"baz":"qux","foo":"bar"}"#
        ),
        (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz/bat","value":"qux"}]"#, nil),
        (#"{"/":9,"~1":10}"#, #"[{"op":"test","path":"/~01","value":10}]"#, #"{"/":9,"~1":10}"#),
        (#"{"/":9,"~1":10}"#, #"[{"op":"test","path":"/~01","value":"10"}]"#, nil),
        (
            #"{"foo":["bar"]}"#, #"[{"op":"add","path":"/foo/-","value":["abc","def"]}]"#,
            #"{"foo":["bar",["abc","def"]]}"#
        ),
        // What the text says beside its examples.
        (#"{"a":{"b":1}}"#, #"[{"op":"move","from":"/a","path":"/a/b"}]"#, nil),
        (#"{"a":[1]}"#, #"[{"op":"add","path":"/a/2","value":2}]"#, nil),
        (#"{"a":[1,2]}"#, #"[{"op":"remove","path":"/a/01"}]"#, nil),
        (
            #"{"a":[1]}"#, #"[{"op":"copy","from":"/a","path":"/b"},{"op":"add","path":"/b/0","value":0}]"#,
            #"{"a":[1],"b":[0,1]}"#
        ),
        (#"{"a":1}"#, #"[{"op":"replace","path":"","value":{"b":2}}]"#, #"{"b":2}"#),
        (
            #"{"a":{"x":1,"y":[1.0]}}"#, #"[{"op":"test","path":"/a","value":{"y":[1],"x":1}}]"#,
            #"{"a":{"x":1,"y":[1.0]}}"#
        ),
        (#"{"a":{}}"#, #"[{"op":"test","path":"/a/b","value":null}]"#, #"{"a":{}}"#),
        (#"{"a":{}}"#, #"[{"op":"test","path":"/b/c","value":null}]"#, nil),
    ]

    @Test(arguments: appendix) func `the examples of RFC 6902 hold`(
        document: String, patch: String, outcome: String?
    ) {
        let result = try? JSONPatch(json(patch)).apply(to: json(document))
        #expect(result?.sorted.text == outcome)
    }

    @Test func `a JSON patch is bounded in operations and in what it copies`() throws {
        let live = try live()
        let operation = #"{"op":"test","path":"/spec/holderIdentity","value":"only"}"#
        func patch(_ count: Int) -> String {
            "[\(repeatElement(operation, count: count).joined(separator: ","))]"
        }
        #expect(try stage.patch(.json, patch(10_000), live: live).effect == .unchanged)
        #expect(
            refused { () throws(Refusal) in try stage.patch(.json, patch(10_001), live: live) }
                == "413 RequestEntityTooLarge: The allowed maximum operations in a JSON patch is 10000, got 10001"
        )
        let double = #"{"op":"copy","from":"/x","path":"/x/-"}"#
        let bomb =
            #"[{"op":"add","path":"/x","value":[]},"#
            + repeatElement(double, count: 40).joined(separator: ",") + "]"
        #expect(refused { () throws(Refusal) in try stage.patch(.json, bomb, live: live) } == Self.failed)
    }

    @Test func `a JSON patch is bounded in operations times what they may have to look at`() throws {
        let labels = (0..<4000).map { #""l\#($0)":"x""# }.joined(separator: ",")
        let live = try live(labels: "{\(labels)}")
        let operation = #"{"op":"test","path":"/spec/holderIdentity","value":"only"}"#
        let patch = "[\(repeatElement(operation, count: 9000).joined(separator: ","))]"
        #expect(refusal { () throws(Refusal) in try stage.patch(.json, patch, live: live) }?.code == 413)
    }

    @Test func `what an operation only would ignore is warned of`() throws {
        let patch = #"[{"op":"test","path":"/spec/holderIdentity","value":"only","note":1}]"#
        #expect(
            try stage.patch(.json, patch, live: live()).warnings == [#"json patch unknown field "[0].note""#])
    }

    // MARK: Merge patch

    /// RFC 7396, Appendix A: target, patch, outcome.
    static let mergeAppendix: [(String, String, String)] = [
        (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
        (#"{"a":"b"}"#, #"{"a":null}"#, "{}"), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
        (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
        (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
        (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#), (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
        (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#), (#"{"a":"foo"}"#, "null", "null"),
        (#"{"e":null}"#, #"{"a":1}"#, #"{"a":1,"e":null}"#), ("[1,2]", #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
        ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
    ]

    @Test(arguments: mergeAppendix) func `the examples of RFC 7396 hold`(
        target: String, patch: String, outcome: String
    ) {
        #expect(MergePatch.apply(json(patch), to: json(target)).text == outcome)
    }

    @Test func `a merge patch sets and takes away`() throws {
        let live = try live(labels: #"{"a":"b"}"#)
        let patch =
            #"{"spec":{"holderIdentity":"m","renewTime":"2024-01-02T03:04:05.500000Z"},"metadata":{"labels":{"n":"1","a":null}}}"#
        let object = try stage.patch(.merge, patch, live: live).object
        #expect(object["spec"]?.text == #"{"holderIdentity":"m","renewTime":"2024-01-02T03:04:05.500000Z"}"#)
        #expect(
            object.metadata["managedFields"]?.array?[0]["fieldsV1"]?.text
                == #"{"f:metadata":{"f:labels":{".":{},"f:n":{}}},"f:spec":{"f:holderIdentity":{},"f:renewTime":{}}}"#
        )
        #expect(try stage.patch(.merge, "{}", live: live).effect == .unchanged)
    }

    static let mergeRefusals: [(String, String)] = [
        ("{", "400 BadRequest: error decoding patch: unexpected end of JSON input"),
        (
            "[]",
            "400 BadRequest: error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
        ),
        (
            #"{"spec":{"leaseDurationSeconds":0}}"#,
            #"422 Invalid: Lease.coordination.k8s.io "l1" is invalid: spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"#
        ),
        (
            #"{"metadata":{"resourceVersion":"1"},"spec":{"holderIdentity":"zz"}}"#,
            #"409 Conflict: Operation cannot be fulfilled on leases.coordination.k8s.io "l1": the object has been modified; please apply your changes to the latest version and try again"#
        ),
        (
            #"{"metadata":{"name":"zz"}}"#,
            "400 BadRequest: the name of the object (zz) does not match the name on the URL (l1)"
        ),
    ]

    @Test(arguments: mergeRefusals) func `a merge patch that doesn't fit is refused`(
        patch: String, why: String
    ) throws {
        let live = try live()
        #expect(refused { () throws(Refusal) in try stage.patch(.merge, patch, live: live) } == why)
    }

    @Test func `another uid is told twice among the causes and once in the message`() throws {
        let live = try live()
        let refusal = refusal { () throws(Refusal) in
            try stage.patch(
                .merge, #"{"metadata":{"uid":"11111111-1111-1111-1111-111111111111"}}"#, live: live)
        }
        #expect(
            refusal?.message
                == #"Lease.coordination.k8s.io "l1" is invalid: metadata.uid: Invalid value: "11111111-1111-1111-1111-111111111111": field is immutable"#
        )
        #expect(refusal?.details?.causes.map(\.field) == ["metadata.uid", "metadata.uid"])
    }

    static let unreadable: [(String, String, String)] = [
        (
            #"{"spec":{"leaseDurationSeconds":"x"}}"#,
            #"\"spec\":{\"holderIdentity\":\"only\",\"leaseDurationSeconds\":\"x\"}}"#,
            "json: cannot unmarshal string into Go struct field LeaseSpec.spec.leaseDurationSeconds of type int32"
        ),
        (
            #"{"spec":{"renewTime":"2024-01-02T03:04:05.5Z"}}"#,
            #"\"spec\":{\"holderIdentity\":\"only\",\"renewTime\":\"2024-01-02T03:04:05.5Z\"}}"#,
            #"parsing time "2024-01-02T03:04:05.5Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse ".5Z" as ".000000""#
        ),
        (
            #"{"kind":"Pod"}"#, #"\"spec\":{\"holderIdentity\":\"only\"}}"#,
            #"no kind "Pod" is registered for version "coordination.k8s.io/v1" in scheme "pkg/api/legacyscheme/scheme.go:30""#
        ),
    ]

    @Test(arguments: unreadable) func `what can't be read after a patch is shown whole`(
        patch: String, spec: String, why: String
    ) throws {
        let kind = patch.contains("Pod") ? "Pod" : "Lease"
        let shown =
            #"{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"\#(kind)\",\"metadata\":{\"name\":\"l1\",\"namespace\":\"err-32787\",\"uid\":\"001cb862-f5c3-4e76-9204-1f67f1c65cfb\",\"resourceVersion\":\"1063\",\"creationTimestamp\":\"2026-11-21T03:46:27Z\",\"labels\":{\"n\":\"1\"},\"managedFields\":[{\"manager\":\"curl\",\"operation\":\"Update\",\"apiVersion\":\"coordination.k8s.io/v1\",\"time\":\"2026-11-21T03:46:27Z\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:metadata\":{\"f:labels\":{\".\":{},\"f:n\":{}}},\"f:spec\":{\"f:holderIdentity\":{}}}}]},"#
        let live = try live()
        #expect(
            refused { () throws(Refusal) in try stage.patch(.merge, patch, live: live) }
                == #"422 Invalid:  "" is invalid: patch: Invalid value: "\#(shown)\#(spec)": \#(why)"#)
    }

    @Test func `an unknown field in a patch is warned of, or refused with the outcome`() throws {
        var stage = stage
        let live = try live()
        #expect(
            try stage.patch(.merge, #"{"spec":{"bogus":1}}"#, live: live).warnings
                == [#"unknown field "spec.bogus""#])
        stage.validation = .strict
        let refusal = refused { () throws(Refusal) in
            try stage.patch(.merge, #"{"spec":{"bogus":1}}"#, live: live)
        }
        #expect(
            refusal.hasSuffix(
                #"\"spec\":{\"bogus\":1,\"holderIdentity\":\"only\"}}": strict decoding error: unknown field "spec.bogus""#
            ))
    }

    // MARK: Strategic merge patch

    @Test func `a strategic merge patch merges, replaces and takes away`() throws {
        var live = try live(#"{"holderIdentity":"m","renewTime":"2024-01-02T03:04:05.500000Z"}"#)
        func patch(_ text: String) throws { live = try stage.patch(.strategic, text, live: live).object }
        try patch(#"{"spec":{"leaseTransitions":3}}"#)
        #expect(
            live["spec"]?.text
                == #"{"holderIdentity":"m","renewTime":"2024-01-02T03:04:05.500000Z","leaseTransitions":3}"#)
        try patch(#"{"spec":{"$patch":"replace","holderIdentity":"only"}}"#)
        #expect(live["spec"]?.text == #"{"holderIdentity":"only"}"#)
        try patch(#"{"metadata":{"finalizers":["a.b/c"]}}"#)
        #expect(live.metadata["finalizers"]?.text == #"["a.b/c"]"#)
        #expect(
            live.metadata["managedFields"]?.array?[0]["fieldsV1"]?.text
                == #"{"f:metadata":{"f:finalizers":{".":{},"v:\"a.b/c\"":{}},"f:labels":{".":{},"f:n":{}}},"f:spec":{"f:holderIdentity":{}}}"#
        )
        try patch(#"{"metadata":{"$deleteFromPrimitiveList/finalizers":["a.b/c"]}}"#)
        #expect(live.metadata["finalizers"] == nil)
        try patch(#"{"spec":{"$retainKeys":["leaseTransitions"],"leaseTransitions":4}}"#)
        #expect(live["spec"]?.text == #"{"leaseTransitions":4}"#)
        try patch(#"{"spec":{"$patch":"delete"},"metadata":{"labels":null}}"#)
        #expect(live["spec"]?.text == "{}")
        #expect(live.metadata["labels"] == nil)
    }

    static func owner(_ uid: String, _ more: String = "") -> String {
        #"{"apiVersion":"v1","kind":"Pod","name":"p-\#(uid)","uid":"\#(uid)"\#(more)}"#
    }

    @Test func `owners are merged by their uid`() throws {
        var live = try stage.stored(
            #"{"metadata":{"name":"o","ownerReferences":[\#(Self.owner("a")),\#(Self.owner("b"))]}}"#)
        func owners(_ patch: String) throws -> [String?] {
            live = try stage.patch(.strategic, #"{"metadata":{\#(patch)}}"#, live: live).object
            return live.metadata["ownerReferences"]?.array?.map { $0["uid"]?.string } ?? []
        }
        #expect(try owners(#""ownerReferences":[{"uid":"b","controller":true}]"#) == ["a", "b"])
        #expect(live.metadata["ownerReferences"]?.array?[1].text == Self.owner("b", #","controller":true"#))
        // A new one stands first, unless the order is set.
        #expect(try owners(#""ownerReferences":[\#(Self.owner("c"))]"#) == ["c", "a", "b"])
        #expect(
            try owners(
                #""$setElementOrder/ownerReferences":[{"uid":"b"},{"uid":"d"},{"uid":"c"}],"ownerReferences":[\#(Self.owner("d"))]"#
            ) == ["a", "b", "d", "c"])
        #expect(try Set(owners(#""ownerReferences":[{"uid":"a","$patch":"delete"}]"#)) == ["b", "c", "d"])
        #expect(
            try owners(#""ownerReferences":[\#(Self.owner("e")),{"$patch":"replace"}]"#) == ["e"])
    }

    @Test func `finalizers are a set`() throws {
        let live = try stage.stored(#"{"metadata":{"name":"o","finalizers":["x/1","x/2"]}}"#)
        func finalizers(_ patch: String) throws -> [String] {
            try stage.patch(.strategic, #"{"metadata":{\#(patch)}}"#, live: live).object
                .metadataList("finalizers")
        }
        #expect(try finalizers(#""finalizers":["x/2","x/3"]"#) == ["x/1", "x/2", "x/3"])
        #expect(try finalizers(#""$setElementOrder/finalizers":["x/2","x/1"]"#) == ["x/2", "x/1"])
    }

    static let strategicRefusals: [(String, String)] = [
        (
            #"{"metadata":{"$deleteFromPrimitiveList/finalizers":"x"}}"#,
            "400 BadRequest: invalid patch format of primitive list"
        ),
        (
            #"{"metadata":{"$setElementOrder/finalizers":"x"}}"#,
            "400 BadRequest: invalid patch format of setElementOrder list"
        ),
        (#"{"spec":{"$retainKeys":["a"],"b":1}}"#, "400 BadRequest: invalid patch format of retainKeys"),
        (#"{"spec":{"$patch":"frob"}}"#, "500 -: unknown patch type: frob in map: map[$patch:frob]"),
    ]

    @Test(arguments: strategicRefusals) func `a directive that isn't one is refused`(
        patch: String, why: String
    ) throws {
        let live = try live()
        #expect(refused { () throws(Refusal) in try stage.patch(.strategic, patch, live: live) } == why)
    }

    @Test func `strictly an unknown field is shown with the patch`() throws {
        var stage = stage
        stage.validation = .strict
        let live = try live()
        #expect(
            refused { () throws(Refusal) in
                try stage.patch(.strategic, #"{"spec":{"nosuchField":1}}"#, live: live)
            }
                == #"422 Invalid:  "" is invalid: patch: Invalid value: "map[spec:map[nosuchField:1]]": strict decoding error: unknown field "spec.nosuchField""#
        )
    }

    @Test func `a custom resource knows no strategic merge`() {
        #expect(PatchKind(mediaType: "application/strategic-merge-patch+json", of: .lease) == .strategic)
        #expect(PatchKind(mediaType: "application/strategic-merge-patch+json", of: .doneMarker) == nil)
        #expect(PatchKind(mediaType: "application/json", of: .lease) == nil)
    }
}
