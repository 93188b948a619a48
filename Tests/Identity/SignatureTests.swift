import Digest
import Testing

@testable import Identity

@Suite struct `Signatures` {
    /// RFC 7515, appendix A.2 and A.3: one payload, signed twice.
    static let payload =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    static let rs256 =
        "eyJhbGciOiJSUzI1NiJ9." + payload
        + ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujG"
        + "bds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0G"
        + "arZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgG"
        + "Y9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
    static let es256 =
        "eyJhbGciOiJFUzI1NiJ9." + payload
        + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    static let modulus =
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR"
        + "T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-K"
        + "XBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_"
        + "h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
    static let rsa = "{\"kty\":\"RSA\",\"n\":\"\(modulus)\",\"e\":\"AQAB\"}"

    static func key(_ jwk: String) throws -> PublicKey { try #require(Signer.keySet(jwk).keys.first).key }

    @Test(arguments: [(rs256, rsa), (es256, Signer.jwk)])
    func `the RFC's own hold, and not with a bit changed anywhere`(text: String, jwk: String) throws {
        let key = try Self.key(jwk)
        let token = try JSONWebToken(parsing: text)
        #expect(token.isSigned(by: key))
        #expect(token.claims.issuer == "joe")
        for position in stride(from: 0, to: token.signature.count, by: 7) {
            var signature = token.signature
            signature[position] ^= 1
            #expect(!key.verifies(signature, of: token.signed, by: token.algorithm))
        }
        for position in stride(from: 0, to: token.signed.count, by: 7) {
            var signed = token.signed
            signed[position] ^= 1
            #expect(!key.verifies(token.signature, of: signed, by: token.algorithm))
        }
    }

    @Test func `a key of one kind verifies nothing of another`() throws {
        let (rsa, curve) = (try Self.key(Self.rsa), try Self.key(Signer.jwk))
        let (first, second) = (try JSONWebToken(parsing: Self.rs256), try JSONWebToken(parsing: Self.es256))
        #expect(!first.isSigned(by: curve))
        #expect(!second.isSigned(by: rsa))
        // Nor if a header had lied about what it is.
        #expect(!rsa.verifies(second.signature, of: second.signed, by: .rs256))
        #expect(!curve.verifies(first.signature, of: first.signed, by: .es256))
    }

    @Test func `one that is too short, too long, or zero is none`() throws {
        let curve = try Self.key(Signer.jwk)
        let token = try JSONWebToken(parsing: Self.es256)
        let wrong = [
            [], Array(token.signature.dropLast()), token.signature + [0], [UInt8](repeating: 0, count: 64),
            [UInt8](repeating: 0xFF, count: 64),
        ]
        for signature in wrong { #expect(!curve.verifies(signature, of: token.signed, by: .es256)) }
    }

    @Test func `a signature whose numbers begin with zeros or a set bit holds`() throws {
        let key = try Self.key(Signer.jwk)
        // Of 400 some numbers begin with a zero byte, and half of them with a set bit.
        for count in 0..<400 { #expect(try Signer.token("{\"n\":\(count)}").isSigned(by: key)) }
    }
}

@Suite struct `Base64url` {
    @Test(arguments: ["", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Pz8-", "Pz8_"])
    func `is read as it was written`(text: String) throws {
        #expect(Base64URL.encode(try #require(Base64URL.decode(text.utf8))) == text)
    }

    @Test(arguments: ["Zg==", "Zm8=", "Z", "Zm9vY", "Zh", "Zm9", "Zm+v", "Zm/v", "Zm9v\n", " Zm9v", "Zm9vé"])
    func `has one spelling only`(text: String) { #expect(Base64URL.decode(text.utf8) == nil) }
}
