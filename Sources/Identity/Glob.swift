/// A pattern for the whole of a namespace's name: `*` stands for any characters, also none.
public struct Glob: Hashable, Sendable, CustomStringConvertible {
    private let wildcard: Wildcard
    public var description: String { wildcard.description }

    /// nil unless it could match a namespace: lower-case letters, digits, `-` and `*`.
    public init?(_ pattern: String) {
        let permitted = pattern.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "*"):
                true
            default: false
            }
        }
        // A label of DNS, RFC 1123: 63 at the most.
        guard permitted, !pattern.isEmpty, pattern.utf8.count <= 63 else { return nil }
        wildcard = Wildcard(pattern)
    }

    public func matches(_ text: String) -> Bool { wildcard.matches(text) }
}
