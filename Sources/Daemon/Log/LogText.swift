/// Text of others in a log. Paths, identities and fields come from whoever can reach the daemon: they
/// must not end a line, begin another, or tell a terminal to do something.
enum LogText {
    /// What a value of `key=value` looks like: as it is if nobody can take it for something else, else
    /// in quotes, with `\"`, `\\` and `\u{1b}`.
    static func value(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { isPlainByte($0) }
        return isPlain ? text : "\"\(escaped(text, quotes: true))\""
    }

    /// A message: no quotes around it, and nothing in it that acts.
    static func escaped(_ text: String, quotes: Bool = false) -> String {
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) && !(quotes && ($0 == 0x22 || $0 == 0x5C)) }) {
            return text
        }
        var shown = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"" where quotes, "\\" where quotes:
                shown += "\\"
                shown.unicodeScalars.append(scalar)
            case _ where isActive(scalar): shown += "\\u{\(String(scalar.value, radix: 16))}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    /// A line of JSON, which has the controls up to U+001F escaped already, with the rest escaped, too.
    /// All of these are in strings.
    static func escapedJSON(_ line: [UInt8]) -> [UInt8] {
        if line.allSatisfy({ $0 < 0x7F }) { return line }
        var out: [UInt8] = []
        for scalar in String(decoding: line, as: UTF8.self).unicodeScalars {
            if isActive(scalar) {
                let digits = String(scalar.value, radix: 16)
                out += Array("\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
            } else {
                out += Array(UTF8.encode(scalar)!)
            }
        }
        return out
    }

    private static func isPlainByte(_ byte: UInt8) -> Bool {
        (0x21..<0x7F).contains(byte) && byte != 0x22 && byte != 0x3D && byte != 0x5C
    }

    /// C0, DEL and C1 (which begin a terminal's commands), Unicode's line ends, and what turns the
    /// direction of the text around it. All are below U+10000.
    private static func isActive(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069, 0x200E, 0x200F, 0x061C, 0xFEFF: true
        default: false
        }
    }
}
