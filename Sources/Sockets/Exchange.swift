import Wire

/// One request and its answer. Never used again, also not after its connection's end.
public struct ExchangeID: Hashable, Sendable {
    /// Counts up from 1 for as long as the server lives.
    public let number: UInt64
    let slot: UInt32

    /// For what was refused before it was a request: nobody's.
    public static let none = ExchangeID(number: 0, slot: 0)

    public func hash(into hasher: inout Hasher) { hasher.combine(number) }
    public static func == (left: ExchangeID, right: ExchangeID) -> Bool { left.number == right.number }
}

/// A whole request.
public struct Request: Sendable {
    public let head: RequestHead
    public let body: [UInt8]

    public init(head: RequestHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }
}

/// A whole answer, as a value.
public struct Answer: Sendable {
    public var status: Int
    public var headers: Headers
    public var body: [UInt8]

    public init(status: Int, headers: Headers = Headers(), body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// What became of bytes given to a peer.
public enum Delivery: Sendable {
    /// The kernel has them, or the backlog. Nobody can know whether the peer read them.
    case sent
    /// The peer was gone before the first byte of them was written.
    case gone
}

/// Why an exchange was lost.
public enum Loss: Sendable {
    /// The peer closed, or its connection was reset or fell silent.
    case closed
    /// It didn't read what it was sent.
    case tooSlow
    /// The server's drain came to its end.
    case drained
}

/// What a daemon does with requests. Everything is called on the loop's queue, and nothing from
/// within a call to the server.
public protocol RequestHandler: AnyObject {
    /// A request is complete. Answer it now or later, by `respond` or `beginStream`.
    func received(_ request: Request, _ exchange: ExchangeID)

    /// The peer is gone before its answer was complete. Called once for each exchange, except for
    /// one whose `respond` returned `.gone`. The exchange is over; the server has closed.
    func peerGone(_ exchange: ExchangeID, _ loss: Loss)

    /// A request with a body begins: an answer refuses it before the body is read.
    func refusal(of head: RequestHead) -> Answer?

    /// The answer to a breach of the grammar, a limit or a time (408). `head` is the request's, if that
    /// much of it was read.
    func answer(to error: WireError, of head: RequestHead?, from peer: Peer) -> Answer

    /// A connection came to nothing before its first request. It is counted already.
    func handshakeFailed(_ failure: HandshakeFailure, of peer: Peer)

    /// What a connection is told that is above a limit. None of its request was read.
    func answer(toShed bound: ConnectionBound, limit: Int) -> Answer
}

/// How connections are limited.
public enum ConnectionBound: Sendable { case inAll, perAddress }

extension RequestHandler {
    public func refusal(of head: RequestHead) -> Answer? { nil }

    public func handshakeFailed(_ failure: HandshakeFailure, of peer: Peer) {}

    public func answer(to error: WireError, of head: RequestHead?, from peer: Peer) -> Answer {
        Answer(status: error.status, headers: .text, body: Array((error.detail + "\n").utf8))
    }

    public func answer(toShed bound: ConnectionBound, limit: Int) -> Answer {
        Answer(status: 503, headers: .text, body: Array("as many connections as may: \(limit)\n".utf8))
    }
}

/// What happened so far. Read it on the loop's queue.
public struct ServerCounters: Sendable {
    public internal(set) var connectionsOpen = 0
    public internal(set) var connectionsAccepted = 0
    /// Closed at once: too many of them, or no descriptor left.
    public internal(set) var connectionsShed = 0
    public internal(set) var requests = 0
    /// Breaches of the grammar, of limits and of times that were answered.
    public internal(set) var refusals = 0
    public internal(set) var bytesIn = 0
    public internal(set) var bytesOut = 0
    /// Streams and answers that were cut off because nobody read them.
    public internal(set) var cutOff = 0
    public internal(set) var tls = TLSCounters()
}
