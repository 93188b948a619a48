/// Values made from what a program has at hand.
extension JSON {
    public typealias Member = JSONMember

    /// The members whose value is there, in this order. No name may come twice.
    public static func object(_ members: KeyValuePairs<String, JSON?>) -> JSON {
        .object(members.compactMap { name, value in value.map { JSONMember(name, $0) } })
    }

    public static func number(_ value: Int64) -> JSON { .number(JSONNumber(value)) }

    /// - Precondition: `value` is finite; JSON has no other numbers.
    public static func number(_ value: Double) -> JSON {
        precondition(value.isFinite, "JSON has finite numbers only")
        let isWhole = value == value.rounded() && value.magnitude < 1e15
        return isWhole ? .number(Int64(value)) : .number(JSONNumber(checked: "\(value)"))
    }

    /// An object in the order of its keys, so that the same map is always the same text.
    public static func strings(_ map: [String: String]) -> JSON {
        .object(map.sorted { $0.key < $1.key }.map { JSONMember($0.key, .string($0.value)) })
    }

    /// The members that are strings.
    public var stringMap: [String: String] {
        let pairs = (members ?? []).compactMap { member in member.value.string.map { (member.name, $0) } }
        return Dictionary(uniqueKeysWithValues: pairs)
    }
}
