import COpenSSL
import Digest
import JSON

@testable import Identity

/// An issuer's secret key: RFC 7515, appendix A.3.1.
struct Signer {
    static let keyID = "of-the-rfc"
    static let jwk = """
        {"kty":"EC","crv":"P-256","kid":"of-the-rfc",
         "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
        """
    private static let secret = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"

    static func keySet(_ jwks: String...) throws -> JSONWebKeySet {
        let list = (jwks.isEmpty ? [jwk] : jwks).joined(separator: ",")
        return try JSONWebKeySet(parsing: Array("{\"keys\":[\(list)]}".utf8))
    }

    static func encoded(_ json: String) -> String { Base64URL.encode(json.utf8) }

    /// Three parts that nobody has signed.
    static func unsigned(_ header: String, _ claims: String = "{}") -> String {
        "\(encoded(header)).\(encoded(claims)).AAAA"
    }

    static func token(_ claims: String, kid: String = keyID) throws -> JSONWebToken {
        try JSONWebToken(parsing: text(claims, kid: kid))
    }

    static func text(_ claims: String, kid: String = keyID) throws -> String {
        let signed = "\(encoded("{\"alg\":\"ES256\",\"kid\":\"\(kid)\"}")).\(encoded(claims))"
        return "\(signed).\(Base64URL.encode(sign(Array(signed.utf8))))"
    }

    private static func sign(_ message: [UInt8]) -> [UInt8] {
        // RFC 5915 §3: version 1, the number, [0] and the curve.
        let number = Base64URL.decode(secret.utf8)!
        let curve: [UInt8] = [0xA0, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
        let encoded = DER.sequence(DER.integer([1]), [0x04, 0x20] + number, curve)
        let key = encoded.withUnsafeBufferPointer { bytes in
            var at = bytes.baseAddress
            return d2i_AutoPrivateKey(nil, &at, bytes.count)
        }
        let context = EVP_MD_CTX_new()
        defer {
            EVP_MD_CTX_free(context)
            EVP_PKEY_free(key)
        }
        var signature = [UInt8](repeating: 0, count: 80)
        var count = signature.count
        precondition(EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1)
        precondition(EVP_DigestSign(context, &signature, &count, message, message.count) == 1)
        return raw(signature)
    }

    /// R and S out of their DER: short lengths only, which hold for P-256.
    private static func raw(_ der: [UInt8]) -> [UInt8] {
        let first = 4..<(4 + Int(der[3]))
        let second = (first.upperBound + 2)..<(first.upperBound + 2 + Int(der[first.upperBound + 1]))
        return [first, second].flatMap { range in
            let number = der[range].drop { $0 == 0 }
            return [UInt8](repeating: 0, count: 32 - number.count) + number
        }
    }
}
