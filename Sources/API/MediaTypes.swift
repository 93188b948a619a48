import JSON

/// The form in which an answer goes out.
public enum AnswerFormat: Hashable, Sendable {
    /// One JSON object.
    case plain
    /// A line of JSON at a time, for as long as the request waits.
    case ndjson
}

/// Content negotiation, RFC 9110 §12.5.1: of the little that there is to choose from.
enum MediaTypes {
    static let json = "application/json"
    static let ndjson = "application/x-ndjson"

    /// The format that `accept` prefers; nil if none will do. A client that names the stream at all
    /// gets it, unless it ranks JSON higher: wildcards stand for JSON.
    static func format(accept: String?, streams: Bool) -> AnswerFormat? {
        guard let accept, !accept.isEmpty else { return .plain }
        // What nearly every client sends, before anything is taken apart.
        if accept == "*/*" || accept == json { return .plain }
        if accept == ndjson { return streams ? .ndjson : nil }
        let ranges = accept.split(separator: ",").map(range)
        let plain = quality(of: json, in: ranges)
        if streams, ranges.contains(where: { $0.type == ndjson }) {
            let stream = quality(of: ndjson, in: ranges)
            if stream > 0, stream >= plain { return .ndjson }
        }
        return plain > 0 ? .plain : nil
    }

    /// Whether a body of this `Content-Type` is read as JSON. A missing one is taken as JSON.
    static func isJSON(_ contentType: String?) -> Bool {
        guard let contentType, contentType != json else { return true }
        let parts = contentType.split(separator: ";", omittingEmptySubsequences: false).map(trimmed)
        guard parts[0] == json else { return false }
        // RFC 8259 §8.1: it is UTF-8, whatever else is said.
        return parts.dropFirst().allSatisfy {
            !$0.hasPrefix("charset=") || $0 == "charset=utf-8" || $0 == "charset=\"utf-8\""
        }
    }

    /// One entry of `Accept`: its type, and its weight in thousandths.
    private static func range(_ text: Substring) -> (type: String, quality: Int) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false).map(trimmed)
        let weight = parts.dropFirst().first { $0.hasPrefix("q=") }
        return (parts.first ?? "", weight.map { quality($0.dropFirst(2)) } ?? 1000)
    }

    /// "0", "1" and up to three decimals; what is malformed counts as 0.
    static func quality(_ text: some StringProtocol) -> Int {
        let bytes = Array(text.utf8)
        guard (1...5).contains(bytes.count), bytes[0] &- UInt8(ascii: "0") < 2,
            bytes.count == 1 || bytes[1] == UInt8(ascii: "."),
            bytes.dropFirst(2).allSatisfy({ $0 &- UInt8(ascii: "0") < 10 })
        else { return 0 }
        var value = Int(bytes[0] - UInt8(ascii: "0"))
        for index in 2..<5 { value = value * 10 + (index < bytes.count ? Int(bytes[index] - 48) : 0) }
        return min(value, 1000)
    }

    /// RFC 9110 §12.5.1: the most specific range decides.
    private static func quality(of type: String, in ranges: [(type: String, quality: Int)]) -> Int {
        for candidate in [type, "application/*", "*/*"] {
            if let range = ranges.first(where: { $0.type == candidate }) { return range.quality }
        }
        return 0
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text.lowercased()
    }
}
