import JSON

/// RFC 6901: where something is in a document.
struct JSONPointer {
    var tokens: ArraySlice<String>

    /// Nil: it doesn't begin with a slash, or has a tilde that escapes nothing.
    init?(_ text: String) {
        guard text.isEmpty || text.hasPrefix("/") else { return nil }
        var tokens: [String] = []
        for token in text.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            guard let plain = Self.unescaped(token) else { return nil }
            tokens.append(plain)
        }
        self.tokens = tokens[...]
    }

    /// RFC 6901 §4: first `~1`, then `~0`; here in one pass, which comes to the same.
    private static func unescaped(_ token: Substring) -> String? {
        guard token.contains("~") else { return String(token) }
        var plain = ""
        var rest = token[...]
        while let character = rest.popFirst() {
            guard character == "~" else {
                plain.append(character)
                continue
            }
            switch rest.popFirst() {
            case "0": plain.append("~")
            case "1": plain.append("/")
            default: return nil
            }
        }
        return plain
    }

    func contains(_ other: JSONPointer) -> Bool { other.tokens.starts(with: tokens) }
}

extension JSON {
    /// What a pointer leads to.
    func value(at tokens: ArraySlice<String>) -> JSON? {
        guard let token = tokens.first else { return self }
        let rest = tokens.dropFirst()
        switch self {
        case .object(let members):
            return members.first { $0.name == token }?.value.value(at: rest)
        case .array(let items):
            return JSON.index(token, below: items.count).flatMap { items[$0].value(at: rest) }
        default: return nil
        }
    }

    /// How many members and items there are, at all levels.
    var size: Int {
        switch self {
        case .object(let members): members.reduce(members.count) { $0 + $1.value.size }
        case .array(let items): items.reduce(items.count) { $0 + $1.size }
        default: 0
        }
    }

    /// RFC 6901 §4: digits without a leading zero. - Parameter count: the index is less.
    static func index(_ token: String, below count: Int) -> Int? {
        guard !token.isEmpty, token == "0" || !token.hasPrefix("0"),
            token.utf8.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }), let index = Int(token), index < count
        else { return nil }
        return index
    }

    /// Changes what a pointer leads to. - Returns: false if there is no such place, and nothing changed.
    mutating func change(
        at tokens: ArraySlice<String>, _ body: (inout JSON) -> Bool
    ) -> Bool {
        guard let token = tokens.first else { return body(&self) }
        switch self {
        case .object(var members):
            guard let index = members.index(of: token) else { return false }
            self = .null
            let isChanged = members[index].value.change(at: tokens.dropFirst(), body)
            self = .object(members)
            return isChanged
        case .array(var items):
            guard let index = JSON.index(token, below: items.count) else { return false }
            self = .null
            let isChanged = items[index].change(at: tokens.dropFirst(), body)
            self = .array(items)
            return isChanged
        default: return false
        }
    }
}
