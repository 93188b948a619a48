import CLinux
import Glibc
import Testing
import Wire

@testable import Sockets

@Suite struct `Peers that go` {
    private func parked(_ stage: Stage) throws -> (Client, ExchangeID) {
        let client = try stage.client()
        try client.get("/")
        return (client, try #require(stage.exchanges.take()))
    }

    @Test(arguments: ["close", "reset", "halfClose"])
    func `the loss of a parked request is told once`(_ how: String) throws {
        let stage = try Stage(script: Stage.park)
        let (client, exchange) = try parked(stage)
        switch how {
        case "close": client.close()
        case "reset": client.reset()
        default: client.halfClose()
        }
        let (lost, loss) = try #require(stage.gone.take())
        #expect(lost == exchange)
        #expect(loss == .closed)
        #expect(stage.loop.sync { stage.server.respond(exchange, status: 200) } == .gone)
        stage.settle()
        #expect(stage.gone.isEmpty)
        #expect(stage.counters.connectionsOpen == 0)
    }

    @Test func `over a Unix socket a loss is told, and a last request heard`() throws {
        let stage = try Stage(on: .unix(path: "/tmp/sockets-peer-test-\(getpid())"), script: Stage.park)
        let (client, exchange) = try parked(stage)
        client.close()
        #expect(stage.gone.take()?.0 == exchange)
        let (other, last) = try parked(stage)
        try other.get("/behind")
        other.close()
        #expect(stage.gone.take()?.0 == last)
        let hasty = try stage.client()
        try hasty.get("/")
        hasty.close()
        let heard = try #require(stage.exchanges.take())
        #expect(stage.gone.take()?.0 == heard)
        stage.stop()
    }

    @Test func `a peer is known by its address, or over a Unix socket by its owner`() throws {
        let unix = try Stage(on: .unix(path: "/tmp/sockets-owner-test-\(getpid())"), script: Stage.park)
        let (local, asked) = try parked(unix)
        let owner = unix.loop.sync { unix.server.peer(of: asked)?.owner }
        #expect(owner == ProcessOwner(user: getuid(), group: getgid(), process: getpid()))
        local.close()
        unix.stop()
        let tcp = try Stage(script: Stage.park)
        let (remote, exchange) = try parked(tcp)
        let peer = tcp.loop.sync { tcp.server.peer(of: exchange) }
        #expect(peer?.address == "127.0.0.1")
        #expect(peer?.owner == nil)
        remote.close()
    }

    // A Dispatch source for each connection leaked nearly all of these.
    @Test func `no reset connection stays`() throws {
        let stage = try Stage(script: Stage.park)
        for _ in 0..<5 {
            let clients = try (0..<100).map { _ in try stage.client() }
            for (number, client) in clients.enumerated() where number % 2 == 0 { try client.get("/") }
            for client in clients { client.reset() }
        }
        while stage.counters.connectionsAccepted < 500 || stage.counters.connectionsOpen > 0 {
            stage.settle()
        }
        stage.settle()
        var lost: Set<ExchangeID> = []
        while !stage.gone.isEmpty { lost.insert(try #require(stage.gone.take()).0) }
        #expect(lost.count == stage.counters.requests)
    }

    @Test func `a parked request's socket is watched for silence`() throws {
        let stage = try Stage(script: Stage.park)
        let accepted = Inbox<Int32>()
        stage.loop.sync {
            stage.server.setAccept { listener in
                let descriptor = loop_accept(listener)
                if descriptor >= 0 { accepted.put(descriptor) }
                return descriptor
            }
        }
        let (client, _) = try parked(stage)
        let descriptor = try #require(accepted.take())
        func option(_ level: Int32, _ name: Int32) -> Int32 {
            var value: Int32 = -1
            var length = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(descriptor, level, name, &value, &length)
            return value
        }
        let tcp = Int32(IPPROTO_TCP)
        #expect(option(SOL_SOCKET, SO_KEEPALIVE) == 1)
        #expect(option(tcp, TCP_USER_TIMEOUT) == 13_000)
        // The rest is inherited from the listener.
        #expect(option(tcp, TCP_NODELAY) == 1)
        #expect(option(tcp, TCP_KEEPIDLE) == 4)
        #expect(option(tcp, TCP_KEEPINTVL) == 3)
        #expect(option(tcp, TCP_KEEPCNT) == 3)
        client.close()
    }

    @Test func `a parked peer that went just now makes the answer gone`() throws {
        let stage = try Stage(script: Stage.park)
        let (client, exchange) = try parked(stage)
        // Within the loop's turn, so that it can't have seen the end.
        let delivery = stage.loop.sync {
            client.close()
            return stage.server.respond(exchange, status: 200)
        }
        #expect(delivery == .gone)
        stage.settle()
        #expect(stage.gone.isEmpty)
    }

    @Test func `a parked peer that is there gets its answer`() throws {
        let stage = try Stage(script: Stage.park)
        let (client, exchange) = try parked(stage)
        #expect(stage.loop.sync { stage.server.respond(exchange, status: 200, body: [0x61]) } == .sent)
        #expect(try client.answer().body == "a")
        #expect(stage.loop.sync { stage.server.respond(exchange, status: 200) } == .gone)
    }

    @Test func `one that half-closed before it was parked is gone`() throws {
        let stage = try Stage { server, _, exchange in
            // The end comes behind the request; parked only after it was seen.
            server.loop.post { server.loop.post { server.park(exchange) } }
        }
        let client = try stage.client()
        try client.get("/")
        client.halfClose()
        #expect(stage.gone.take()?.1 == .closed)
    }

    @Test func `a reset is told also when the request wasn't parked`() throws {
        let stage = try Stage(script: Stage.ignore)
        let (client, exchange) = try parked(stage)
        client.reset()
        #expect(stage.gone.take()?.0 == exchange)
    }

    @Test func `a request is handed over though its sender is gone`() throws {
        let stage = try Stage()
        let client = try stage.client()
        try client.get("/")
        client.close()
        #expect(stage.exchanges.take() != nil)
    }

    @Test func `bytes behind a parked request don't hide the peer's end`() throws {
        let stage = try Stage(script: Stage.park)
        let (client, exchange) = try parked(stage)
        try client.send(String(repeating: "GET / HTTP/1.1\r\nHost: h\r\n\r\n", count: 1_000))
        client.close()
        #expect(stage.gone.take()?.0 == exchange)
    }

    @Test func `a stream's reader that doesn't read is cut off`() throws {
        var limits = ServerLimits()
        limits.writeBacklogBytes = 64 * 1024
        let stage = try Stage(limits) { server, _, exchange in
            server.beginStream(exchange, status: 200, headers: .text)
        }
        let client = try Client(stage.address, receiveBuffer: 4096)
        try client.get("/")
        let exchange = try #require(stage.exchanges.take())
        let piece = [UInt8](repeating: 0x61, count: 16 * 1024)
        var backlog = 0
        while stage.loop.sync({ stage.server.send(exchange, piece) }) == .sent {
            backlog = stage.loop.sync { stage.server.backlog(of: exchange) ?? 0 }
            #expect(backlog <= limits.writeBacklogBytes + 64)
        }
        #expect(backlog > 0)
        #expect(stage.gone.take()?.1 == .tooSlow)
        #expect(stage.counters.cutOff == 1)
    }

    @Test func `a slow reader of a stream gets all of it`() throws {
        let stage = try Stage { server, _, exchange in
            server.beginStream(exchange, status: 200, headers: .text)
            for _ in 0..<60 { server.send(exchange, [UInt8](repeating: 0x61, count: 16 * 1024)) }
            server.finish(exchange)
        }
        let client = try Client(stage.address, receiveBuffer: 4096)
        try client.get("/", "Connection: close\r\n")
        let text = try #require(client.readToEnd())
        #expect(text.contains("Transfer-Encoding: chunked\r\n"))
        #expect(text.hasSuffix("a\r\n0\r\n\r\n"))
        #expect(text.utf8.filter { $0 == 0x61 }.count >= 60 * 16 * 1024)
    }

    @Test func `a stream for 1.0 ends with its connection`() throws {
        let stage = try Stage { server, _, exchange in
            server.beginStream(exchange, status: 200, headers: .text)
            server.send(exchange, Array("line\n".utf8))
            server.finish(exchange)
        }
        let client = try stage.client()
        try client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        let text = try #require(client.readToEnd())
        #expect(text.contains("Connection: close\r\n"))
        #expect(text.hasSuffix("\r\n\r\nline\n"))
    }

    @Test func `one piece for many is a chunk to one, and plain bytes to an old one`() throws {
        let piece = StreamPiece(Array("line\n".utf8))
        #expect(piece.count == 5)
        let stage = try Stage { server, _, exchange in
            server.beginStream(exchange, status: 200, headers: .text)
            #expect(server.room(for: exchange) == .max)
            server.send(exchange, piece)
            server.send(exchange, StreamPiece([]))
            server.send(exchange, piece)
            server.finish(exchange)
            #expect(server.room(for: exchange) == nil)
        }
        let new = try stage.client()
        try new.get("/", "Connection: close\r\n")
        #expect(new.readToEnd()?.hasSuffix("\r\n\r\n5\r\nline\n\r\n5\r\nline\n\r\n0\r\n\r\n") == true)
        let old = try stage.client()
        try old.send("GET / HTTP/1.0\r\n\r\n")
        #expect(old.readToEnd()?.hasSuffix("\r\n\r\nline\nline\n") == true)
    }

    @Test func `there is as much room for a stream's reader as it may leave unread`() throws {
        var limits = ServerLimits()
        limits.writeBacklogBytes = 64 * 1024
        let stage = try Stage(limits) { server, _, exchange in
            server.beginStream(exchange, status: 200, headers: .text)
        }
        let client = try Client(stage.address, receiveBuffer: 4096)
        try client.get("/")
        let exchange = try #require(stage.exchanges.take())
        let piece = StreamPiece([UInt8](repeating: 0x61, count: 4096))
        while let room = stage.loop.sync({ stage.server.room(for: exchange) }), room >= piece.count {
            #expect(stage.loop.sync { stage.server.send(exchange, piece) } == .sent)
        }
        #expect(stage.gone.isEmpty)
        // For the last words there is room all the same.
        #expect(stage.loop.sync { stage.server.finish(exchange, StreamPiece(Array("bye".utf8))) } == .sent)
        #expect(stage.gone.isEmpty)
        #expect(stage.loop.sync { stage.server.room(for: exchange) } == nil)
    }
}
