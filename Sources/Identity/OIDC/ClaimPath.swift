import JSON

/// Names one claim: names parted by dots, from the outside in. A dot within a name has a backslash before
/// it, as kubectl's JSONPath has it: `kubernetes\.io.namespace`. A backslash itself is written twice.
public struct ClaimPath: Hashable, Sendable, CustomStringConvertible {
    public let description: String
    let names: [String]

    /// Nil if a name is empty, or a backslash stands before anything else.
    public init?(_ text: String) {
        var names = [""]
        var characters = text.unicodeScalars.makeIterator()
        while let character = characters.next() {
            switch character {
            case ".": names.append("")
            case "\\":
                guard let next = characters.next(), next == "." || next == "\\" else { return nil }
                names[names.count - 1].unicodeScalars.append(next)
            default: names[names.count - 1].unicodeScalars.append(character)
            }
        }
        guard !names.contains("") else { return nil }
        description = text
        self.names = names
    }

    /// Nil if it isn't there.
    func value(in claims: Claims) -> JSON? {
        var value: JSON? = claims.json
        for name in names { value = value?[name] }
        return value
    }
}
