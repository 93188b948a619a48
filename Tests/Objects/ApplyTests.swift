import JSON
import Testing

@testable import Objects

struct ApplyTests {
    static func configuration(_ spec: String, metadata: String = #""name":"ssa""#) -> String {
        #"{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{\#(metadata)},"spec":\#(spec)}"#
    }

    static func stage(_ manager: String) -> Stage {
        var stage = Stage()
        stage.manager = manager
        return stage
    }

    static func owned(_ object: JSON) -> [String] {
        (object.metadata["managedFields"]?.array ?? []).map {
            "\($0["manager"]!.string!) \($0["operation"]!.string!) \($0["fieldsV1"]!.text)"
        }
    }

    static func conflict(_ manager: String, _ field: String) -> Refusal.Cause {
        .init(reason: "FieldManagerConflict", message: "conflict with \"\(manager)\"", field: field)
    }

    static let one = #"{"holderIdentity":"one","leaseDurationSeconds":15}"#
    static let two = #"{"holderIdentity":"two","leaseDurationSeconds":15}"#

    @Test func `a configuration makes an object, conflicts with another, and is forced`() throws {
        let first = try Self.stage("mgr").apply("ssa", Self.configuration(Self.one), live: nil)
        #expect(first.effect == .created)
        #expect(
            first.object.metadata["managedFields"]?.text
                == #"[{"manager":"mgr","operation":"Apply","apiVersion":"coordination.k8s.io/v1","time":"2026-11-21T03:46:27Z","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:holderIdentity":{},"f:leaseDurationSeconds":{}}}}]"#
        )
        let live = Stage.version(first.object, 1064)
        let again = try Self.stage("mgr").apply("ssa", Self.configuration(Self.one), live: live)
        #expect(again.effect == .unchanged)

        let refusal = refusal { () throws(Refusal) in
            try Self.stage("other").apply("ssa", Self.configuration(Self.two), live: live)
        }
        #expect(
            refusal
                == Refusal(
                    409, "Conflict",
                    #"Apply failed with 1 conflict: conflict with "mgr": .spec.holderIdentity"#,
                    Refusal.Details(causes: [Self.conflict("mgr", ".spec.holderIdentity")])))

        let forced = try Self.stage("other").apply(
            "ssa", Self.configuration(Self.two), force: true, live: live)
        #expect(
            Self.owned(forced.object) == [
                #"mgr Apply {"f:spec":{"f:leaseDurationSeconds":{}}}"#,
                #"other Apply {"f:spec":{"f:holderIdentity":{},"f:leaseDurationSeconds":{}}}"#,
            ])
        #expect(forced.object["spec"]?["holderIdentity"] == .string("two"))
    }

    @Test func `several conflicts stand in lines`() throws {
        let live = Stage.version(
            try Self.stage("kubectl").apply("ssa", Self.configuration(Self.one), live: nil).object, 1)
        let other = Self.configuration(#"{"holderIdentity":"b","leaseDurationSeconds":30}"#)
        #expect(
            refused { () throws(Refusal) in try Self.stage("other").apply("ssa", other, live: live) }
                == "409 Conflict: Apply failed with 2 conflicts: conflicts with \"kubectl\":\n"
                + "- .spec.holderIdentity\n- .spec.leaseDurationSeconds")
    }

    @Test func `who updated is named with the version of the fields`() throws {
        let live = try Stage().stored(Stage.lease("ssa", spec: Self.one))
        #expect(
            refused { () throws(Refusal) in
                try Self.stage("mgr").apply("ssa", Self.configuration(Self.two), live: live)
            }
                == #"409 Conflict: Apply failed with 1 conflict: conflict with "curl" using coordination.k8s.io/v1: .spec.holderIdentity"#
        )
    }

    @Test func `the same value is owned by both`() throws {
        let live = try Stage().stored(Stage.lease("ssa", spec: Self.one))
        let outcome = try Self.stage("mgr").apply("ssa", Self.configuration(Self.one), live: live)
        // The object stays as it was, so the entry has no time; the owners are new, so it is stored.
        #expect(outcome.effect == .changed)
        #expect(outcome.object.metadata["managedFields"]?.array?[0]["time"] == nil)
        #expect(
            Self.owned(outcome.object) == [
                #"mgr Apply {"f:spec":{"f:holderIdentity":{},"f:leaseDurationSeconds":{}}}"#,
                #"curl Update {"f:spec":{"f:holderIdentity":{},"f:leaseDurationSeconds":{}}}"#,
            ])
    }

    @Test func `what isn't named any more goes, unless somebody else owns it`() throws {
        let full = #"{"holderIdentity":"a","leaseDurationSeconds":15,"leaseTransitions":1}"#
        let metadata =
            #""name":"ssa","labels":{"x":"1","y":"2"},"finalizers":["a/b"],"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"p","uid":"u"}]"#
        var live = Stage.version(
            try Self.stage("mgr").apply("ssa", Self.configuration(full, metadata: metadata), live: nil)
                .object, 1)
        #expect(
            Self.owned(live) == [
                #"mgr Apply {"f:metadata":{"f:finalizers":{"v:\"a/b\"":{}},"f:labels":{"f:x":{},"f:y":{}},"f:ownerReferences":{"k:{\"uid\":\"u\"}":{}}},"f:spec":{"f:holderIdentity":{},"f:leaseDurationSeconds":{},"f:leaseTransitions":{}}}"#
            ])
        live = try Self.stage("other").apply(
            "ssa",
            Self.configuration(#"{"leaseTransitions":1}"#, metadata: #""name":"ssa","labels":{"y":"2"}"#),
            live: live
        ).object
        live = try Self.stage("mgr").apply("ssa", Self.configuration(#"{"holderIdentity":"a"}"#), live: live)
            .object
        #expect(live["spec"]?.text == #"{"holderIdentity":"a","leaseTransitions":1}"#)
        #expect(live.metadata["labels"]?.text == #"{"y":"2"}"#)
        #expect(live.metadata["finalizers"] == nil)
        #expect(live.metadata["ownerReferences"] == nil)
    }

    static let refusals: [(String, String)] = [
        ("{\"kind\":\"Lease\"}", "400 BadRequest: invalid object type: /, Kind=Lease"),
        (
            #"{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"ssa","managedFields":[{"manager":"x"}]}}"#,
            "400 BadRequest: metadata.managedFields must be nil"
        ),
        (
            #"{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"ssa"},"spec":{"bogus":1}}"#,
            "500 -: failed to create typed patch object (/ssa; coordination.k8s.io/v1, Kind=Lease): .spec.bogus: field not declared in schema"
        ),
        (
            #"{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"zzz"}}"#,
            "400 BadRequest: the name of the object (zzz) does not match the name on the URL (ssa)"
        ),
    ]

    @Test(arguments: refusals) func `what can't be applied is refused`(configuration: String, why: String) {
        #expect(
            refused { () throws(Refusal) in try Self.stage("mgr").apply("ssa", configuration, live: nil) }
                == why)
    }

    @Test func `names that come twice in a configuration are told as its reader tells them`() throws {
        var stage = Self.stage("mgr")
        func apply(_ stage: Stage) throws(Refusal) -> Write.Outcome {
            try stage.write("ssa").apply(
                json(Self.configuration(Self.one)), duplicates: [#"line 3: key "name" already set in map"#],
                force: false, live: nil, uid: Stage.uid)
        }
        let text =
            "error converting YAML to JSON: yaml: unmarshal errors:\n  line 3: key \"name\" already set in map"
        #expect(try apply(stage).warnings == [text])
        stage.validation = .strict
        #expect(
            refused { () throws(Refusal) in try apply(stage) }
                == "400 BadRequest: error strict decoding YAML: \(text)")
        stage.validation = .ignore
        #expect(try apply(stage).warnings.isEmpty)
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `a merge patch made from a difference makes the other object`(
        seed: UInt64
    ) {
        var dice = Dice(seed: seed)
        for _ in 0..<20 {
            let (old, new) = (Self.document(&dice, depth: 3), Self.document(&dice, depth: 3))
            let patch = Self.difference(from: old, to: new)
            #expect(MergePatch.apply(patch, to: old).sorted == new.sorted)
        }
    }

    /// Objects of objects and scalars: what a merge patch can say all of.
    private static func document(_ dice: inout Dice, depth: Int) -> JSON {
        .object(
            ["a", "b", "c", "d"].filter { _ in Bool.random(using: &dice) }.map { name in
                let isLeaf = depth == 0 || Bool.random(using: &dice)
                return JSONMember(
                    name,
                    isLeaf
                        ? .number(Int64.random(in: 0..<3, using: &dice)) : document(&dice, depth: depth - 1))
            })
    }

    private static func difference(from old: JSON, to new: JSON) -> JSON {
        guard let before = old.members, let after = new.members else { return new }
        var patch = before.filter { new[$0.name] == nil }.map { JSONMember($0.name, .null) }
        for member in after where old[member.name] != member.value {
            patch.append(
                JSONMember(
                    member.name,
                    old[member.name].map { difference(from: $0, to: member.value) } ?? member.value))
        }
        return .object(patch)
    }

    @Test func `one empty entry clears who owns what, an empty list doesn't`() throws {
        let live = Stage.version(
            try Self.stage("mgr").apply("ssa", Self.configuration(Self.one), live: nil).object, 1065)
        let cleared = try Stage().patch(.merge, #"{"metadata":{"managedFields":[{}]}}"#, live: live)
        #expect(cleared.object.metadata["managedFields"] == nil)
        #expect(cleared.effect == .changed)
        let kept = try Stage().patch(.merge, #"{"metadata":{"managedFields":[]}}"#, live: live)
        #expect(kept.object == live)
        #expect(kept.effect == .unchanged)
    }

    @Test func `what nobody owned belongs to who was there before`() throws {
        var live = try Stage().stored(Stage.lease("ssa", spec: Self.one))
        live = try Stage().patch(.merge, #"{"metadata":{"managedFields":[{}]}}"#, live: live).object
        #expect(
            refused { () throws(Refusal) in
                try Self.stage("mgr").apply("ssa", Self.configuration(Self.two), live: live)
            }
                == #"409 Conflict: Apply failed with 1 conflict: conflict with "before-first-apply" using coordination.k8s.io/v1: .spec.holderIdentity"#
        )
    }

    @Test func `kubectl passes from its annotation to applying on the server`() throws {
        var stage = Self.stage("kubectl-client-side-apply")
        let annotation =
            #"{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":{\"name\":\"ssa\"},\"spec\":\#(Self.one.replacing("\"", with: "\\\""))}\n"#
        let live = try stage.stored(
            Self.configuration(
                Self.one,
                metadata:
                    #""name":"ssa","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"\#(annotation)"}"#
            ))
        stage.manager = "other"
        #expect(
            refused { () throws(Refusal) in try stage.apply("ssa", Self.configuration(Self.two), live: live) }
                .hasPrefix("409 Conflict: Apply failed with 1 conflict"))
        stage.manager = "kubectl"
        let object = try stage.apply("ssa", Self.configuration(Self.two), live: live).object
        #expect(object["spec"]?["holderIdentity"] == .string("two"))
        #expect(
            object.metadata["annotations"]?["kubectl.kubernetes.io/last-applied-configuration"]?.string
                == Self.configuration(Self.two) + "\n")
    }

    @Test func `a client may write who owns what, as kubectl does when it passes on`() throws {
        let live = try Stage().stored(Stage.lease("ssa", spec: Self.one))
        let patch =
            #"[{"op":"replace","path":"/metadata/managedFields","value":[{"manager":"kubectl","operation":"Apply","apiVersion":"coordination.k8s.io/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:holderIdentity":{}}}}]},{"op":"replace","path":"/metadata/resourceVersion","value":"886"}]"#
        let object = try Stage().patch(.json, patch, live: live).object
        #expect(Self.owned(object) == [#"kubectl Apply {"f:spec":{"f:holderIdentity":{}}}"#])
        // What can't be read as such leaves it as it was.
        let bad =
            #"[{"op":"replace","path":"/metadata/managedFields","value":[{"manager":"m","operation":"Steal"}]}]"#
        #expect(try Stage().patch(.json, bad, live: live).object == live)
    }

    @Test(arguments: 0..<60 as Range<UInt64>) func `applying twice is as applying once`(seed: UInt64) throws {
        var dice = Dice(seed: seed)
        var live: JSON?
        for step in 1...12 {
            let stage = Self.stage(["kubectl", "b", "c"].randomElement(using: &dice)!)
            let configuration = Self.configuration(
                Self.spec(&dice), metadata: #""name":"ssa","labels":\#(Self.labels(&dice))"#)
            let once = try stage.apply("ssa", configuration, force: true, live: live)
            let stored = Stage.version(once.object, step)
            let twice = try stage.apply("ssa", configuration, force: true, live: stored)
            #expect(twice.effect == .unchanged)
            // All that is named is there, and everything that is there is owned by somebody.
            let named = FieldSet.named(in: json(configuration), ObjectKind.lease.structure)
            let present = FieldSet.named(in: stored, ObjectKind.lease.structure)
            // An empty container is there, or has been filled by others.
            let emptied = FieldSet(json(#"{"f:metadata":{"f:labels":{}},"f:spec":{}}"#))!
            #expect(named.subtracting(present).subtracting(emptied).isEmpty)
            let owned = ManagedFields(stored.metadata["managedFields"])!.entries
                .reduce(FieldSet()) { $0.union($1.fields) }
            #expect(present.subtracting(owned).subtracting(emptied).isEmpty)
            live = stored
        }
    }

    private static func spec(_ dice: inout Dice) -> String {
        var members: [String] = []
        if Bool.random(using: &dice) {
            members.append(#""holderIdentity":"h\#(Int.random(in: 0..<3, using: &dice))""#)
        }
        if Bool.random(using: &dice) {
            members.append(#""leaseDurationSeconds":\#(Int.random(in: 1..<4, using: &dice))"#)
        }
        if Bool.random(using: &dice) {
            members.append(#""leaseTransitions":\#(Int.random(in: 0..<3, using: &dice))"#)
        }
        return "{\(members.joined(separator: ","))}"
    }

    private static func labels(_ dice: inout Dice) -> String {
        let members = ["x", "y", "z"].filter { _ in Bool.random(using: &dice) }
            .map { #""\#($0)":"\#(Int.random(in: 0..<3, using: &dice))""# }
        return "{\(members.joined(separator: ","))}"
    }
}
