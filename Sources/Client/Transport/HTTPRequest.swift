import JSON

/// A request of /v1, before it is sent.
public struct HTTPRequest: Equatable, Sendable {
    public var method: String
    /// Begins with a slash; its parts are percent-encoded.
    public var target: String
    public var body: JSON?
    /// Asks for NDJSON: lines as they come, instead of one answer.
    public var streams = false

    public init(
        _ method: String, _ path: [String], query: KeyValuePairs<String, String?> = [:], body: JSON? = nil,
        streams: Bool = false
    ) {
        self.method = method
        let parts = query.compactMap { name, value in value.map { "\(name)=\(Self.encode($0))" } }
        target =
            "/v1" + path.map { "/" + Self.encode($0) }.joined()
            + (parts.isEmpty ? "" : "?" + parts.joined(separator: "&"))
        self.body = body
        self.streams = streams
    }

    /// One more, for names that may come several times.
    public mutating func addQuery(_ name: String, _ value: String) {
        target += (target.contains("?") ? "&" : "?") + "\(name)=\(Self.encode(value))"
    }

    /// RFC 3986 §2.3: all but the unreserved.
    static func encode(_ text: String) -> String {
        var out = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            if scalar.properties.isAlphabetic && byte < 128 || (48...57).contains(byte)
                || "-._~".unicodeScalars.contains(scalar)
            {
                out.unicodeScalars.append(scalar)
            } else {
                let hex = String(byte, radix: 16, uppercase: true)
                out += "%" + (hex.count == 1 ? "0" : "") + hex
            }
        }
        return out
    }
}

/// What came back.
public struct HTTPResponse: Equatable, Sendable {
    public var status: Int
    /// Empty for a stream: its lines were told as they came.
    public var body: [UInt8]
    public var retryAfter: Duration?

    public init(status: Int, body: [UInt8], retryAfter: Duration? = nil) {
        self.status = status
        self.body = body
        self.retryAfter = retryAfter
    }

    public var json: JSON? { try? JSON(parsing: body) }
}

public struct TransportFailure: Error, Equatable, Sendable {
    /// What a person can do something with.
    public var text: String

    public init(text: String) { self.text = text }
}
