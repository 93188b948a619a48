/// The peer broke the grammar or a limit.
///
/// Where the next request would begin is unknown after any of these. Answer with `status`, if at
/// all, then close: whoever reads on is who gets smuggled to.
public struct WireError: Error, Equatable, Sendable {
    /// 400, 411, 413, 414, 417, 431, 501 or 505.
    public let status: Int
    /// One line for a person: what was wrong and, where it helps, what would be right.
    public let detail: String

    public init(status: Int, detail: String) {
        self.status = status
        self.detail = detail
    }

    static func bad(_ detail: String) -> WireError { WireError(status: 400, detail: detail) }

    // Those that are made in more than one place.
    static var bodyTooLarge: WireError {
        WireError(status: 413, detail: "the body is larger than this server accepts")
    }
    static var targetTooLong: WireError {
        WireError(status: 414, detail: "the request target is longer than this server accepts")
    }
    static var headTooLarge: WireError {
        WireError(status: 431, detail: "the request head is larger than this server accepts")
    }
    static var tooManyFields: WireError {
        WireError(status: 431, detail: "the request has more header fields than this server accepts")
    }
    static var bareLineFeed: WireError { .bad("a line ends in LF without CR") }
}
