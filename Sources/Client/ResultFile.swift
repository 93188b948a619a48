/// The grammar of what a command writes into `$BATON_RESULT`, and of how a result is
/// handed to others: a line `key=value`, or for a value of several lines
///
///     key<<DELIMITER
///     …
///     DELIMITER
///
/// as GitHub Actions has it. Keys are `[A-Za-z_][A-Za-z0-9_-]*`; a value is all that
/// follows the first `=`, spaces included. Empty lines are passed over. A key that comes
/// twice, and anything else, is an error: a result half understood is worse than none.
public enum ResultFile {
    /// Of all keys and values. The server's own limit is the same.
    public static let bytesMax = 65_536

    public struct Malformed: Error, Equatable, Sendable {
        /// From 1; 0 for the whole file.
        public let line: Int
        public let text: String

        public init(line: Int, _ text: String) {
            self.line = line
            self.text = text
        }

        public var description: String { line == 0 ? text : "line \(line): \(text)" }
    }

    public static func parse(_ bytes: [UInt8]) throws(Malformed) -> [String: String] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Malformed(line: 0, "it isn't UTF-8")
        }
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)[...]
        var result: [String: String] = [:]
        var number = 0
        while let line = lines.popFirst() {
            number += 1
            let line = String(line.last == "\r" ? line.dropLast() : line)
            if line.isEmpty { continue }
            let start = number
            let (key, value) = try pair(line, &lines, &number)
            guard result.updateValue(value, forKey: key) == nil else {
                throw Malformed(line: start, "the key '\(key)' comes twice")
            }
        }
        let bytes = result.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        guard bytes <= bytesMax else {
            throw Malformed(line: 0, "it has \(bytes) bytes, and \(bytesMax) are allowed")
        }
        return result
    }

    private static func pair(
        _ line: String, _ rest: inout ArraySlice<String.UnicodeScalarView.SubSequence>, _ number: inout Int
    ) throws(Malformed) -> (String, String) {
        let sign = line.utf8.firstIndex(of: UInt8(ascii: "="))
        let marks = line.firstRange(of: "<<")
        if let marks, sign.map({ marks.lowerBound < $0 }) ?? true {
            let key = try checked(line[..<marks.lowerBound], number)
            return (key, try lines(until: String(line[marks.upperBound...]), &rest, &number))
        }
        guard let sign else {
            throw Malformed(line: number, "there is no '=' in '\(line.prefix(40))'; key=value is expected")
        }
        return (try checked(line[..<sign], number), String(line[line.utf8.index(after: sign)...]))
    }

    private static func lines(
        until delimiter: String, _ rest: inout ArraySlice<String.UnicodeScalarView.SubSequence>,
        _ number: inout Int
    ) throws(Malformed) -> String {
        let start = number
        if delimiter.isEmpty { throw Malformed(line: start, "no delimiter stands after '<<'") }
        var value: [String] = []
        while let line = rest.popFirst() {
            number += 1
            if String(line) == delimiter { return value.joined(separator: "\n") }
            value.append(String(line))
        }
        throw Malformed(line: start, "the delimiter '\(delimiter)' doesn't come again")
    }

    private static func checked(_ key: some StringProtocol, _ line: Int) throws(Malformed) -> String {
        guard isKey(key) else {
            throw Malformed(
                line: line, "'\(key.prefix(40))' can't be a key; [A-Za-z_][A-Za-z0-9_-]* is expected")
        }
        return String(key)
    }

    /// The environment variable for a key: `BATON_RESULT_DIGEST` for `digest`. A server
    /// may have keys from other clients: what no variable can have becomes `_`.
    public static func variable(_ key: String) -> String {
        "BATON_RESULT_"
            + String(
                decoding: key.uppercased().utf8.map { isLetter($0) || (48...57).contains($0) ? $0 : 0x5f },
                as: UTF8.self)
    }

    public static func isKey(_ text: some StringProtocol) -> Bool {
        guard let first = text.utf8.first, isLetter(first) else { return false }
        return text.utf8.allSatisfy { isLetter($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (65...90).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "_")
    }

    // MARK: Writing

    /// In the order of the keys. The delimiter is random, so that no value can end
    /// its own text and begin another key.
    public static func text(
        _ result: [String: String], delimiter: () -> String = { Random.delimiter() }
    ) -> String {
        result.sorted { $0.key < $1.key }.map { key, value in
            // The one form that can carry every value; short ones are read by people.
            let hasBreak = value.unicodeScalars.contains { $0 == "\n" || $0 == "\r" }
            guard hasBreak else { return "\(key)=\(value)\n" }
            return heredoc(key, value, delimiter)
        }.joined()
    }

    /// All in the heredoc form, for $GITHUB_OUTPUT.
    public static func heredocs(
        _ result: [String: String], delimiter: () -> String = { Random.delimiter() }
    ) -> String {
        result.sorted { $0.key < $1.key }.map { heredoc($0.key, $0.value, delimiter) }.joined()
    }

    private static func heredoc(_ key: String, _ value: String, _ delimiter: () -> String) -> String {
        var end = delimiter()
        while value.contains(end) { end = delimiter() }
        return "\(key)<<\(end)\n\(value)\n\(end)\n"
    }
}
