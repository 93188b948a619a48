/// A pattern for the whole of a namespace's name: `*` stands for any characters, also none.
public struct Glob: Hashable, Sendable, CustomStringConvertible {
    public let description: String

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
        description = pattern
    }

    public func matches(_ text: String) -> Bool {
        let text = Array(text.utf8)
        let pattern = Array(description.utf8)
        var (position, at) = (0, 0)
        // Where the last star is, and up to where it has taken characters.
        var star: (at: Int, taken: Int)?
        while position < text.count {
            if at < pattern.count, pattern[at] == UInt8(ascii: "*") {
                star = (at, position)
                at += 1
            } else if at < pattern.count, pattern[at] == text[position] {
                at += 1
                position += 1
            } else if let last = star {
                star = (last.at, last.taken + 1)
                at = last.at + 1
                position = last.taken + 1
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
