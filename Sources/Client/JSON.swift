/// A JSON value. RFC 8259. Members keep their order; numbers keep their digits,
/// so that what the server said is printed as it was said.
public enum JSON: Equatable, Sendable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    public struct Member: Equatable, Sendable {
        public var name: String
        public var value: JSON

        public init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// The members whose value is there, in this order.
    public static func object(_ members: KeyValuePairs<String, JSON?>) -> JSON {
        .object(members.compactMap { name, value in value.map { Member(name, $0) } })
    }

    public static func number(_ value: Int64) -> JSON { .number(String(value)) }
    public static func number(_ value: Double) -> JSON {
        value == value.rounded() && value.magnitude < 1e15 ? .number(Int64(value)) : .number("\(value)")
    }
    /// In the order of their keys, so that output can be compared.
    public static func strings(_ map: [String: String]) -> JSON {
        .object(map.sorted { $0.key < $1.key }.map { Member($0.key, .string($0.value)) })
    }

    public subscript(_ name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    public var string: String? { if case .string(let text) = self { text } else { nil } }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var double: Double? { if case .number(let digits) = self { Double(digits) } else { nil } }
    public var integer: Int64? {
        guard case .number(let digits) = self else { return nil }
        return Int64(digits) ?? Double(digits).flatMap { Int64(exactly: $0) }
    }
    public var array: [JSON]? { if case .array(let items) = self { items } else { nil } }
    public var members: [Member]? { if case .object(let members) = self { members } else { nil } }
    /// The members that are strings.
    public var stringMap: [String: String] {
        let pairs = (members ?? []).compactMap { member in member.value.string.map { (member.name, $0) } }
        return Dictionary(pairs) { _, last in last }
    }

    // MARK: Writing

    /// On one line.
    public var text: String {
        var out = ""
        write(into: &out, indent: nil)
        return out
    }

    /// Indented by two, without a newline at the end.
    public var prettyText: String {
        var out = ""
        write(into: &out, indent: 0)
        return out
    }

    private func write(into out: inout String, indent: Int?) {
        switch self {
        case .null: out += "null"
        case .bool(let value): out += value ? "true" : "false"
        case .number(let digits): out += digits
        case .string(let text): JSON.quote(text, into: &out)
        case .array(let items):
            JSON.list(items, "[", "]", into: &out, indent: indent) { $0.write(into: &$1, indent: $2) }
        case .object(let members):
            JSON.list(members, "{", "}", into: &out, indent: indent) { member, out, indent in
                JSON.quote(member.name, into: &out)
                out += indent == nil ? ":" : ": "
                member.value.write(into: &out, indent: indent)
            }
        }
    }

    private static func list<Item>(
        _ items: [Item], _ open: String, _ close: String, into out: inout String, indent: Int?,
        each: (Item, inout String, Int?) -> Void
    ) {
        let inner = indent.map { $0 + 1 }
        func lineBreak(_ depth: Int?) { out += depth.map { "\n" + String(repeating: "  ", count: $0) } ?? "" }
        out += open
        for (index, item) in items.enumerated() {
            if index > 0 { out += "," }
            lineBreak(inner)
            each(item, &out, inner)
        }
        if !items.isEmpty { lineBreak(indent) }
        out += close
    }

    static func quote(_ text: String, into out: inout String) {
        out += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case "\0"..<" ", "\u{7f}":
                let code = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - code.count) + code
            default: out.unicodeScalars.append(scalar)
            }
        }
        out += "\""
    }
}
