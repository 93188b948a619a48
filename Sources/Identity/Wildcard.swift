/// A pattern for the whole of a text: `*` stands for any characters, also none; all others for themselves.
public struct Wildcard: Hashable, Sendable, CustomStringConvertible {
    public let description: String
    private let pattern: [UInt8]
    /// Characters that no star stands for.
    private let barriers: [UInt8]

    public init(_ pattern: String, barriers: [UInt8] = []) {
        description = pattern
        self.pattern = Array(pattern.utf8)
        self.barriers = barriers
    }

    /// In time that doesn't grow with the number of stars: only the last one ever takes more.
    public func matches(_ text: String) -> Bool {
        let text = Array(text.utf8)
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
            } else if let last = star, !barriers.contains(text[last.taken]) {
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
