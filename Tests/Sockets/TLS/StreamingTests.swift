import CLinux
import COpenSSL
import Glibc
import Testing
import Wire

@testable import Sockets

@Suite struct `Requests over TLS` {
    let authority: Authority
    let context: TLSContext

    init() throws {
        authority = try Authority()
        context = try authority.context()
    }

    private func stage(_ limits: ServerLimits = ServerLimits(), script: @escaping Stage.Script = Stage.echo)
        throws
        -> Stage
    { try Stage(limits, tls: context, script: script) }

    private static let post = "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789"

    @Test func `many requests in one record, and one over many, are the same`() throws {
        let stage = try stage()
        let client = try stage.tlsClient()
        try client.send((0..<100).map { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined())
        for number in 0..<100 { #expect(try client.answer().body == "GET /\(number) ") }
        try client.send(Self.post, record: 1)
        #expect(try client.answer().body == "POST /p 0123456789")
        // A record in two pieces, the second behind an answer.
        let bytes = client.encrypt(Self.post)
        try client.raw.send(Array(bytes.prefix(20)))
        stage.settle()
        try client.raw.send(Array(bytes.dropFirst(20)))
        #expect(try client.answer().body == "POST /p 0123456789")
    }

    @Test func `a large request and more of them behind it all arrive`() throws {
        let stage = try stage()
        let client = try stage.tlsClient()
        let body = String(repeating: "0123456789", count: 50_000)
        let one = "POST /big HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        try client.send(one + Self.post)
        #expect(try client.answer().body == "POST /big \(body)")
        #expect(try client.answer().body == "POST /p 0123456789")
    }

    @Test func `a big answer reaches a slow reader whole, and its connection lives on`() throws {
        let big = (0..<400_000).map { "\($0)," }.joined()
        let stage = try stage { server, _, exchange in
            server.respond(exchange, status: 200, body: Array(big.utf8))
        }
        let client = try stage.tlsClient(receiveBuffer: 4096)
        for _ in 0..<2 {
            try client.get("/")
            try #require(stage.exchanges.take() != nil)
            stage.settle()
            #expect(try client.answer().body == big)
        }
    }

    @Test func `one that reads nothing is cut off after a while`() throws {
        var limits = ServerLimits()
        limits.writeTime = 200_000_000
        let stage = try stage(limits) { server, _, exchange in
            server.respond(exchange, status: 200, body: [UInt8](repeating: 7, count: 8 << 20))
        }
        let client = try stage.tlsClient(receiveBuffer: 4096)
        try client.get("/")
        try #require(stage.exchanges.take() != nil)
        stage.settleClosed()
        #expect(stage.counters.cutOff == 1)
        #expect(throws: (any Error).self) { try client.answer() }
    }

    @Test func `what the kernel hasn't taken counts for a stream's backlog`() throws {
        var limits = ServerLimits()
        limits.writeBacklogBytes = 64 * 1024
        let stage = try stage(limits) { server, _, exchange in
            server.beginStream(exchange, status: 200, headers: .text)
        }
        let client = try stage.tlsClient(receiveBuffer: 4096)
        try client.get("/")
        let exchange = try #require(stage.exchanges.take())
        let line = [UInt8](repeating: 7, count: 4096)
        var most = 0
        while stage.loop.sync({ stage.server.send(exchange, line) }) == .sent {
            most = max(most, stage.loop.sync { stage.server.backlog(of: exchange) } ?? 0)
        }
        #expect(stage.gone.take()?.1 == .tooSlow)
        #expect(most > 32 * 1024 && most < 128 * 1024)
    }

    @Test func `a stream's lines come as they are sent`() throws {
        let stage = try stage { server, _, exchange in
            server.beginStream(exchange, status: 200, headers: .text)
        }
        let client = try stage.tlsClient()
        try client.get("/")
        let exchange = try #require(stage.exchanges.take())
        #expect(try client.read(to: "\r\n\r\n").contains("chunked"))
        for number in 0..<3 {
            stage.loop.sync { _ = stage.server.send(exchange, Array("line \(number)\n".utf8)) }
            #expect(try client.read(to: "\n\r\n").hasSuffix("line \(number)\n\r\n"))
        }
        stage.loop.sync { _ = stage.server.finish(exchange) }
        #expect(try client.read(to: "0\r\n\r\n") == "0\r\n\r\n")
        #expect(stage.loop.sync { stage.server.send(exchange, [1]) } == .gone)
    }

    // MARK: Ends

    @Test func `an end is said by close_notify, then by FIN`() throws {
        let stage = try stage()
        let client = try stage.tlsClient()
        try client.get("/", "Connection: close\r\n")
        #expect(try client.readToEnd().hasSuffix("GET / "))
        #expect(client.sawGoodbye)
        #expect(try client.raw.receive().isEmpty)
        client.raw.close()
        stage.settleClosed()
    }

    @Test func `an idle connection is closed with close_notify`() throws {
        var limits = ServerLimits()
        limits.idleTime = 100_000_000
        let stage = try stage(limits)
        let client = try stage.tlsClient()
        try client.get("/")
        #expect(try client.readToEnd().hasSuffix("GET / "))
        #expect(client.sawGoodbye)
    }

    @Test(arguments: ["close_notify", "FIN", "both"])
    func `one that ends its side behind a request gets its answer`(how: String) throws {
        let stage = try stage()
        let client = try stage.tlsClient()
        try client.get("/last")
        if how != "FIN" { try client.notifyClose() }
        if how != "close_notify" { client.raw.halfClose() }
        #expect(try client.readToEnd().hasSuffix("GET /last "))
        #expect(client.sawGoodbye)
        client.raw.close()
        stage.settleClosed()
    }

    @Test(arguments: ["close_notify", "FIN", "reset"])
    func `one that ends its side while its request is parked is gone`(how: String) throws {
        let stage = try stage(script: Stage.park)
        let client = try stage.tlsClient()
        try client.get("/")
        let exchange = try #require(stage.exchanges.take())
        stage.settle()
        switch how {
        case "close_notify": try client.notifyClose()
        case "FIN": client.raw.halfClose()
        default: client.raw.reset()
        }
        let (lost, loss) = try #require(stage.gone.take())
        #expect(lost == exchange)
        #expect(loss == .closed)
        stage.settleClosed()
    }

    @Test func `a close_notify right behind a request is heard though it is parked later`() throws {
        let stage = try stage(script: Stage.ignore)
        let client = try stage.tlsClient()
        var bytes = client.encrypt("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        SSL_shutdown(client.ssl)
        bytes += client.ciphertext()
        try client.raw.send(bytes)
        let exchange = try #require(stage.exchanges.take())
        stage.settle()
        stage.loop.sync { stage.server.park(exchange) }
        #expect(stage.gone.take()?.0 == exchange)
    }

    @Test func `what comes while a request is parked is kept and doesn't end it`() throws {
        let stage = try stage { server, request, exchange in
            if request.head.path == "/" {
                server.park(exchange)
            } else {
                Stage.echo(server, request, exchange)
            }
        }
        let client = try stage.tlsClient()
        try client.get("/")
        let exchange = try #require(stage.exchanges.take())
        try client.get("/next")
        stage.settle()
        #expect(stage.loop.sync { stage.server.respond(exchange, status: 200, body: [0x61]) } == .sent)
        #expect(try client.answer().body == "a")
        #expect(try client.answer().body == "GET /next ")
    }

    @Test(arguments: ["close_notify", "FIN", "reset"])
    func `half a body is never handed over`(how: String) throws {
        let stage = try stage()
        let client = try stage.tlsClient()
        try client.send(String(Self.post.dropLast(3)))
        switch how {
        case "close_notify": try client.notifyClose()
        case "FIN": client.raw.halfClose()
        default: client.raw.reset()
        }
        while stage.counters.connectionsAccepted == 0 { stage.settle() }
        stage.settleClosed()
        #expect(stage.counters.requests == 0)
    }

    @Test func `a broken record ends its connection and no other`() throws {
        let stage = try stage()
        let other = try stage.tlsClient()
        let client = try stage.tlsClient()
        var bytes = client.encrypt(Self.post)
        bytes[bytes.count - 5] ^= 1
        try client.raw.send(bytes)
        stage.settle()
        #expect(throws: (any Error).self) { try client.answer() }
        try other.get("/well")
        #expect(try other.answer().body == "GET /well ")
        #expect(stage.counters.requests == 1)
        #expect(stage.counters.connectionsOpen == 1)
    }

    // MARK: What TLS says beside requests

    @Test func `keys are updated, in both directions and while a request is parked`() throws {
        let stage = try stage(script: Stage.park)
        let client = try stage.tlsClient()
        for _ in 0..<3 {
            SSL_key_update(client.ssl, SSL_KEY_UPDATE_REQUESTED)
            try client.get("/")
            let exchange = try #require(stage.exchanges.take())
            SSL_key_update(client.ssl, SSL_KEY_UPDATE_REQUESTED)
            SSL_do_handshake(client.ssl)
            try client.raw.send(client.ciphertext())
            stage.settle()
            #expect(stage.loop.sync { stage.server.respond(exchange, status: 200, body: [0x61]) } == .sent)
            #expect(try client.answer().body == "a")
        }
    }

    @Test func `a flood of key updates keeps nobody else waiting`() throws {
        let stage = try stage()
        let client = try stage.tlsClient()
        let other = try stage.tlsClient()
        var flood: [UInt8] = []
        for _ in 0..<20_000 {
            SSL_key_update(client.ssl, SSL_KEY_UPDATE_NOT_REQUESTED)
            SSL_do_handshake(client.ssl)
            flood += client.ciphertext()
        }
        #expect(flood.count > 8 * 32 * 1024)
        try client.raw.send(flood)
        try other.get("/other")
        #expect(try other.answer().body == "GET /other ")
        try client.get("/flood")
        #expect(try client.answer().body == "GET /flood ")
    }

    @Test func `TLS 1.2 isn't negotiated anew`() throws {
        let stage = try stage()
        let client = try stage.tlsClient(.init(most: TLS1_2_VERSION))
        SSL_renegotiate(client.ssl)
        _ = try? client.step()
        try client.raw.send(client.ciphertext())
        // A warning, no_renegotiation, and the connection goes on.
        let error = try #require(throws: TLSClient.Failure.self) { try client.handshake() }
        #expect(error.what.contains("no renegotiation"))
    }

    @Test func `a new certificate is for new connections`() throws {
        let stage = try stage()
        let before = try stage.tlsClient()
        let next = try authority.context(authority.leaf("/CN=renewed"), after: context)
        stage.loop.sync { stage.server.tls = next }
        let after = try stage.tlsClient()
        #expect(after.serverSubject == "CN=renewed")
        for client in [before, after] {
            try client.get("/")
            #expect(try client.answer().body == "GET / ")
        }
        #expect(before.serverSubject == "CN=localhost")
        #expect(stage.counters.tls.certificateNotAfter == next.certificate.notAfter)
    }
}
