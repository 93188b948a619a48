import Testing

@testable import Identity

@Suite struct `Those who are known without a token` {
    private func read(_ text: String) throws(TokenFileError) -> TokenTable {
        try TokenFile.read(Array(text.utf8), path: "tokens")
    }

    @Test func `have a line of their own`() throws {
        let table = try read(
            """
            certificate:CN=agent-*,O=build role=runner namespaces=ci-*   # the agents
            certificate:"CN=agent 1,O=Example ""Quoted"" Corp" identity=agent-1 role=viewer namespaces=ci
            uid:1000 role=admin namespaces=*
            uid:0 identity=root role=viewer namespaces=ci
            """)
        #expect(table.count == 4)
        #expect(table.knowsPeers)
        let agent = try table.authenticate(certificate: "CN=agent-7,O=build", user: 1000)
        #expect(agent?.identity == "cert:CN:agent-7/O:build")
        #expect(agent?.role == .runner)
        let quoted = try table.authenticate(certificate: #"CN=agent 1,O=Example "Quoted" Corp"#, user: nil)
        #expect(quoted?.identity == "agent-1")
        #expect(try table.authenticate(certificate: nil, user: 1000)?.identity == "unix:1000")
        #expect(try table.authenticate(certificate: "CN=stranger", user: 0)?.identity == "root")
        #expect(try table.authenticate(certificate: "CN=stranger", user: 1) == nil)
        #expect(try table.authenticate(certificate: nil, user: nil) == nil)
    }

    /// Whoever chooses their own name must not get to choose what comes behind it.
    @Test(
        arguments: [
            ("CN=agent-*,O=build", "CN=agent-1,O=build", true),
            ("CN=agent-*,O=build", "CN=agent-1,OU=x,O=build", false),
            (#"CN=agent-*,O=build"#, #"CN=agent-1\,O=build"#, false),
            ("CN=agent-*,O=build", "CN=agent-1+UID=2,O=build", false),
            ("CN=agent-*,O=build", "CN=agent-1,O=build,C=X", false), ("CN=*", "CN=agent 1", true),
            ("CN=a*b*c", "CN=axbyc", true), ("CN=a*b*c", "CN=ax,byc", false),
            ("*,O=build", "CN=a,O=build", true),
            ("*,O=build", "CN=a,OU=b,O=build", false),
        ])
    func `are matched within one value`(pattern: String, subject: String, matches: Bool) {
        let rule = CertificateRule(pattern: pattern, identity: nil, role: .viewer, namespaces: [])
        #expect(rule.pattern.matches(subject) == matches)
    }

    @Test(
        arguments: [
            ("CN=agent 1,O=build", "cert:CN:agent+1/O:build"), ("CN=a@b.example", "cert:CN:a@b.example"),
            ("CN=a:b", nil), ("CN=a/b", nil), ("CN=a+UID=b", nil), (#"CN=a\,b"#, nil), ("CN=ä", nil),
            ("CN=" + String(repeating: "a", count: 246), nil),
        ] as [(String, String?)])
    func `have an identity that no other subject has, or none`(subject: String, identity: String?) {
        #expect(CertificateRule.identity(of: subject) == identity)
    }

    @Test func `can't act without an identity`() throws {
        let table = try read("certificate:CN=* role=runner namespaces=*")
        #expect(throws: CertificateError(subject: "CN=ä")) {
            try table.authenticate(certificate: "CN=ä", user: nil)
        }
    }

    @Test(arguments: [
        ("uid:x role=admin namespaces=*", "uid: x is no user's number"),
        ("uid:01 role=admin namespaces=*", "uid: 01 is no user's number"),
        ("uid:-1 role=admin namespaces=*", "uid: -1 is no user's number"),
        ("uid:4294967296 role=admin namespaces=*", "uid: 4294967296 is no"),
        ("uid:1 namespaces=*", "role: is missing"),
        ("certificate: role=viewer namespaces=*", "certificate: the subject is missing"),
        ("certificate:\"CN=a role=viewer namespaces=*", "a quote without its partner"),
        ("certificate:\"CN=a\"x role=viewer namespaces=*", "a quote without its partner"),
        ("certificate:CN=a b role=viewer namespaces=*", "b: there are identity="),
        ("certificate:CN=ä role=viewer namespaces=*", "identity: is missing, and the subject"),
        ("certificate:CN=a identity=ä role=viewer namespaces=*", "identity: ä is not valid"),
    ])
    func `have wrong lines refused`(line: String, message: String) {
        let error = #expect(throws: TokenFileError.self) { try read(line) }
        #expect(error?.description.hasPrefix("tokens:1: " + message) == true, "\(error?.description ?? "")")
    }

    @Test func `are there once each`() {
        let twice = "uid:1 role=admin namespaces=*\nuid:1 role=viewer namespaces=*"
        #expect(throws: TokenFileError.self) { try read(twice) }
        let same = "certificate:CN=a role=admin namespaces=*\ncertificate:\"CN=a\" role=viewer namespaces=*"
        #expect(throws: TokenFileError.self) { try read(same) }
    }

    @Test func `are told of when they change`() throws {
        let old = try read("uid:1 role=admin namespaces=*\ncertificate:CN=a* role=viewer namespaces=*")
        let new = try read("uid:1 role=viewer namespaces=*\ncertificate:CN=b* role=viewer namespaces=*")
        let changes = TokenChanges(from: old, to: new)
        #expect(changes.added == ["certificate:CN=b*"])
        #expect(changes.removed == ["certificate:CN=a*"])
        #expect(changes.changed == ["unix:1"])
    }
}
