import JSON

/// An answer: what the wire has to write. Content-Length, Date and Connection are the wire's.
public struct APIResponse: Hashable, Sendable {
    public struct Header: Hashable, Sendable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }

        static let json = Header("Content-Type", "application/json")
        static let problem = Header("Content-Type", "application/problem+json")
        static let ndjson = Header("Content-Type", "application/x-ndjson")
        static let text = Header("Content-Type", "text/plain; charset=utf-8")
        /// Who holds what is true for moments; a cache must not repeat it.
        static let noStore = Header("Cache-Control", "no-store")
        /// A proxy that compresses would also gather lines.
        static let noTransform = Header("Cache-Control", "no-store, no-transform")
        /// nginx gathers an answer before it passes it on, unless told.
        static let unbuffered = Header("X-Accel-Buffering", "no")

        /// RFC 9110 §10.2.3: whole seconds.
        static func retryAfter(_ seconds: Int) -> Header { Header("Retry-After", String(seconds)) }
    }

    public var status: Int
    public var headers: [Header]
    public var body: [UInt8]
    /// What kind of problem it tells of; nil: of none.
    public var problem: Problem.Kind?

    public init(status: Int, headers: [Header], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The value of the field of exactly that name.
    public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    static func json(
        status: Int = 200, _ more: [Header] = [], _ members: (inout JSONWriter) -> Void
    ) -> APIResponse {
        var writer = JSONWriter()
        writer.object(members)
        return APIResponse(status: status, headers: [.json, .noStore] + more, body: writer.bytes)
    }

    static func text(status: Int = 200, _ text: String) -> APIResponse {
        APIResponse(status: status, headers: [.text, .noStore], body: Array(text.utf8))
    }
}
