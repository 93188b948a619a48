import Glibc
import JSON
import Testing

@testable import Client

/// One end of a real Unix socket, played by the test in the same loop: no thread.
final class PlayedServer {
    let path: String
    private let listener: Int32
    private(set) var connections: [Int32] = []
    private(set) var received = ""

    init() throws {
        path = "/tmp/baton-client-\(Random.hex(bytes: 6)).sock"
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0 && listen(listener, 8) == 0)
    }

    deinit {
        for connection in connections { close(connection) }
        close(listener)
        unlink(path)
    }

    var descriptors: [Int32] { [listener] + connections }

    /// Takes what has come.
    func serve() {
        while case let connection = accept(listener, nil, nil), connection >= 0 {
            connections.append(connection)
        }
        for connection in connections {
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = recv(connection, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            if count > 0 { received += String(decoding: bytes[..<count], as: UTF8.self) }
        }
    }

    func say(_ text: String) { File.write(text, to: connections.last ?? -1) }
    func hangUp() { close(connections.removeLast()) }
}

@Suite struct `Requests over a real socket` {
    let server: PlayedServer
    let transport: Transport

    init() throws {
        server = try PlayedServer()
        transport = Transport(
            try #require(Endpoint("unix:\(server.path)")), Credentials(.token("s3cret")), agent: "test")
    }

    /// The next event, with the server played meanwhile; nil after 5 s.
    private func next(_ heard: String? = nil) -> Transport.Event? {
        let deadline = Moment.now + .seconds(5)
        while Moment.now < deadline {
            if let event = transport.next() { return event }
            if let heard, server.received.contains(heard) { return nil }
            transport.wait(until: Moment.now + .milliseconds(20), server.descriptors)
            server.serve()
        }
        return nil
    }

    private func body(_ text: String, status: String = "200 OK", more: String = "") -> String {
        "HTTP/1.1 \(status)\r\nContent-Length: \(text.utf8.count)\r\n\(more)\r\n\(text)"
    }

    @Test func `say what they should, and the connection is used again`() {
        transport.start(
            1, HTTPRequest("POST", ["x"], body: JSON.object(["a": .number(Int64(1))])), timeout: .seconds(5))
        _ = next("{\"a\":1}")
        #expect(server.received.hasPrefix("POST /v1/x HTTP/1.1\r\n"))
        #expect(server.received.contains("Authorization: Bearer s3cret\r\n"))
        #expect(server.received.contains("Content-Type: application/json\r\n"))
        #expect(!server.received.contains("Expect"))
        server.say(body("{}"))
        #expect(next() == .finished(1, .success(HTTPResponse(status: 200, body: Array("{}".utf8)))))
        transport.start(2, HTTPRequest("GET", ["y"]), timeout: .seconds(5))
        _ = next("GET /v1/y")
        server.say(body("no", status: "503 Service Unavailable", more: "Retry-After: 3\r\n"))
        let answer = HTTPResponse(status: 503, body: Array("no".utf8), retryAfter: .seconds(3))
        #expect(next() == .finished(2, .success(answer)))
        #expect(server.connections.count == 1)
    }

    @Test func `a stream is told line by line, however it is cut`() {
        transport.start(1, HTTPRequest("POST", ["x"], body: .object([]), streams: true), timeout: nil)
        _ = next("\r\n\r\n{}")
        #expect(server.received.contains("Accept: application/x-ndjson"))
        server.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab\n\r\n2\r\ncd\r\n")
        #expect(next() == .line(1, Array("ab".utf8)))
        server.say("4\r\ne\nf\n\r\n0\r\n\r\n")
        #expect(next() == .line(1, Array("cde".utf8)))
        #expect(next() == .line(1, Array("f".utf8)))
        #expect(next() == .finished(1, .success(HTTPResponse(status: 200, body: []))))
    }

    @Test func `a connection that breaks is told as a failure`() {
        transport.start(1, HTTPRequest("POST", ["x"], body: .object([]), streams: true), timeout: nil)
        _ = next("\r\n\r\n{}")
        server.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab\n\r\n")
        #expect(next() == .line(1, Array("ab".utf8)))
        server.hangUp()
        guard case .finished(1, .failure) = next() else {
            Issue.record("it isn't told")
            return
        }
    }

    @Test func `silence ends at the timeout, and a cancelled request is heard of no more`() {
        transport.start(1, HTTPRequest("GET", ["a"]), timeout: .milliseconds(100))
        transport.start(2, HTTPRequest("GET", ["b"]), timeout: .milliseconds(50))
        transport.cancel(2)
        guard case .finished(1, .failure(let failure)) = next() else {
            Issue.record("no timeout")
            return
        }
        #expect(failure.text.contains("timed out"))
        #expect(transport.next() == nil)
    }

    @Test func `a server that isn't there is told`() {
        let nowhere = Transport(Endpoint("unix:/nonexistent/x")!, Credentials(.none), agent: "test")
        #expect(throws: TransportFailure.self) {
            try nowhere.perform(HTTPRequest("GET", ["a"]), timeout: .seconds(1))
        }
    }
}

@Suite struct `Tokens` {
    @Test func `are read again from their file for each request`() throws {
        let path = "/tmp/baton-token-\(Random.hex(bytes: 6))"
        defer { unlink(path) }
        let credentials = try Credentials(environment: ["BATON_TOKEN_FILE": path])
        #expect(throws: CredentialsError.self) { try credentials.token() }
        #expect(File.write("one\n", to: path))
        #expect(try credentials.token() == "one")
        #expect(File.write("two", to: path))
        #expect(try credentials.token() == "two")
    }

    static let job = [
        "ACTIONS_ID_TOKEN_REQUEST_URL": "https://x.example/?a=b", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t",
        "BATON_TOKEN_SOURCE": "github", "BATON_TOKEN_AUDIENCE": "baton",
    ]

    @Test(arguments: [
        (["BATON_TOKEN_SOURCE": "gitlab"], "no token source 'gitlab'"),
        (["BATON_TOKEN_AUDIENCE": ""], "needs an audience"),
        (["ACTIONS_ID_TOKEN_REQUEST_URL": ""], "id-token: write"),
        (["ACTIONS_ID_TOKEN_REQUEST_TOKEN": ""], "id-token: write"),
        (["BATON_TOKEN": "a"], "BATON_TOKEN and the token source github"),
        (["BATON_TOKEN_FILE": "/a"], "BATON_TOKEN_FILE and the token source github"),
    ])
    func `of a job need what the job was given`(changed: [String: String], words: String) throws {
        try Credentials(environment: Self.job).check()
        let error = #expect(throws: CredentialsError.self) {
            try Credentials(environment: Self.job.merging(changed) { $1 })
        }
        #expect(error?.text.contains(words) == true, "\(error?.text ?? "")")
    }

    @Test(arguments: ["", " \n", "a b", "a\r\nX-Evil: 1", "\u{e9}"])
    func `that would break a header are refused, unseen`(text: String) {
        let error = #expect(throws: CredentialsError.self) { try Credentials(.token(text)).token() }
        #expect(text.isEmpty || error?.text.contains(text) == false || text == " \n")
    }
}

@Suite struct `Replies` {
    static func reply(
        _ status: Int, _ body: String, to request: Campaigner.Request = .campaign(supersedes: nil)
    ) -> Reply? {
        Reply.from(
            .success(HTTPResponse(status: status, body: Array(body.utf8))), to: request, hasOutcome: false)
    }

    @Test func `an election`() {
        let text = """
            {"type":"outcome","outcome":"elected","fencingToken":17,"attempt":2,"maxAttempts":5,
            "lease":{"leaseDuration":90},"previous":{"holderIdentity":"anna","end":"expired"}}
            """
        let hold = Hold(
            token: 17, attempt: 2, maxAttempts: 5, duration: .seconds(90),
            previous: PastHold(holder: "anna", end: "expired"))
        #expect(Reply.from(line: Array(text.utf8)) == .elected(hold))
        #expect(Self.reply(200, text) == .elected(hold))
    }

    @Test func `lines that a later server may add are passed over`() {
        #expect(Reply.from(line: Array(#"{"type":"weather","sky":"blue"}"#.utf8)) == nil)
        #expect(Reply.from(line: Array("not json".utf8)) == nil)
    }

    @Test(arguments: [500, 502, 503, 504, 429, 408])
    func `what may go well next time is unknown`(status: Int) {
        guard case .unknown = Self.reply(status, "<html>", to: .renew(token: 1)) else {
            Issue.record("\(status)")
            return
        }
    }

    @Test(arguments: [200, 204, 301, 302]) func `what doesn't speak /v1 is refused`(status: Int) {
        guard case .refused(let problem) = Self.reply(status, "<html>", to: .renew(token: 1)) else {
            Issue.record("\(status)")
            return
        }
        #expect(problem.detail.contains("BATON_SERVER"))
    }

    @Test func `a problem is told with its detail`() {
        let text = #"{"type":"urn:baton:problem:hold-ended","title":"t","status":409,"detail":"it expired"}"#
        guard case .refused(let problem) = Self.reply(409, text, to: .renew(token: 1)) else {
            Issue.record("no refusal")
            return
        }
        #expect(problem.kind == "hold-ended")
        #expect(problem.text == "it expired")
    }

    @Test func `in a stream too`() {
        let text = #"{"type":"urn:baton:problem:unavailable","status":503,"detail":"stopping","kind":"x"}"#
        #expect(Reply.from(line: Array(text.utf8)) == .unknown(Outage("stopping", isSilent: false)))
        let stale = #"{"type":"urn:baton:problem:revision-differs","status":409,"detail":"x"}"#
        guard case .refused(let problem) = Reply.from(line: Array(stale.utf8)) else {
            Issue.record("no refusal")
            return
        }
        #expect(problem.kind == "revision-differs")
    }
}
