/// A request as the routes see it: decoded by the wire, of no particular transport.
public struct APIRequest: Sendable {
    /// As it was sent; methods are case-sensitive.
    public var method: String
    /// Percent-decoded. "/v1/status" is ["v1", "status"].
    public var path: [String]
    /// Decoded, in order; the same name may come twice.
    public var query: [(name: String, value: String)]
    /// The `Accept` field; several of them joined by ", ".
    public var accept: String?
    public var contentType: String?
    /// Only the Kubernetes face looks at these two: it indents for people, and has documents that stay.
    public var userAgent: String?
    public var ifNoneMatch: String?
    public var body: [UInt8]

    public init(
        method: String, path: [String], query: [(name: String, value: String)] = [], accept: String? = nil,
        contentType: String? = nil, userAgent: String? = nil, ifNoneMatch: String? = nil, body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.accept = accept
        self.contentType = contentType
        self.userAgent = userAgent
        self.ifNoneMatch = ifNoneMatch
        self.body = body
    }
}
