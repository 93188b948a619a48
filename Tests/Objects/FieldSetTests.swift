import JSON
import Testing

@testable import Objects

struct FieldSetTests {
    static func set(_ dice: inout Dice, depth: Int = 3) -> FieldSet {
        var set = FieldSet()
        for name in ["f:a", "f:b", "f:c", #"k:{"uid":"u"}"#, #"v:"x""#] where Bool.random(using: &dice) {
            let below =
                depth > 0 && Bool.random(using: &dice) ? Self.set(&dice, depth: depth - 1) : FieldSet()
            set.append(FieldSet.Node(name, isMember: Bool.random(using: &dice), below: below))
        }
        return set
    }

    @Test(arguments: 0..<100 as Range<UInt64>) func `sets of fields obey the laws of sets`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let (a, b, c) = (Self.set(&dice), Self.set(&dice), Self.set(&dice))
        #expect(a.union(b) == b.union(a))
        #expect(a.union(b).union(c) == a.union(b.union(c)))
        #expect(a.intersection(b) == b.intersection(a))
        #expect(a.union(a) == a)
        #expect(a.intersection(a) == a)
        #expect(a.subtracting(a).isEmpty)
        #expect(a.subtracting(b).intersection(b).isEmpty)
        #expect(a.subtracting(b).union(a.intersection(b)) == a)
        #expect(a.subtracting(b.union(c)) == a.subtracting(b).subtracting(c))
        #expect(a.intersection(b.union(c)) == a.intersection(b).union(a.intersection(c)))
    }

    @Test(arguments: 0..<100 as Range<UInt64>) func `they are the sets of their paths`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let (a, b) = (Self.set(&dice), Self.set(&dice))
        #expect(Set(a.union(b).paths) == Set(a.paths).union(b.paths))
        #expect(Set(a.intersection(b).paths) == Set(a.paths).intersection(b.paths))
        #expect(Set(a.subtracting(b).paths) == Set(a.paths).subtracting(b.paths))
    }

    @Test(arguments: 0..<100 as Range<UInt64>) func `a set written is read back`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let set = Self.set(&dice)
        #expect(FieldSet(set.json) == set)
    }

    @Test func `elements come in any order, and twice`() {
        let set = FieldSet(json(#"{"f:b":{},"f:a":{"f:x":{},".":{}}}"#))
        #expect(set?.json.text == #"{"f:a":{".":{},"f:x":{}},"f:b":{}}"#)
        let members = [JSONMember("f:a", json(#"{"f:x":{}}"#)), JSONMember("f:a", json(#"{"f:y":{}}"#))]
        #expect(FieldSet(.object(members))?.json.text == #"{"f:a":{"f:x":{},"f:y":{}}}"#)
    }

    @Test(arguments: ["[]", #"{"a":{}}"#, #"{"x:a":{}}"#, #"{"f:a":1}"#, #"{"f:a":{"b":{}}}"#])
    func `what is no set of fields isn't read as one`(text: String) {
        #expect(FieldSet(json(text)) == nil)
    }

    @Test func `paths are shown as the reference shows them`() {
        let set = FieldSet(
            json(
                #"{"f:metadata":{"f:finalizers":{"v:\"a/b\"":{}},"f:ownerReferences":{"k:{\"uid\":\"u\"}":{".":{},"f:name":{}}}}}"#
            ))
        #expect(
            set?.paths == [
                #".metadata.finalizers[="a/b"]"#, #".metadata.ownerReferences[uid="u"]"#,
                #".metadata.ownerReferences[uid="u"].name"#,
            ])
    }

    @Test func `what is compared is told as added, modified and removed`() {
        let structure = ObjectKind.lease.structure
        let changes = Comparison(
            from: json(
                #"{"metadata":{"labels":{"a":"1"},"finalizers":["x"]},"spec":{"holderIdentity":"h","leaseTransitions":1}}"#
            ),
            to: json(
                #"{"metadata":{"labels":{"a":"2","b":"1"}},"spec":{"holderIdentity":"h","leaseDurationSeconds":1}}"#
            ),
            structure)
        #expect(changes.added.paths == [".metadata.labels.b", ".spec.leaseDurationSeconds"])
        #expect(changes.modified.paths == [".metadata.labels.a"])
        #expect(
            changes.removed.paths
                == [".metadata.finalizers", #".metadata.finalizers[="x"]"#, ".spec.leaseTransitions"])
    }
}
