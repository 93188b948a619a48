import CLinux
import Glibc
import Wire

/// One peer. A state machine whose inputs are the loop's events and the handler's answers.
///
/// Registered once, edge-triggered, for everything: no call of epoll_ctl for a request. So what an
/// event said has to be remembered (`readable`, `peerEnded`) until it is dealt with. Read until the
/// well is dry: EAGAIN, 0 or an error, or less than was asked for, which on a stream means dry too.
/// With TLS there are two wells, and the transport says when both are.
final class Connection: EventTarget {
    enum Phase {
        /// TLS isn't agreed on yet.
        case handshaking
        /// Between requests or within one.
        case reading
        /// A request is with the handler.
        case answering
        /// The same, and it said that the answer comes later.
        case parked
        case streaming
        /// The answer is complete but not yet with the kernel.
        case flushing
        /// Answered and shut down for writing; what still comes is dropped until the peer closes
        /// (RFC 9112 §9.6: closing at once could take the answer from the peer).
        case lingering
        case closed
    }

    unowned(unsafe) let server: HTTPServer
    var transport: Transport?
    var phase: Phase
    /// The exchange that is open, or 0.
    var exchange: UInt64 = 0

    var parser: RequestParser
    var head: RequestHead?
    var body: [UInt8] = []
    /// When the connection began, then when the last head was complete, then when the peer began to owe
    /// us the reading of an answer.
    var began: Int64
    /// Of that answer, what the peer took since.
    var takenBytes = 0
    /// Read already, and not yet used: what was pipelined behind a request.
    var early = ByteQueue()
    /// Not yet taken by the kernel.
    var backlog = ByteQueue()
    var terms = ResponseEncoder.Terms()

    var readable = false
    /// The peer closed its side: nothing comes behind what is here.
    var peerEnded = false
    /// All of it was read.
    var inputEnded = false
    /// The connection is broken: no answer can arrive.
    var broken = false
    /// The time for a head is running: from the beginning of the connection, or of a later head.
    var isHeadTimed = true
    /// `feed` is on the stack and goes on by itself.
    var isFeeding = false
    var isTCP: Bool
    var countedAddress: String?
    private var knownPeer: KnownPeer?

    /// Outside of the connection: of most nobody asks.
    private final class KnownPeer {
        let peer: Peer
        init(_ peer: Peer) { self.peer = peer }
    }

    static var interest: UInt32 {
        EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
    }

    init(_ server: HTTPServer, _ transport: consuming Transport, isTCP: Bool) {
        self.server = server
        phase = transport.tls == nil ? .reading : .handshaking
        self.transport = consume transport
        self.isTCP = isTCP
        parser = RequestParser(limits: server.limits.wire)
        began = server.loop.now
    }

    var id: ExchangeID { ExchangeID(number: exchange, slot: UInt32(truncatingIfNeeded: slot)) }
    var backlogBytes: Int { backlog.count + (transport?.unsentBytes ?? 0) }

    /// Asked of the kernel once: what it is stays, once hands are shaken.
    var peer: Peer {
        if let known = knownPeer { return known.peer }
        let peer = transport?.peer ?? Peer()
        if phase != .handshaking { knownPeer = KnownPeer(peer) }
        return peer
    }

    func begin() {
        let time = phase == .handshaking ? server.limits.handshakeTime : server.limits.headTime
        server.loop.schedule(self, at: began + time)
    }

    // MARK: Events

    override func ready(_ events: UInt32) {
        if events & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue) != 0 { readable = true }
        if events & EPOLLRDHUP.rawValue != 0 { peerEnded = true }
        // epoll_ctl(2): EPOLLHUP on a stream says that both sides are closed.
        if events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 {
            readable = true
            broken = true
        }
        if events & EPOLLOUT.rawValue != 0, !isFlushed { flush() }
        // In their order: those that wait for their share of a round come before new ones.
        if phase == .handshaking { return server.loop.queue(self) }
        work()
    }

    override func resume() { work() }

    /// Does what the state allows: read, and notice that the peer went. A request that came before
    /// the end is still handed over: a `complete` whose sender didn't wait has been said.
    func work() {
        if phase == .handshaking { shakeHands() }
        read()
        if phase == .parked || phase == .streaming { lookForEnd() }
        switch phase {
        case .closed: return
        case .answering where broken, .flushing where broken, .lingering where broken: lose(.closed)
        case .parked where peerEnded || broken, .streaming where peerEnded || broken: lose(.closed)
        case .reading where (inputEnded || broken) && early.isEmpty && !readable: close()
        default: return
        }
    }

    override func timerFired() {
        switch phase {
        case .closed: return
        case .handshaking: handshakeFailed(.timedOut)
        // RFC 9112 §9.6: closing while a request is on its way would reset it.
        case .reading where head == nil && !parser.isInHead && server.isDraining: closeAfterAnswer()
        case .reading where head == nil && !parser.isInHead: close()
        case .reading:
            let what = head == nil ? "head" : "body"
            refuse(WireError(status: 408, detail: "the request's \(what) took too long"))
        case .lingering: close()
        case .answering, .parked, .streaming, .flushing:
            if !isFlushed { lose(.tooSlow) }
        }
    }

    // MARK: Ends

    /// The peer is gone, or as good as gone.
    func lose(_ loss: Loss) {
        guard phase != .closed else { return }
        if loss == .tooSlow {
            server.counters.cutOff += 1
            transport?.abandon()
        }
        if exchange != 0 { server.lost(id, loss) }
        close()
    }

    func close() {
        guard phase != .closed else { return }
        phase = .closed
        exchange = 0
        early = ByteQueue()
        server.backlogBytesHeld -= backlog.count
        backlog = ByteQueue()
        dropRequest()
        if !broken { transport?.sayGoodbye() }
        server.closed(self)
        transport = nil
    }

    /// Closes behind an answer that the peer should get to read.
    func closeAfterAnswer() {
        if broken || inputEnded || (peerEnded && !readable && early.isEmpty) { return close() }
        transport?.shutDownWriting()
        phase = .lingering
        early = ByteQueue()
        let limits = server.limits
        let time = server.isDraining ? min(limits.lingerTime, 2 * limits.drainGrace) : limits.lingerTime
        server.loop.schedule(self, at: server.loop.now + time)
        if readable, !isFeeding { server.loop.queue(self) }
    }

    /// For a moment. A head that begins in it has the time of every head.
    func awaitLastRequest() {
        isHeadTimed = false
        server.loop.schedule(self, at: server.loop.now + server.limits.drainGrace)
    }

    /// The server is about to stop.
    func drain() {
        // A handshake that is under way goes on: whoever shakes hands has a request.
        guard phase == .reading, head == nil, parser.isIdle, early.isEmpty else { return }
        awaitLastRequest()
    }
}
