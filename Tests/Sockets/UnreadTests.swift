import Testing
import Wire

@testable import Sockets

/// Peers that ask and don't read.
struct UnreadTests {
    private static let long = 32 << 20

    /// A long answer for `/long`, else a short one.
    private static let script: Stage.Script = { server, request, exchange in
        let count = request.head.path == "/long" ? long : 10
        server.respond(exchange, status: 200, body: [UInt8](repeating: 0, count: count))
    }

    @Test func `a reader of an answer that takes it too slowly is cut off`() throws {
        var limits = ServerLimits()
        limits.writeTime = 300_000_000
        limits.bodyRate = 1_000_000_000
        let stage = try Stage(limits, script: Self.script)
        let client = try Client(stage.address, receiveBuffer: 4096)
        try client.get("/long")
        _ = stage.exchanges.take()
        // It always takes some, and would need minutes.
        while stage.counters.connectionsOpen > 0 { _ = try? client.read(count: 1000) }
        #expect(stage.counters.cutOff == 1)
        #expect(stage.counters.bytesOut < Self.long)
        #expect(client.readToEnd() == nil, "a reset: nobody takes this for the whole answer")
    }

    @Test func `unread answers have a limit in all`() throws {
        var limits = ServerLimits()
        limits.backlogBytesInAll = 48 << 20
        let stage = try Stage(limits, script: Self.script)
        let idler = try Client(stage.address, receiveBuffer: 4096)
        try idler.get("/long")
        while stage.counters.bytesOut == 0 { stage.settle() }
        #expect(stage.loop.sync { stage.server.backlogBytesHeld } > 16 << 20)
        let second = try stage.client()
        try second.get("/long")
        #expect(second.readToEnd()?.hasPrefix("HTTP/1.1 503 ") == true)
        // Short answers go on.
        let third = try stage.client()
        try third.get("/short")
        #expect(try third.answer().head.hasPrefix("HTTP/1.1 200 "))
        idler.reset()
        while stage.loop.sync({ stage.server.backlogBytesHeld }) > 0 { stage.settle() }
        try third.get("/long")
        #expect(try third.answer().body.utf8.count == Self.long)
        while stage.loop.sync({ stage.server.backlogBytesHeld }) > 0 { stage.settle() }
    }
}
