import CLinux
import Wire

/// An HTTP/1.1 server on an event loop. Everything here belongs on the loop's queue.
///
/// That an answer was written says nothing about whether it was read. `Delivery.gone` is the one
/// thing that is certain: not a byte of that answer has left.
///
/// The requests of a connection are handled strictly one at a time. While one is unanswered nothing
/// more is read from its peer, but its going is noticed: at once when it is parked or streaming; for
/// one that isn't, a half-closed peer (a FIN right behind the request, as `nc -N` sends it) still
/// gets its answer.
public final class HTTPServer: @unchecked Sendable {
    public let loop: EventLoop
    /// A change holds for what begins later: connections, heads, answers. Buffers stay as they are.
    public var limits: ServerLimits {
        didSet {
            limits.check()
            precondition(limits.readBufferBytes == readBuffer.count, "one buffer for the server's life")
            for listener in listeners { listener.renewOptions() }
        }
    }
    public internal(set) var counters = ServerCounters()
    public private(set) var isDraining = false
    /// How new connections of `tls:` listeners are spoken with; needed before the first of them listens.
    public var tls: TLSContext? {
        didSet { counters.tls.certificateNotAfter = tls?.certificate.notAfter }
    }

    /// Kept until `stop`.
    var handler: (any RequestHandler)?
    /// What all connections read into and render into: one at a time, and nothing stays there.
    let readBuffer: UnsafeMutableRawBufferPointer
    var encoder = ResponseEncoder()
    /// Bytes of bodies that aren't complete.
    var bodyBytesHeld = 0
    /// Bytes of answers that their peers haven't taken.
    var backlogBytesHeld = 0

    private var listeners: [Listener] = []
    /// By slot of the loop.
    private var connections: [Connection?] = []
    private var addresses: [String: Int] = [:]
    private var lastExchange: UInt64 = 0
    private var date = DateField()
    private var errands: Errands?
    private var leftovers: Leftovers?
    private var losses: [(ExchangeID, Loss)] = []
    private var drained: (() -> Void)?
    /// The round of the loop in which steps of handshakes are counted, and what is left for it.
    private var handshakeRound: (now: Int64, left: Int) = (0, 0)

    /// `handler` is called until `stop`.
    public init(loop: EventLoop, limits: ServerLimits = ServerLimits(), handler: any RequestHandler) {
        limits.check()
        self.loop = loop
        self.limits = limits
        self.handler = handler
        readBuffer = .allocate(byteCount: limits.readBufferBytes, alignment: 16)
    }

    deinit {
        // Connections refer to their server without counting.
        precondition(counters.connectionsOpen == 0, "a server is stopped before it is let go")
        readBuffer.deallocate()
    }

    /// Begins to accept connections there. Returns where that is: with the port, if 0 was asked for.
    public func listen(on address: ListenAddress) throws(SystemError) -> ListenAddress {
        try begin()
        let listener = try Listener(self, address)
        listeners.append(listener)
        return listener.bound
    }

    /// The same with a socket that listens already, opened by whoever started this process. It is
    /// closed with the server and never shut down or unlinked.
    public func listen(given descriptor: Int32, isEncrypted: Bool = false) throws(SystemError)
        -> ListenAddress
    {
        try begin()
        let listener = try Listener(self, given: descriptor, isEncrypted: isEncrypted)
        listeners.append(listener)
        return listener.bound
    }

    private func begin() throws(SystemError) {
        guard errands == nil else { return }
        let errands = Errands(self)
        try loop.add(errands)
        self.errands = errands
        let leftovers = Leftovers(loop)
        try loop.add(leftovers)
        self.leftovers = leftovers
    }

    /// Stops accepting, and has each answer from here on close its connection. One that is idle has
    /// `drainGrace` for a request that is on its way to it, and is then told that there is no more to
    /// come. Calls `done` once, when none is left. What is there at `deadline` is cut off.
    public func drain(deadline: Int64, done: @escaping () -> Void) {
        isDraining = true
        drained = done
        closeListeners()
        for connection in connections { connection?.drain() }
        if let errands {
            loop.schedule(errands, at: deadline)
            loop.queue(errands)
        } else {
            done()
        }
    }

    /// Closes everything at once and lets the handler go. Needed before the server is let go.
    public func stop() {
        closeListeners()
        for connection in connections { connection?.close() }
        if let errands { loop.remove(errands) }
        errands = nil
        if let leftovers { loop.remove(leftovers) }
        leftovers = nil
        losses = []
        handler = nil
        drained = nil
    }

    private func closeListeners() {
        for listener in listeners { listener.end() }
        listeners = []
    }

    func setAccept(_ accept: @escaping (Int32) -> Int32) {
        for listener in listeners { listener.accept = accept }
    }

    // MARK: What connections call

    func accepted(_ descriptor: consuming Descriptor, on address: ListenAddress) {
        let number = descriptor.number
        guard counters.connectionsOpen < limits.connections else {
            return shed(descriptor, on: address, .inAll, limits.connections)
        }
        var host: String?
        if let limit = limits.connectionsPerAddress, let peer = SocketAddress.peer(of: number)?.host {
            guard addresses[peer, default: 0] < limit else {
                return shed(descriptor, on: address, .perAddress, limit)
            }
            host = peer
        }
        guard let transport = transport(descriptor, on: address) else {
            counters.connectionsShed += 1
            return
        }
        let connection = Connection(self, transport, isTCP: address.isTCP)
        do {
            try loop.add(connection, descriptor: number, events: Connection.interest)
        } catch {
            counters.connectionsShed += 1
            return
        }
        if let host {
            addresses[host, default: 0] += 1
            connection.countedAddress = host
        }
        while connections.count <= connection.slot { connections.append(nil) }
        connections[connection.slot] = connection
        counters.connectionsOpen += 1
        counters.connectionsAccepted += 1
        leftovers?.opened(counters.connectionsOpen)
        connection.begin()
    }

    private func transport(_ descriptor: consuming Descriptor, on address: ListenAddress) -> Transport? {
        guard address.isEncrypted, let tls else { return Transport(descriptor) }
        return Transport(descriptor, tls: tls)
    }

    /// Whether one more step of a handshake fits this round.
    func mayShakeHands() -> Bool {
        if handshakeRound.now != loop.now { handshakeRound = (loop.now, limits.handshakesPerRound) }
        guard handshakeRound.left > 0 else { return false }
        handshakeRound.left -= 1
        return true
    }

    /// As good as it gets without waiting: the peer may see a reset instead, if its request was
    /// already here. Where TLS is spoken nothing can be said before a handshake.
    private func shed(
        _ descriptor: borrowing Descriptor, on address: ListenAddress, _ bound: ConnectionBound, _ limit: Int
    ) {
        counters.connectionsShed += 1
        guard !address.isEncrypted, let answer = handler?.answer(toShed: bound, limit: limit) else { return }
        encoder.bytes.removeAll(keepingCapacity: true)
        encoder.append(
            status: answer.status, headers: answer.headers, body: answer.body,
            terms: ResponseEncoder.Terms(keepAlive: false), date: dateField())
        encoder.bytes.withUnsafeBufferPointer { bytes in
            _ = loop_send(descriptor.number, bytes.baseAddress, bytes.count)
        }
    }

    func closed(_ connection: Connection) {
        connections[connection.slot] = nil
        loop.remove(connection)
        counters.connectionsOpen -= 1
        leftovers?.closed(counters.connectionsOpen)
        if let address = connection.countedAddress {
            addresses[address, default: 1] -= 1
            if addresses[address] == 0 { addresses[address] = nil }
        }
        if isDraining, counters.connectionsOpen == 0, let errands { loop.queue(errands) }
    }

    func nextExchange() -> UInt64 {
        lastExchange += 1
        return lastExchange
    }

    func connection(of exchange: ExchangeID) -> Connection? {
        let slot = Int(exchange.slot)
        guard slot < connections.count, let connection = connections[slot],
            connection.exchange == exchange.number
        else { return nil }
        return connection
    }

    /// Tells the handler before the next turn, and never from within one of its own calls.
    func lost(_ exchange: ExchangeID, _ loss: Loss) {
        losses.append((exchange, loss))
        if let errands { loop.queue(errands) }
    }

    func dateField() -> [UInt8] { date.rendered(now: loop.now) }

    // MARK: Errands

    fileprivate func runErrands() {
        let taken = losses
        losses = []
        for (exchange, loss) in taken { handler?.peerGone(exchange, loss) }
        guard isDraining, counters.connectionsOpen == 0, let done = drained else { return }
        drained = nil
        done()
    }

    fileprivate func cutOffRest() {
        for connection in connections { connection?.lose(.drained) }
    }
}

/// The server's own slot in the loop: what has to happen outside anybody's call, and the end of a drain.
private final class Errands: EventTarget {
    private unowned(unsafe) let server: HTTPServer
    init(_ server: HTTPServer) { self.server = server }
    override func resume() { server.runErrands() }
    override func timerFired() { server.cutOffRest() }
}
