import Glibc
import Testing
import Wire

@testable import Sockets

@Suite struct `Serving requests` {
    @Test func `pipelined requests are answered in order`() throws {
        let stage = try Stage()
        let client = try stage.client()
        let count = 500
        try client.send((0..<count).map { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined())
        for number in 0..<count { #expect(try client.answer().body == "GET /\(number) ") }
    }

    @Test func `pipelined requests wait for answers that come later`() throws {
        let stage = try Stage { server, request, exchange in
            let path = request.head.path
            server.park(exchange)
            server.loop.post { server.respond(exchange, status: 200, body: Array(path.utf8)) }
        }
        let client = try stage.client()
        try client.send((0..<50).map { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined())
        for number in 0..<50 { #expect(try client.answer().body == "/\(number)") }
    }

    @Test func `a request may arrive byte by byte`() throws {
        let stage = try Stage()
        let client = try stage.client()
        for byte in "PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
            .utf8
        {
            try client.send(String(decoding: [byte], as: UTF8.self))
        }
        #expect(try client.answer().body == "PUT /a abc")
    }

    @Test func `a large body and a large answer pass`() throws {
        let stage = try Stage()
        let client = try stage.client()
        let body = String(repeating: "0123456789", count: 100_000)
        try client.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        #expect(try client.answer().body == "PUT / \(body)")
        try client.get("/again")
        #expect(try client.answer().body == "GET /again ")
    }

    @Test func `a half-closed peer still gets its answers`() throws {
        let stage = try Stage()
        let client = try stage.client()
        try client.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
        client.halfClose()
        let text = try #require(client.readToEnd())
        #expect(text.contains("GET /1 "))
        #expect(text.hasSuffix("GET /2 "))
        #expect(stage.gone.isEmpty)
    }

    @Test func `the answer to HEAD has no body`() throws {
        let stage = try Stage()
        let client = try stage.client()
        try client.send("HEAD /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        let text = try #require(client.readToEnd())
        #expect(text.contains("Content-Length: 8\r\n"))
        #expect(text.hasSuffix("\r\n\r\n"))
    }

    @Test func `the 1.0 peer that asks keeps its connection`() throws {
        let stage = try Stage()
        let client = try stage.client()
        try client.send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(try client.answer().head.contains("Connection: keep-alive"))
        try client.send("GET /2 HTTP/1.0\r\n\r\n")
        #expect(try #require(client.readToEnd()).hasSuffix("GET /2 "))
    }

    @Test func `100 Continue is sent, or a refusal in its place`() throws {
        let stage = try Stage()
        stage.refusal = { $0.path == "/no" ? Answer(status: 401) : nil }
        let client = try stage.client()
        let fields = "Host: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        try client.send("PUT /yes HTTP/1.1\r\n\(fields)")
        #expect(try client.read(to: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        try client.send("abc")
        #expect(try client.answer().body == "PUT /yes abc")
        try client.send("PUT /no HTTP/1.1\r\n\(fields)")
        #expect(try #require(client.readToEnd()).hasPrefix("HTTP/1.1 401 "))
    }

    @Test func `unfinished bodies have a limit in all`() throws {
        var limits = ServerLimits()
        limits.wire = Limits(bodyBytes: 1_000)
        limits.bodyBytesInAll = 1_000
        let stage = try Stage(limits)
        let start = "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n"
        let first = try stage.client()
        try first.send(start + String(repeating: "a", count: 600))
        while stage.counters.bytesIn < 600 { stage.settle() }
        let second = try stage.client()
        try second.send(start + String(repeating: "b", count: 600))
        #expect(second.readToEnd()?.hasPrefix("HTTP/1.1 503 ") == true)
        try first.send(String(repeating: "a", count: 400))
        #expect(try first.answer().body.hasSuffix("aaa"))
        #expect(stage.loop.sync { stage.server.bodyBytesHeld } == 0)
    }

    @Test func `a breach is answered in full though the peer still sends`() throws {
        let stage = try Stage()
        let client = try stage.client()
        try client.send("GET / HTTP/1.1\nHost: h\r\n\r\n" + String(repeating: "x", count: 100_000))
        let text = try #require(client.readToEnd())
        #expect(text.hasPrefix("HTTP/1.1 400 "))
        #expect(text.contains("Connection: close"))
        #expect(text.hasSuffix("a line ends in LF without CR\n"))
    }

    @Test(arguments: ["127.0.0.1", "::1", "localhost"])
    func `it listens on`(_ host: String) throws {
        let stage = try Stage(on: .tcp(host: host, port: 0))
        let client = try stage.client()
        try client.get("/")
        #expect(try client.answer().body == "GET / ")
    }

    @Test func `a Unix socket is made, served, taken over when stale, and removed`() throws {
        let path = "/tmp/sockets-test-\(getpid())"
        for _ in 0..<2 {
            let stage = try Stage(on: .unix(path: path, access: SocketFileAccess(mode: 0o600)))
            var status = stat()
            #expect(stat(path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            let client = try stage.client()
            try client.get("/")
            #expect(try client.answer().body == "GET / ")
            #expect(throws: SystemError.self) { try Stage(on: .unix(path: path)) }
            stage.stop()
        }
        #expect(access(path, F_OK) != 0)
    }

    @Test func `a thousand connections at once`() throws {
        let stage = try Stage()
        let clients = try (0..<1_000).map { _ in try stage.client() }
        for (number, client) in clients.enumerated() { try client.get("/\(number)") }
        for (number, client) in clients.enumerated() {
            #expect(try client.answer().body == "GET /\(number) ")
        }
        #expect(stage.counters.connectionsOpen == 1_000)
    }

    @Test func `connections above the limit are told so`() throws {
        var limits = ServerLimits()
        limits.connections = 1
        let stage = try Stage(limits)
        let first = try stage.client()
        try first.get("/")
        _ = try first.answer()
        let second = try stage.client()
        let said = try #require(second.readToEnd())
        #expect(said.hasPrefix("HTTP/1.1 503 ") && said.contains("\r\nConnection: close\r\n"))
        #expect(said.hasSuffix("\r\n\r\nas many connections as may: 1\n"))
        #expect(stage.counters.connectionsShed == 1)
    }

    @Test func `connections of one address have a limit of their own`() throws {
        var limits = ServerLimits()
        limits.connectionsPerAddress = 1
        let stage = try Stage(limits)
        let first = try stage.client()
        try first.get("/")
        _ = try first.answer()
        #expect(try stage.client().readToEnd()?.hasPrefix("HTTP/1.1 503 ") == true)
        first.close()
        while stage.counters.connectionsOpen > 0 { stage.settle() }
        let third = try stage.client()
        try third.get("/")
        #expect(try third.answer().body == "GET / ")
    }
}
