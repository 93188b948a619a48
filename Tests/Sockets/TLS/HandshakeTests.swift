import CLinux
import COpenSSL
import Glibc
import Testing

@testable import Sockets

@Suite struct `TLS handshakes` {
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

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `both versions are spoken, with a chain that leads to the authority`(version: Int32) throws {
        let stage = try stage()
        let client = try stage.tlsClient(.init(least: version, most: version, authority: authority))
        try client.get("/hello")
        #expect(try client.answer().body == "GET /hello ")
        #expect(SSL_version(client.ssl) == version)
        #expect(stage.counters.tls.full == [version == TLS1_2_VERSION ? .v12 : .v13: 1])
    }

    @Test(arguments: [TLS1_VERSION, TLS1_1_VERSION])
    func `older versions are refused, and the client is told why`(version: Int32) throws {
        let stage = try stage()
        let error = try #require(throws: TLSClient.Failure.self) {
            try stage.tlsClient(.init(least: version, most: version))
        }
        #expect(error.what.contains("protocol version"))
        stage.settleClosed()
        #expect(stage.counters.tls.refused == 1)
    }

    @Test func `with a least version of 1.3, 1.2 is refused`() throws {
        let stage = try Stage(tls: authority.context(minVersion: .v13))
        #expect(throws: TLSClient.Failure.self) { try stage.tlsClient(.init(most: TLS1_2_VERSION)) }
        try stage.tlsClient().get("/")
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `a handshake may come byte by byte`(version: Int32) throws {
        let stage = try stage()
        let client = try TLSClient(stage.address, .init(least: version, most: version)).handshake(piece: 1)
        try client.raw.send(client.encrypt("GET /drip HTTP/1.1\r\nHost: h\r\n\r\n", record: 1))
        #expect(try client.answer().body == "GET /drip ")
    }

    @Test func `a handshake that is cut off leaves nothing behind`() throws {
        let stage = try stage()
        let hello = try { () throws in
            let client = try TLSClient(stage.address)
            _ = try client.step()
            return client.ciphertext()
        }()
        for count in [0, 1, 5, hello.count / 2, hello.count] {
            let client = try stage.client()
            try client.send(Array(hello.prefix(count)))
            if count % 2 == 0 { client.close() } else { client.reset() }
        }
        while stage.counters.connectionsAccepted < 6 { stage.settle() }
        stage.settleClosed()
        #expect(stage.counters.tls.cutOff == 6)
        #expect(stage.exchanges.isEmpty)
    }

    @Test func `dripping doesn't prolong a handshake`() throws {
        var limits = ServerLimits()
        limits.handshakeTime = 200_000_000
        let stage = try stage(limits)
        let client = try TLSClient(stage.address)
        _ = try client.step()
        let hello = client.ciphertext()
        for byte in hello {
            guard stage.counters.connectionsOpen > 0 || stage.counters.connectionsAccepted == 0 else { break }
            try? client.raw.send([byte])
            usleep(10_000)
        }
        stage.settleClosed()
        #expect(stage.counters.tls.timedOut == 1)
    }

    @Test func `what was agreed on must be HTTP, if anything`() throws {
        let stage = try stage()
        let error = try #require(throws: TLSClient.Failure.self) {
            try stage.tlsClient(.init(protocols: ["h2"]))
        }
        #expect(error.what.contains("no application protocol"))
        for (offers, chosen) in [(["h2", "http/1.1"], "http/1.1"), (["http/1.0"], "http/1.0"), ([], "")] {
            let client = try stage.tlsClient(.init(protocols: offers))
            #expect(client.negotiated == chosen)
            try client.get("/")
            #expect(try client.answer().body == "GET / ")
        }
    }

    @Test func `who speaks plain HTTP is told so`() throws {
        let stage = try stage()
        let client = try stage.client()
        try client.get("/")
        let answer = try client.answer()
        #expect(answer.head.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(answer.body == "this port speaks TLS: use https://\r\n")
        #expect(client.readToEnd() == "")
        #expect(stage.counters.tls.plainHTTP == 1)
    }

    @Test func `a thousand peers at once are served`() throws {
        let stage = try stage(script: Stage.park)
        let clients = try (0..<1000).map { _ in try TLSClient(stage.address) }
        // All hellos are under way before the first is answered.
        for client in clients {
            _ = try client.step()
            try client.raw.send(client.ciphertext())
        }
        for client in clients { try client.handshake().get("/") }
        for _ in clients { try #require(stage.exchanges.take() != nil) }
        #expect(stage.counters.tls.full == [.v13: 1000])
        for client in clients { client.raw.close() }
        for _ in clients { try #require(stage.gone.take()?.1 == .closed) }
        stage.settleClosed()
    }

    // MARK: Resumption

    /// The session of a connection that has had an answer.
    private func session(_ stage: Stage, _ version: Int32, _ leaf: Authority.Leaf? = nil) throws
        -> OpaquePointer
    {
        let client = try stage.tlsClient(.init(least: version, most: version, certificate: leaf))
        try client.get("/")
        _ = try client.answer()
        try client.notifyClose()
        return try #require(client.session())
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `sessions are resumed, also with a new certificate`(version: Int32) throws {
        let stage = try stage()
        let session = try session(stage, version)
        defer { SSL_SESSION_free(session) }
        let next = try authority.context(after: context)
        for renewed in [false, true] {
            if renewed { stage.loop.sync { stage.server.tls = next } }
            let client = try stage.tlsClient(.init(least: version, most: version, session: session))
            try client.get("/again")
            #expect(try client.answer().body == "GET /again ")
            #expect(SSL_session_reused(client.ssl) == 1)
            // OpenSSL's client gives up the session of a connection that ended without.
            try client.notifyClose()
        }
        #expect(stage.counters.tls.resumed == [version == TLS1_2_VERSION ? .v12 : .v13: 2])
    }

    @Test func `sessions end when other client certificates are believed`() throws {
        let agents = try Authority("Agents")
        let agent = try agents.leaf("/O=build/CN=agent")
        let first = try authority.context(clients: .optional, of: agents)
        let stage = try Stage(tls: first)
        let session = try session(stage, TLS1_3_VERSION, agent)
        defer { SSL_SESSION_free(session) }
        let next = try authority.context(clients: .optional, of: Authority("Others"), after: first)
        stage.loop.sync { stage.server.tls = next }
        let client = try stage.tlsClient(.init(session: session))
        #expect(SSL_session_reused(client.ssl) == 0)
    }

    @Test func `a resumed session still says who the client is`() throws {
        let agents = try Authority("Agents")
        let context = try authority.context(clients: .required, of: agents)
        let stage = try Stage(tls: context) { server, _, exchange in
            let subject = server.peer(of: exchange)?.certificateSubject ?? "nobody"
            server.respond(exchange, status: 200, body: Array(subject.utf8))
        }
        let session = try session(stage, TLS1_3_VERSION, agents.leaf("/O=build/CN=agent"))
        defer { SSL_SESSION_free(session) }
        let client = try stage.tlsClient(.init(session: session))
        try client.get("/")
        #expect(try client.answer().body == "CN=agent,O=build")
        #expect(SSL_session_reused(client.ssl) == 1)
    }
}

@Suite struct `Client certificates` {
    let authority: Authority
    let agents: Authority

    init() throws {
        authority = try Authority()
        agents = try Authority("Agents")
    }

    /// What the server says of the peer; throws if it refuses.
    private func seen(_ clients: TLSContext.ClientCertificates, _ leaf: Authority.Leaf?, _ version: Int32)
        throws
        -> String
    {
        let context = try authority.context(clients: clients, of: agents)
        let stage = try Stage(tls: context) { server, _, exchange in
            let peer = server.peer(of: exchange)
            let text =
                "\(peer?.isEncrypted == true) \(peer?.address ?? "") \(peer?.certificateSubject ?? "nobody")"
            server.respond(exchange, status: 200, body: Array(text.utf8))
        }
        defer { #expect(stage.counters.tls.refused + stage.counters.tls.full.values.reduce(0, +) == 1) }
        let client = try stage.tlsClient(.init(least: version, most: version, certificate: leaf))
        try client.get("/")
        return try client.answer().body
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `asked for or not, a certificate is verified`(version: Int32) throws {
        let agent = try agents.leaf("/O=build/CN=Zoë, agent")
        let stranger = try authority.leaf("/CN=agent")
        let late = try agents.leaf("/CN=late", days: -1)
        #expect(try seen(.none, agent, version) == "true 127.0.0.1 nobody")
        for asked in [TLSContext.ClientCertificates.optional, .required] {
            #expect(try seen(asked, agent, version) == #"true 127.0.0.1 CN=Zoë\, agent,O=build"#)
            #expect(throws: TLSClient.Failure.self) { try seen(asked, stranger, version) }
            #expect(throws: TLSClient.Failure.self) { try seen(asked, late, version) }
        }
        #expect(try seen(.optional, nil, version) == "true 127.0.0.1 nobody")
        #expect(throws: TLSClient.Failure.self) { try seen(.required, nil, version) }
    }
}

@Suite struct `What TLS is given` {
    @Test func `what doesn't fit is refused by its name`() throws {
        let authority = try Authority()
        let leaf = try authority.leaf().text
        let other = try authority.leaf().text
        func part(_ change: (inout TLSContext.Material) -> Void) -> TLSError.Part? {
            var material = TLSContext.Material(certificates: leaf, key: leaf)
            change(&material)
            do throws(TLSError) {
                _ = try TLSContext(material)
                return nil
            } catch { return error.part }
        }
        #expect(part { _ in } == nil)
        #expect(part { $0.key = other } == .key)
        #expect(part { $0.key = [] } == .key)
        #expect(part { $0.certificates = Array("rubbish".utf8) } == .certificate)
        #expect(part { $0.certificates = leaf.dropLast(40) } == .certificate)
        #expect(part { $0.certificates += Array("-----BEGIN CERTIFICATE-----\nAAAA\n".utf8) } == .certificate)
        #expect(part { $0.clientCA = [] } == .clientCA)
    }

    @Test func `a certificate's facts are those that openssl tells`() throws {
        let facts = try Authority().context(Authority().leaf("/O=build/CN=here")).certificate
        #expect(facts.subject == "CN=here,O=build")
        #expect(facts.fingerprint.count == 64)
        let day = Int64(86_400)
        #expect(abs(facts.notAfter - Int64(time(nil)) - 2 * day) < day / 24)
        #expect(facts.notAfterText.hasSuffix("Z") && facts.notAfterText.count == 20)
    }
}
