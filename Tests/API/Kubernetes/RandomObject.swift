import JSON

/// Makes objects as JSON of a real server shows them: nothing in them is empty that would be left out.
struct RandomObject {
    var dice: Dice

    mutating func metadata() -> JSON {
        var members: [JSONMember] = []
        for name in ["name", "generateName", "namespace", "selfLink", "uid", "resourceVersion"] where chance()
        {
            members.append(JSONMember(name, .string(text())))
        }
        if chance() {
            members.append(JSONMember("generation", .number(Int64.random(in: 1...9, using: &dice))))
        }
        if chance() { members.append(JSONMember("creationTimestamp", time(isMicro: false))) }
        if chance() { members.append(JSONMember("deletionTimestamp", time(isMicro: false))) }
        if chance() { members.append(JSONMember("deletionGracePeriodSeconds", number())) }
        if chance() { members.append(JSONMember("labels", map())) }
        if chance() { members.append(JSONMember("annotations", map())) }
        if chance() { members.append(JSONMember("ownerReferences", list { $0.owner() })) }
        if chance() { members.append(JSONMember("finalizers", list { .string($0.text()) })) }
        if chance() { members.append(JSONMember("managedFields", list { $0.managed() })) }
        return .object(members)
    }

    mutating func leaseSpec() -> JSON {
        var members: [JSONMember] = []
        if chance() { members.append(JSONMember("holderIdentity", .string(chance() ? "" : text()))) }
        if chance() { members.append(JSONMember("leaseDurationSeconds", number())) }
        if chance() { members.append(JSONMember("acquireTime", time(isMicro: true))) }
        if chance() { members.append(JSONMember("renewTime", time(isMicro: true))) }
        if chance() { members.append(JSONMember("leaseTransitions", number())) }
        if chance() { members.append(JSONMember("strategy", .string(text()))) }
        if chance() { members.append(JSONMember("preferredHolder", .string(text()))) }
        return .object(members)
    }

    private mutating func owner() -> JSON {
        var members = ["apiVersion", "kind", "name", "uid"].map {
            JSONMember($0, .string(chance() ? "" : text()))
        }
        for name in ["controller", "blockOwnerDeletion"] where chance() {
            members.append(JSONMember(name, .bool(chance())))
        }
        return .object(members)
    }

    private mutating func managed() -> JSON {
        var members: [JSONMember] = []
        for name in ["manager", "operation", "apiVersion"] where chance() {
            members.append(JSONMember(name, .string(text())))
        }
        if chance() { members.append(JSONMember("time", time(isMicro: false))) }
        if chance() { members.append(JSONMember("fieldsType", "FieldsV1")) }
        if chance() { members.append(JSONMember("fieldsV1", ["f:spec": ["f:\(text())": [:]]])) }
        if chance() { members.append(JSONMember("subresource", "status")) }
        return .object(members)
    }

    private mutating func chance() -> Bool { Bool.random(using: &dice) }

    private mutating func number() -> JSON {
        .number([0, 1, -1, 127, 128, Int64(Int32.max), Int64(Int32.min)].randomElement(using: &dice)!)
    }

    private mutating func text() -> String {
        let characters: [Character] = ["a", "7", "-", "/", "é", "\u{1F600}", "\"", "\n", "."]
        return String(
            (0...Int.random(in: 0..<150, using: &dice)).map { _ in characters.randomElement(using: &dice)! })
    }

    private mutating func map() -> JSON {
        var map: [String: String] = [:]
        for _ in 0...Int.random(in: 0..<4, using: &dice) { map[text()] = chance() ? "" : text() }
        return .strings(map)
    }

    private mutating func list(_ item: (inout RandomObject) -> JSON) -> JSON {
        .array((0...Int.random(in: 0..<3, using: &dice)).map { _ in item(&self) })
    }

    /// Of any year that has four digits, but for the very first moment, which is no time.
    private mutating func time(isMicro: Bool) -> JSON {
        func two(_ range: ClosedRange<Int>) -> String {
            let number = Int.random(in: range, using: &dice)
            return number < 10 ? "0\(number)" : "\(number)"
        }
        let date = "\(two(0...99))\(two(1...99))-\(two(1...12))-\(two(1...28))"
        let time = "\(two(0...23)):\(two(0...59)):\(two(1...59))"
        let decimals = isMicro ? ".\(two(0...99))\(two(0...99))\(two(0...99))" : ""
        return .string("\(date)T\(time)\(decimals)Z")
    }
}
