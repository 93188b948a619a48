/// Handshakes so far.
public struct TLSCounters: Sendable {
    /// By the version that was agreed on.
    public internal(set) var full: [TLSContext.Version: Int] = [:]
    public internal(set) var resumed: [TLSContext.Version: Int] = [:]
    public internal(set) var refused = 0
    public internal(set) var plainHTTP = 0
    public internal(set) var cutOff = 0
    public internal(set) var timedOut = 0
    /// Of the certificate that new connections are shown: seconds since 1970; nil without TLS.
    public internal(set) var certificateNotAfter: Int64?

    mutating func completed(_ version: TLSContext.Version, resumed isResumed: Bool) {
        if isResumed { resumed[version, default: 0] += 1 } else { full[version, default: 0] += 1 }
    }

    mutating func failed(_ failure: HandshakeFailure) {
        switch failure {
        case .refused: refused += 1
        case .plainHTTP: plainHTTP += 1
        case .cutOff: cutOff += 1
        case .timedOut: timedOut += 1
        }
    }
}

/// Why a connection came to nothing before its first request.
public enum HandshakeFailure: Equatable, Sendable {
    /// The two have nothing in common, or one refused the other's certificate: in OpenSSL's words.
    case refused(String)
    /// HTTP without TLS. It is told so with 400.
    case plainHTTP
    /// The peer went.
    case cutOff
    case timedOut

    /// For people.
    public var reason: String {
        switch self {
        case .refused(let words): words
        case .plainHTTP: "HTTP without TLS"
        case .cutOff: "the peer went"
        case .timedOut: "it took too long"
        }
    }
}
