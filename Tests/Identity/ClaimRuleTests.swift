import Testing

@testable import Identity

@Suite struct `Rules on claims` {
    static func claims(_ json: String) throws -> Claims { try Signer.token(json).claims }

    @Test(
        arguments: [
            ("a", ["a"]), ("a.b", ["a", "b"]),
            (#"kubernetes\.io.namespace"#, ["kubernetes.io", "namespace"]),
            (#"a\\.b"#, [#"a\"#, "b"]), ("https://x/y", ["https://x/y"]), ("", nil), (".", nil), ("a.", nil),
            ("a..b", nil), (#"a\b"#, nil), (#"a\"#, nil),
        ] as [(String, [String]?)])
    func `name a claim by its path`(text: String, names: [String]?) {
        #expect(ClaimPath(text)?.names == names)
    }

    @Test(arguments: ["{", "}", "a{b", "a}b{c}", "{}", "{a{b}}", "{a{b}", "{a.}", "{a}}"])
    func `have templates whose braces match`(text: String) { #expect(ClaimTemplate(text) == nil) }

    private static func rule(
        _ conditions: [String: [String]] = [:], identity: String = "github:{repository}:{ref}",
        role: Role = .runner, namespaces: [String] = ["ci"]
    ) -> ClaimRule {
        ClaimRule(
            conditions: conditions.map { .init(claim: ClaimPath($0)!, patterns: $1.map { Wildcard($0) }) },
            identity: ClaimTemplate(identity)!, role: role, namespaces: namespaces.map { ClaimTemplate($0)! })
    }

    /// As GitHub's documentation of OpenID Connect shows a token's claims.
    static let push = """
        {"sub":"repo:octo-org/octo-repo:environment:prod","repository":"octo-org/octo-repo","ref":"refs/heads/main",
         "event_name":"push","environment":"prod","run_id":"1","repository_visibility":"private"}
        """
    static let fork = push.replacing("\"push\"", with: "\"pull_request\"").replacing(
        "refs/heads/main", with: "refs/pull/7/merge")

    @Test(
        arguments: [
            (["event_name": ["push"]], true), (["event_name": ["pull_request"]], false),
            (["event_name": ["pull_request", "push"]], true),
            (["repository": ["octo-org/*"], "ref": ["refs/heads/*"]], true),
            (["repository": ["octo-org/*"], "ref": ["refs/tags/*"]], false),
            (["repository": ["octo"]], false), (["absent": ["*"]], false), (["repository.x": ["*"]], false),
            ([:], true),
        ] as [([String: [String]], Bool)])
    func `apply if every condition holds, by any of its patterns`(
        conditions: [String: [String]], applies: Bool
    ) throws {
        #expect(Self.rule(conditions).applies(to: try Self.claims(Self.push)) == applies)
    }

    @Test func `hold for strings only`() throws {
        let claims = try Self.claims(#"{"a":1,"b":true,"c":["x"],"d":{"e":"x"}}"#)
        for name in ["a", "b", "c", "d"] { #expect(!Self.rule([name: ["*"]]).applies(to: claims)) }
        #expect(Self.rule(["d.e": ["*"]]).applies(to: claims))
    }

    @Test func `make an identity and namespaces out of claims`() throws {
        let claims = try Self.claims(Self.push)
        let principal = try Self.rule(namespaces: ["ci-{environment}", "{environment}-*"]).principal(
            for: claims)
        #expect(principal.identity == "github:octo-org/octo-repo:refs/heads/main")
        #expect(principal.namespaces.map(\.description) == ["ci-prod", "prod-*"])
        #expect(principal.role == .runner)
    }

    @Test func `know Kubernetes' service accounts`() throws {
        let claims = try Self.claims(
            """
            {"sub":"system:serviceaccount:ci-op-1:builder",
             "kubernetes.io":{"namespace":"ci-op-1","serviceaccount":{"name":"builder"}}}
            """)
        let rule = Self.rule(
            [#"kubernetes\.io.namespace"#: ["ci-op-*"]], identity: "{sub}",
            namespaces: [#"{kubernetes\.io.namespace}"#])
        #expect(rule.applies(to: claims))
        let principal = try rule.principal(for: claims)
        #expect(principal.identity == "system:serviceaccount:ci-op-1:builder")
        #expect(principal.reaches("ci-op-1") && !principal.reaches("ci-op-2"))
    }

    @Test(arguments: ["*", "a*", "CI", "a.b", "a b", "ä", "", String(repeating: "a", count: 64)])
    func `put no claim into a namespace that none could have`(value: String) throws {
        let claims = try Self.claims("{\"n\":\"\(value)\"}")
        let rule = Self.rule(identity: "x", namespaces: ["{n}"])
        let refusal = #expect(throws: TokenRefusal.self) { try rule.principal(for: claims) }
        #expect(refusal?.kind == .rule)
    }

    @Test(arguments: ["{}", #"{"n":1}"#, #"{"n":""}"#, #"{"n":"a b"}"#, #"{"n":"a,b"}"#, #"{"n":"a*"}"#])
    func `make no identity that none could be`(json: String) throws {
        let claims = try Self.claims(json)
        let refusal = #expect(throws: TokenRefusal.self) {
            try Self.rule(identity: "x:{n}").principal(for: claims)
        }
        #expect(refusal?.kind == .rule)
    }

    @Test func `decide in their order, and none is a refusal that says so`() throws {
        var issuer = `A token of an issuer`.issuer
        issuer.rules = [
            Self.rule(["event_name": ["pull_request"]], role: .viewer),
            Self.rule(["repository": ["octo-org/octo-repo"]], role: .runner),
        ]
        func judge(_ claims: String) throws -> Role {
            let more = #""iss":"https://issuer.example","aud":"baton","exp":2000"#
            let token = try Signer.token("{\(more),\(claims.dropFirst())")
            let key = try #require(Signer.keySet().key(for: token))
            return try issuer.principal(of: token, signedBy: key, at: 1000, leeway: 0).role
        }
        #expect(try judge(Self.push) == .runner)
        #expect(try judge(Self.fork) == .viewer)
        let refusal = #expect(throws: TokenRefusal.self) {
            try judge(Self.push.replacing("octo-org/octo-repo", with: "evil/fork"))
        }
        #expect(refusal?.kind == .rule)
        #expect(refusal?.description.contains("no rule of its issuer https://issuer.example") == true)
    }
}
