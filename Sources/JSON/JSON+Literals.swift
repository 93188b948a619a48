/// So that what is always the same can be written down as it will be read.
extension JSON: ExpressibleByStringInterpolation, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int64) { self = .number(JSONNumber(value)) }
    public init(arrayLiteral items: JSON...) { self = .array(items) }

    /// In the order in which they are written. No name may come twice.
    public init(dictionaryLiteral members: (String, JSON)...) {
        self = .object(members.map { JSONMember($0.0, $0.1) })
    }

    public init(_ texts: [String]) { self = .array(texts.map { .string($0) }) }

    /// This object with a member more, if there is a value.
    public func with(_ name: String, _ value: JSON?) -> JSON {
        guard case .object(let members) = self, let value else { return self }
        return .object(members + [JSONMember(name, value)])
    }
}
