/// A pattern for whole strings: `*` stands for any characters, `?` for one.
public enum Pattern {
    public static func matches(_ text: String, _ pattern: String) -> Bool {
        let text = Array(text.unicodeScalars)
        let pattern = Array(pattern.unicodeScalars)
        var (at, mark) = (0, 0)
        var star: Int?
        var position = 0
        while position < text.count {
            if at < pattern.count, pattern[at] == "*" {
                star = at
                mark = position
                at += 1
            } else if at < pattern.count, pattern[at] == "?" || pattern[at] == text[position] {
                at += 1
                position += 1
            } else if let last = star {
                // The last star takes one more.
                mark += 1
                at = last + 1
                position = mark
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == "*" }
    }
}
