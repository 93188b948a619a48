import Testing

@testable import Identity

@Suite struct `A token of an issuer` {
    static let refusals: [(String, TokenRefusal.Kind, String)] = [
        ("", .malformed, "has 1 parts"), ("a.b", .malformed, "has 2 parts"),
        ("a.b.c.d", .malformed, "has 4 parts"),
        ("..", .malformed, "header that is no JSON"),
        ("a+b.e30.AAAA", .malformed, "header that is no base64url"),
        (Signer.unsigned("[]"), .malformed, "header that is an array"),
        (Signer.unsigned(#"{"alg":"RS256","alg":"none"}"#), .malformed, "comes twice"),
        (Signer.unsigned(#"{"alg":"none"}"#), .algorithm, "alg none"),
        (Signer.unsigned(#"{"alg":"nOnE"}"#), .algorithm, "alg none"),
        (Signer.unsigned(#"{"alg":"HS256"}"#), .algorithm, "HS256, which signs with a shared secret"),
        (Signer.unsigned(#"{"alg":"hs512"}"#), .algorithm, "HS512, which signs with a shared secret"),
        (Signer.unsigned(#"{"alg":"RS512"}"#), .algorithm, #"alg "RS512""#),
        (Signer.unsigned(#"{"alg":"rs256"}"#), .algorithm, #"alg "rs256""#),
        (Signer.unsigned(#"{"alg":["RS256"]}"#), .algorithm, "no alg"),
        (Signer.unsigned(#"{"typ":"JWT"}"#), .algorithm, "no alg"),
        (Signer.unsigned(#"{"alg":"ES256","crit":["b64"],"b64":false}"#), .malformed, "crit"),
        (Signer.unsigned(#"{"alg":"ES256","crit":[]}"#), .malformed, "crit"),
        (Signer.unsigned(#"{"alg":"ES256","kid":7}"#), .malformed, "kid that is no string"),
        (Signer.unsigned(#"{"alg":"ES256"}"#, "[]"), .malformed, "payload that is an array"),
        (Signer.unsigned(#"{"alg":"ES256"}"#, #"{"sub":"a","sub":"b"}"#), .malformed, "comes twice"),
        (Signer.unsigned(#"{"alg":"ES256"}"#, #"{"a":{"b":1,"b":2}}"#), .malformed, "comes twice"),
        (Signer.unsigned(#"{"alg":"ES256"}"#) + "=", .malformed, "signature that is no base64url"),
        (
            String(Signer.unsigned(#"{"alg":"ES256"}"#).dropLast(4)), .malformed,
            "signature that is no base64url"
        ),
        (
            Signer.unsigned(#"{"alg":"ES256"}"#) + String(repeating: "A", count: 8192), .malformed,
            "8192 bytes"
        ),
    ]

    @Test(arguments: refusals)
    func `is refused with its fault`(text: String, kind: TokenRefusal.Kind, words: String) {
        let refusal = #expect(throws: TokenRefusal.self) { try JSONWebToken(parsing: text) }
        #expect(refusal?.kind == kind)
        #expect(refusal?.description.contains(words) == true, "\(refusal?.description ?? "")")
    }

    @Test func `may say what it is, and where its key would be, to no effect`() throws {
        let header = #"{"alg":"ES256","typ":"JWT","kid":"a","jku":"https://evil.example","jwk":{}}"#
        let token = try JSONWebToken(parsing: Signer.unsigned(header))
        #expect(token.keyID == "a")
        #expect(token.algorithm == .es256)
    }

    static let issuer = Issuer(
        name: "https://issuer.example", audiences: ["baton", "other"],
        source: KeySource(place: .discovery(issuer: "https://issuer.example")),
        rules: [
            ClaimRule(
                conditions: [], identity: ClaimTemplate("id:{sub}")!, role: .viewer,
                namespaces: [ClaimTemplate("*")!])
        ])

    /// At 1000, with a leeway of 30.
    static func judge(_ claims: String) throws -> Principal {
        let token = try Signer.token("{\"iss\":\"https://issuer.example\",\(claims)}")
        let key = try #require(Signer.keySet().key(for: token))
        return try issuer.principal(of: token, signedBy: key, at: 1000, leeway: 30)
    }

    @Test(arguments: [
        #""sub":"a","aud":"baton","exp":1001"#, #""sub":"a","aud":["x","other"],"exp":970.5"#,
        #""sub":"a","aud":"baton","exp":1e3,"nbf":1030,"iat":1030.0"#,
    ])
    func `is taken while it holds, for one of our audiences`(claims: String) throws {
        #expect(try Self.judge(claims).identity == "id:a")
    }

    @Test(
        arguments: [
            (#""sub":"a","aud":"baton","exp":970"#, .expired, "expired 30 s ago"),
            (#""sub":"a","aud":"baton","exp":-1e300"#, .expired, "expired"),
            (#""sub":"a","aud":"baton","exp":2000,"nbf":1031"#, .early, "its nbf is 31 s ahead"),
            (#""sub":"a","aud":"baton","exp":2000,"iat":1031"#, .early, "its iat"),
            (#""sub":"a","aud":"baton","exp":2000,"nbf":"now""#, .malformed, "nbf that is no number"),
            (#""sub":"a","aud":"baton""#, .malformed, "no exp"),
            (#""sub":"a","aud":"baton","exp":"2000""#, .malformed, "no exp"),
            (#""sub":"a","aud":"baton","exp":1e999"#, .malformed, "no exp"),
            (#""sub":"a","aud":"batonX","exp":2000"#, .audience, "is meant for batonX"),
            (#""sub":"a","aud":[],"exp":2000"#, .audience, "is meant for nobody"),
            (#""sub":"a","exp":2000"#, .audience, "is meant for nobody"),
            (#""sub":"a","aud":["baton",1],"exp":2000"#, .malformed, "aud that is neither"),
            (#""sub":"a","aud":{"baton":1},"exp":2000"#, .malformed, "aud that is neither"),
            (#""aud":"baton","exp":2000"#, .malformed, "no sub"),
            (#""sub":"","aud":"baton","exp":2000"#, .malformed, "no sub"),
            (#""sub":["a"],"aud":"baton","exp":2000"#, .malformed, "no sub"),
        ] as [(String, TokenRefusal.Kind, String)])
    func `is not taken before, after, or for others`(
        claims: String, kind: TokenRefusal.Kind, words: String
    ) {
        let refusal = #expect(throws: TokenRefusal.self) { try Self.judge(claims) }
        #expect(refusal?.kind == kind)
        #expect(refusal?.description.contains(words) == true, "\(refusal?.description ?? "")")
    }

    @Test func `with another's signature is refused before its claims are looked at`() throws {
        let token = try Signer.token(#"{"iss":"https://issuer.example","sub":"a"}"#)
        let other = try Signatures.key(Signatures.rsa)
        let refusal = #expect(throws: TokenRefusal.self) {
            try Self.issuer.principal(of: token, signedBy: other, at: 1000, leeway: 30)
        }
        #expect(refusal?.kind == .signature)
    }
}
