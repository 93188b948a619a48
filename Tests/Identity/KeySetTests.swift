import Testing

@testable import Identity

@Suite struct `A key set` {
    static let (rsa, curve) = (Signatures.rsa, Signer.jwk)

    static func with(_ jwk: String, _ member: String) -> String { "{\(member)," + jwk.dropFirst() }

    @Test func `has RSA keys and those of P-256`() throws {
        let set = try Signer.keySet(Self.rsa, Self.curve)
        #expect(set.keys.map(\.key.algorithm) == [.rs256, .es256])
        #expect(set.skipped.isEmpty)
    }

    @Test(arguments: [
        (#"{"kty":"oct","k":"AAAA"}"#, "its kty"), (#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#, "its kty"),
        (#"{"n":"AQAB"}"#, "its kty is missing"), ("7", "its kty is missing"),
        (#"{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}"#, "its crv"),
        (#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#, "no point"),
        (#"{"kty":"EC","crv":"P-256","x":"AA"}"#, "its y is missing"),
        (#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, "no RSA key of 2048"),
        (#"{"kty":"RSA","e":"AQAB"}"#, "its n is missing"),
        (rsa.replacing("AQAB", with: "AQ"), "no RSA key"), (rsa.replacing("AQAB", with: "Ag"), "no RSA key"),
        (rsa.replacing("AQAB", with: "AQAB="), "its e is missing or no base64url"),
        (with(rsa, #""use":"enc""#), "its use"), (with(rsa, #""key_ops":["sign"]"#), "its key_ops"),
        (with(rsa, #""key_ops":"verify""#), "its key_ops"), (with(rsa, #""alg":"RS512""#), "its alg"),
        (with(rsa, #""alg":"ES256""#), "its alg"), (with(curve, #""alg":"RS256""#), "its alg"),
        (with(rsa, #""kid":1"#), "its kid"),
    ])
    func `passes over what it can't use, and says why`(jwk: String, why: String) throws {
        let set = try Signer.keySet(jwk, Self.curve)
        #expect(set.keys.count == 1)
        #expect(set.skipped.count == 1)
        #expect(set.skipped.first?.contains(why) == true, "\(set.skipped)")
        #expect(throws: KeySetError.self) { try Signer.keySet(jwk) }
    }

    @Test func `respects what a key is for`() throws {
        let jwk = Self.with(Self.rsa, #""use":"sig","key_ops":["verify"],"alg":"RS256""#)
        #expect(try Signer.keySet(jwk).keys.count == 1)
    }

    @Test func `takes a point on the curve only`() throws {
        let off = Self.curve.replacing("x_FEzRu9m36", with: "x_FEzRu9m37")
        #expect(throws: KeySetError.self) { try Signer.keySet(off) }
    }

    @Test(arguments: ["", "[]", "{}", #"{"keys":{}}"#, #"{"keys":[]}"#, #"{"keys":[],"keys":[]}"#, "nothing"])
    func `is refused if it is none`(text: String) {
        #expect(throws: KeySetError.self) { try JSONWebKeySet(parsing: Array(text.utf8)) }
    }

    @Test func `with one kid twice is refused, and with too many keys`() {
        let other = Self.with(Self.rsa, #""kid":"of-the-rfc""#)
        #expect(throws: KeySetError("two of its keys have the kid of-the-rfc")) {
            try Signer.keySet(Self.curve, other)
        }
        let many = Array(repeating: Self.rsa, count: JSONWebKeySet.keysMax + 1).joined(separator: ",")
        #expect(throws: KeySetError.self) { try JSONWebKeySet(parsing: Array("{\"keys\":[\(many)]}".utf8)) }
    }

    @Test func `finds a key by its kid, and without one if there is no choice`() throws {
        let set = try Signer.keySet(Self.rsa, Self.curve)
        #expect(set.key(for: try Signer.token("{}")) == set.keys[1].key)
        #expect(set.key(for: try Signer.token("{}", kid: "other")) == nil)
        #expect(set.key(for: try JSONWebToken(parsing: Signatures.es256)) == set.keys[1].key)
        let two = try Signer.keySet(Self.curve, Self.curve.replacing("of-the-rfc", with: "b"))
        #expect(two.key(for: try JSONWebToken(parsing: Signatures.es256)) == nil)
    }
}
