import Dispatch
import Glibc
import Sockets
import Synchronization
import Testing
import Wire

/// A server on a loop of its own, with a handler that does what the test says and writes down what
/// it was told.
final class Stage: RequestHandler, @unchecked Sendable {
    typealias Script = @Sendable (HTTPServer, Request, ExchangeID) -> Void

    let loop: EventLoop
    private(set) var server: HTTPServer!
    let address: ListenAddress
    /// What `peerGone` was told, in order.
    let gone = Inbox<(ExchangeID, Loss)>()
    let exchanges = Inbox<ExchangeID>()
    private let script: Script
    var refusal: (RequestHead) -> Answer? = { _ in nil }

    init(
        _ limits: ServerLimits = ServerLimits(), on address: ListenAddress = .tcp(host: "127.0.0.1", port: 0),
        tls: TLSContext? = nil, script: @escaping Script = Stage.echo
    ) throws {
        loop = try EventLoop(label: "test")
        self.script = script
        // Bound before `self` is whole, so through a local.
        let server: HTTPServer
        let relay = Relay()
        server = HTTPServer(loop: loop, limits: limits, handler: relay)
        server.tls = tls
        let address = tls == nil ? address : .tls(host: "127.0.0.1", port: 0)
        loop.start()
        self.address = try loop.sync { try server.listen(on: address) }
        self.server = server
        relay.stage = self
    }

    // Not `sync`: the last reference may be dropped on the loop's own queue.
    deinit {
        loop.queue.async { [server, loop] in
            server?.stop()
            loop.stop()
        }
    }

    func stop() {
        loop.sync { server.stop() }
    }

    /// Answers with the method, the path and the body.
    static let echo: Script = { server, request, exchange in
        let text =
            "\(request.head.methodName) \(request.head.path) \(String(decoding: request.body, as: UTF8.self))"
        server.respond(exchange, status: 200, headers: .text, body: Array(text.utf8))
    }

    static let park: Script = { server, _, exchange in server.park(exchange) }

    /// Leaves the request unanswered and not parked.
    static let ignore: Script = { _, _, _ in }

    func received(_ request: Request, _ exchange: ExchangeID) {
        script(server, request, exchange)
        exchanges.put(exchange)
    }
    func peerGone(_ exchange: ExchangeID, _ loss: Loss) { gone.put((exchange, loss)) }
    func refusal(of head: RequestHead) -> Answer? { refusal(head) }

    func client() throws -> Client { try Client(address) }

    /// A TLS client whose handshake is complete.
    func tlsClient(_ terms: TLSClient.Terms = TLSClient.Terms(), receiveBuffer: Int32? = nil) throws
        -> TLSClient
    {
        try TLSClient(address, terms, receiveBuffer: receiveBuffer).handshake()
    }

    /// Waits for the last connection to be closed.
    func settleClosed() {
        while counters.connectionsOpen > 0 { settle() }
    }

    /// The server's figures, read where they may be.
    var counters: ServerCounters { loop.sync { server.counters } }

    /// Waits for the loop to have done what it was given so far.
    func settle() {
        for _ in 0..<2 {
            let done = Inbox<Void>()
            loop.post { done.put(()) }
            done.take()
        }
    }
}

/// The server holds its handler; this lets the stage go when the test does.
private final class Relay: RequestHandler {
    weak var stage: Stage?
    func received(_ request: Request, _ exchange: ExchangeID) { stage?.received(request, exchange) }
    func peerGone(_ exchange: ExchangeID, _ loss: Loss) { stage?.peerGone(exchange, loss) }
    func refusal(of head: RequestHead) -> Answer? { stage?.refusal(of: head) }
}
