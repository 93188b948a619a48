import API
import Coordination
import Glibc
import Identity
import Logging
import Sockets
import Store
import Testing

@testable import Daemon

@Suite struct `The gate` {
    private static let face = Elections(incarnation: 1)
    private static let access = Access(.run, namespace: "ci")
    private static let secret = "btk_of-the-test"

    private static func gate(_ lines: String...) throws -> Gate {
        var path = Array("/tmp/baton-gate.XXXXXX\0".utf8CString)
        let file = mkstemp(&path)
        try #require(file >= 0)
        defer { close(file) }
        let text = lines.joined(separator: "\n")
        #expect(write(file, text, text.utf8.count) == text.utf8.count)
        var configuration = Configuration()
        configuration.tokensFile = String(decoding: path.prefix { $0 != 0 }.map { UInt8($0) }, as: UTF8.self)
        defer { unlink(configuration.tokensFile!) }
        return try Gate(
            configuration, Clocks(loop: EventLoop(label: "test")),
            Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private static func peer(_ subject: String? = nil, user: UInt32? = nil) -> Peer {
        var peer = Peer()
        peer.certificateSubject = subject
        peer.owner = user.map { ProcessOwner(user: $0, group: 0, process: 1) }
        return peer
    }

    /// The identity that passes, or the status of the refusal.
    private static func decide(_ gate: Gate, _ fields: [String] = [], _ peer: Peer) -> String {
        switch gate.decide(access, fields, face, peer: peer) {
        case .pass(let principal): principal?.identity ?? "nobody"
        case .refuse(let response, _): String(response.status)
        case .later: "later"
        }
    }

    @Test func `without tokens a certificate gives an identity, and no right that others don't have`() throws
    {
        var configuration = Configuration()
        configuration.tls.clientCertificates = "optional"
        let gate = try Gate(
            configuration, Clocks(loop: EventLoop(label: "test")),
            Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        #expect(Self.decide(gate, [], Self.peer("CN=agent-1,O=build")) == "cert:CN:agent-1/O:build")
        #expect(Self.decide(gate, [], Self.peer()) == "nobody")
        #expect(Self.decide(gate, [], Self.peer("CN=a:b")) == "403")
    }

    @Test func `takes what a request says before what its connection proves`() throws {
        let gate = try Self.gate(
            "\(TokenDigest(of: Self.secret)) identity=token role=runner namespaces=*",
            "certificate:CN=agent-*,O=build role=runner namespaces=ci",
            "uid:7 role=runner namespaces=ci")
        let both = Self.peer("CN=agent-1,O=build", user: 7)
        #expect(Self.decide(gate, ["Bearer \(Self.secret)"], both) == "token")
        #expect(Self.decide(gate, [], both) == "cert:CN:agent-1/O:build")
        #expect(Self.decide(gate, [], Self.peer(user: 7)) == "unix:7")
        #expect(Self.decide(gate, [], Self.peer("CN=stranger", user: 7)) == "unix:7")
        #expect(Self.decide(gate, ["Bearer wrong"], both) == "401")
        #expect(Self.decide(gate, ["Bearer"], both) == "401")
        #expect(Self.decide(gate, [], Self.peer("CN=stranger", user: 8)) == "401")
        #expect(Self.decide(gate, [], Self.peer()) == "401")
    }

    @Test func `refuses a subject that can't be an identity, and a role that isn't enough`() throws {
        let gate = try Self.gate(
            "certificate:CN=a/* role=runner namespaces=ci", "certificate:CN=viewer role=viewer namespaces=ci")
        #expect(Self.decide(gate, [], Self.peer("CN=a/b")) == "403")
        #expect(Self.decide(gate, [], Self.peer("CN=viewer")) == "403")
    }

    @Test func `asks for the peer only if it matters`() throws {
        func mustNotBeAsked() -> Peer? {
            Issue.record("a system call for nothing")
            return nil
        }
        let tokens = try Self.gate("\(TokenDigest(of: Self.secret)) identity=token role=runner namespaces=*")
        _ = tokens.decide(Self.access, [], Self.face, peer: mustNotBeAsked())
        let users = try Self.gate(
            "\(TokenDigest(of: Self.secret)) identity=token role=runner namespaces=*",
            "uid:7 role=admin namespaces=*")
        _ = users.decide(Self.access, ["Bearer \(Self.secret)"], Self.face, peer: mustNotBeAsked())
        _ = users.decide(nil, [], Self.face, peer: mustNotBeAsked())
    }

    /// What the core compares is the identity, however it was proven.
    @Test func `tells two certificates of one role apart, and the core refuses one with the other's token`()
        throws
    {
        let gate = try Self.gate("certificate:CN=*,O=build role=runner namespaces=ci")
        let now = Clocks(loop: try EventLoop(label: "test")).now
        let key = Key(namespace: "ci", name: "work")
        var core = Coordinator(
            settings: CoreSettings(), revision: 0, names: [NameRecords(key: key)], usage: [:],
            namespaces: [], scale: SQLiteStore.scale, at: now)
        var effects: [Effect] = []
        func command(_ verb: String, _ body: String, by subject: String) throws -> Command {
            let asked = APIRequest(
                method: "POST", path: ["v1", "namespaces", "ci", "leases", "work", verb],
                body: Array(body.utf8))
            let routed = Self.face.route(
                asked, as: 1, at: now, principal: Self.decide(gate, [], Self.peer(subject)))
            guard case .command(let command, _) = routed.action else {
                throw ConfigurationError("no command: \(routed.action)")
            }
            return command
        }
        try core.apply(
            command("campaign", #"{"holderIdentity":"anna"}"#, by: "CN=a,O=build"), at: now, effects: &effects
        )
        let claim = "{\"holderIdentity\":\"anna\",\"fencingToken\":\(core.revision)}"
        for verb in ["renew", "complete", "resign"] {
            let stranger = try command(verb, claim, by: "CN=b,O=build")
            #expect(throws: Rejection.notTheHolder(holder: "anna")) {
                try core.apply(stranger, at: now, effects: &effects)
            }
        }
        try core.apply(command("complete", claim, by: "CN=a,O=build"), at: now, effects: &effects)
    }
}
