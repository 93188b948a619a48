import Wire

/// What a server grants its peers. Times are nanoseconds of CLOCK_BOOTTIME, sizes bytes.
public struct ServerLimits: Sendable {
    /// The grammar's limits: head, target, body.
    public var wire = Limits()
    /// Connections in all; those above are told 503 and closed.
    public var connections = 60_000
    /// Connections of one address; nil for as many as in all, since runs share addresses.
    public var connectionsPerAddress: Int?
    /// From the beginning of a connection to the end of its TLS handshake.
    public var handshakeTime: Int64 = 10_000_000_000
    /// Steps of handshakes in one round of the loop. A signature takes up to a millisecond, and a
    /// thousand peers that arrive at once must not keep holders from renewing for a second.
    public var handshakesPerRound = 16
    /// From the first byte of a head (of a new connection: from its beginning) to the head's end.
    public var headTime: Int64 = 10_000_000_000
    /// For a body: this long, and longer by what it brought at `bodyRate`.
    public var bodyTime: Int64 = 30_000_000_000
    /// The least rate of a body beyond `bodyTime`, and of an answer beyond `writeTime`; bytes a second.
    public var bodyRate: Int64 = 1_024
    /// Between two requests.
    public var idleTime: Int64 = 75_000_000_000
    /// How long an answer may lie without the peer taking any of it. What the kernel didn't take at once
    /// must all be taken in this time, and longer by what the peer took of it at `bodyRate`.
    public var writeTime: Int64 = 30_000_000_000
    /// After an answer that closes: how long the peer has to read it and close as well.
    public var lingerTime: Int64 = 2_000_000_000
    /// In a drain: how long an idle connection is still read from, and then how long its peer has to
    /// notice the end, so that a request on its way meets no reset.
    public var drainGrace: Int64 = 100_000_000
    /// What a stream's reader may leave unread here, beyond the kernel's buffers. Not for whole
    /// answers: there is one of those at a time, and it exists already.
    public var writeBacklogBytes = 1024 * 1024
    /// One for the whole server: a connection keeps only what it can't use yet. So this is also the
    /// most that a peer can leave here by sending requests before it has its answers.
    public var readBufferBytes = 16 * 1024
    /// Unfinished bodies of all connections together: above it a body is refused with 503. Each may be
    /// within `wire.bodyBytes`, and 10,000 of them be all the memory there is.
    public var bodyBytesInAll = 256 * 1024 * 1024
    /// What all peers together may leave unread. Above it an answer that is more than a few KiB becomes a
    /// 503, and a stream that has something unread is cut off: a list may be of megabytes, and 10,000
    /// peers ask for it and read nothing.
    public var backlogBytesInAll = 256 * 1024 * 1024
    /// Reads of one connection for each round of the loop, so that none starves the others.
    public var readsPerRound = 8
    /// For a parked request: the silence after which the kernel probes the peer, the time between
    /// probes and their number, in seconds.
    public var keepAliveSeconds: (idle: Int32, interval: Int32, count: Int32) = (4, 3, 3)
    /// After so long without a sign a peer is taken for gone. If something was sent to it before the first
    /// probe, the time counts from there.
    public var silenceSeconds: Int32 {
        keepAliveSeconds.idle + keepAliveSeconds.interval * keepAliveSeconds.count
    }

    public init() {}

    func check() {
        precondition(readBufferBytes >= 4096 && readBufferBytes <= 1 << 20, "one buffer for the server")
        precondition(connections > 0 && readsPerRound > 0 && handshakesPerRound > 0 && bodyRate > 0)
        precondition(bodyBytesInAll >= wire.bodyBytes, "the longest body must fit")
        precondition(backlogBytesInAll >= writeBacklogBytes, "the longest backlog of a stream must fit")
        precondition(min(handshakeTime, headTime, bodyTime, idleTime) > 0 && min(writeTime, lingerTime) > 0)
        precondition(writeBacklogBytes >= 4096, "a stream's line must fit its backlog")
    }
}
