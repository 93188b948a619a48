/// Whole values as text.
extension JSON {
    /// On one line, with no white space.
    public var text: String {
        var writer = JSONWriter(capacity: 0)
        writer.value(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// For people: indented by two, without a line feed at the end.
    public var prettyText: String {
        var writer = JSONWriter()
        writer.pretty(self, depth: 0)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

extension JSONWriter {
    fileprivate mutating func pretty(_ json: JSON, depth: Int) {
        switch json {
        case .null: raw("null")
        case .bool(let flag): raw(flag ? "true" : "false")
        case .number(let number): bytes.append(contentsOf: number.text.utf8)
        case .string(let text): quote(text)
        case .array(let items):
            lines("[", items, "]", depth) { $0.pretty($1, depth: depth + 1) }
        case .object(let members):
            lines("{", members, "}", depth) { writer, member in
                writer.quote(member.name)
                writer.raw(": ")
                writer.pretty(member.value, depth: depth + 1)
            }
        }
    }

    private mutating func lines<Item>(
        _ open: StaticString, _ items: [Item], _ close: StaticString, _ depth: Int,
        each: (inout JSONWriter, Item) -> Void
    ) {
        raw(open)
        for (index, item) in items.enumerated() {
            if index > 0 { raw(",") }
            lineBreak(depth + 1)
            each(&self, item)
        }
        if !items.isEmpty { lineBreak(depth) }
        raw(close)
    }

    private mutating func lineBreak(_ depth: Int) {
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
    }
}
