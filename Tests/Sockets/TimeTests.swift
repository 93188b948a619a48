import CLinux
import Glibc
import Testing
import Wire

@testable import Sockets

@Suite struct `Times and ends` {
    static let short: Int64 = 60_000_000

    @Test func `a connection that says nothing is closed`() throws {
        var limits = ServerLimits()
        limits.headTime = Self.short
        let stage = try Stage(limits)
        #expect(try stage.client().readToEnd() == "")
    }

    @Test func `a head that doesn't end is told 408`() throws {
        var limits = ServerLimits()
        limits.headTime = Self.short
        let stage = try Stage(limits)
        let client = try stage.client()
        try client.send("GET / HTTP/1.1\r\nHos")
        #expect(client.readToEnd()?.hasPrefix("HTTP/1.1 408 ") == true)
    }

    @Test func `a second head has its time as well`() throws {
        var limits = ServerLimits()
        limits.headTime = Self.short
        let stage = try Stage(limits)
        let client = try stage.client()
        try client.get("/")
        _ = try client.answer()
        try client.send("GET / HTTP/1.1\r\nHos")
        #expect(client.readToEnd()?.hasPrefix("HTTP/1.1 408 ") == true)
    }

    @Test func `a body that doesn't end is told 408`() throws {
        var limits = ServerLimits()
        limits.bodyTime = Self.short
        let stage = try Stage(limits)
        let client = try stage.client()
        try client.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc")
        #expect(client.readToEnd()?.hasPrefix("HTTP/1.1 408 ") == true)
    }

    @Test func `an idle connection is closed, a parked one isn't`() throws {
        var limits = ServerLimits()
        limits.idleTime = Self.short
        limits.headTime = Self.short
        let stage = try Stage(limits) { server, request, exchange in
            if request.head.path == "/park" {
                server.park(exchange)
            } else {
                server.respond(exchange, status: 204)
            }
        }
        let waiting = try stage.client()
        try waiting.get("/park")
        let exchange = try #require(stage.exchanges.take())
        let idle = try stage.client()
        try idle.get("/")
        #expect(idle.readToEnd()?.hasPrefix("HTTP/1.1 204 ") == true)
        #expect(stage.loop.sync { stage.server.respond(exchange, status: 200) } == .sent)
    }

    @Test func `a reader of a whole answer that stalls is cut off`() throws {
        var limits = ServerLimits()
        limits.writeTime = Self.short
        let stage = try Stage(limits) { server, _, exchange in
            server.respond(exchange, status: 200, body: [UInt8](repeating: 0, count: 32 << 20))
        }
        let client = try Client(stage.address, receiveBuffer: 4096)
        try client.get("/")
        _ = stage.exchanges.take()
        while stage.counters.connectionsOpen > 0 { stage.settle() }
        #expect(stage.counters.cutOff == 1)
        #expect(stage.counters.bytesOut < 32 << 20)
    }

    @Test func `a drain lets answers finish, closes the idle and refuses the new`() throws {
        let stage = try Stage { server, request, exchange in
            if request.head.path == "/park" {
                server.park(exchange)
            } else {
                server.respond(exchange, status: 204)
            }
        }
        let idle = try stage.client()
        try idle.get("/")
        _ = try idle.answer()
        _ = stage.exchanges.take()
        let waiting = try stage.client()
        try waiting.get("/park")
        let exchange = try #require(stage.exchanges.take())
        let drained = Inbox<Void>()
        stage.loop.sync { stage.server.drain(deadline: .max) { drained.put(()) } }
        #expect(idle.readToEnd() == "")
        #expect(throws: Client.Failure.self) { try stage.client() }
        #expect(drained.isEmpty)
        #expect(stage.loop.sync { stage.server.respond(exchange, status: 200) } == .sent)
        #expect(waiting.readToEnd()?.contains("Connection: close\r\n") == true)
        waiting.close()
        #expect(drained.take() != nil)
    }

    @Test func `a drain's deadline cuts off the rest`() throws {
        let stage = try Stage(script: Stage.park)
        let client = try stage.client()
        try client.get("/")
        _ = stage.exchanges.take()
        let drained = Inbox<Void>()
        stage.loop.sync { stage.server.drain(deadline: stage.loop.now + Self.short) { drained.put(()) } }
        #expect(drained.take() != nil)
        #expect(stage.gone.take()?.1 == .drained)
        #expect(client.readToEnd() == "")
    }

    @Test func `without descriptors it sheds, rests and recovers`() throws {
        let stage = try Stage()
        // accept(2) fails as it does without descriptors, until it has been asked three times.
        let asked = Inbox<Void>()
        stage.loop.sync {
            var failures = 3
            stage.server.setAccept { listener in
                guard failures > 0 else { return loop_accept(listener) }
                failures -= 1
                asked.put(())
                return -EMFILE
            }
        }
        for _ in 0..<3 {
            // Closed or reset, but not left hanging.
            let shed = try stage.client()
            #expect((shed.readToEnd() ?? "").isEmpty)
            asked.take()
            // While it sheds it sheds whoever comes; the next one comes afterwards.
            stage.settle()
        }
        #expect(stage.counters.connectionsShed == 3)
        let client = try stage.client()
        try client.get("/")
        #expect(try client.answer().body == "GET / ")
    }
}
