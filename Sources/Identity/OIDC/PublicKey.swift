import COpenSSL

/// A key that signatures are verified with.
///
/// It is bound to its one algorithm: a signature of another is refused before any arithmetic, whatever
/// a token's header says.
public final class PublicKey: Sendable, Hashable {
    public let algorithm: SigningAlgorithm
    /// SubjectPublicKeyInfo, RFC 5280 §4.1: equal keys have equal bytes.
    private let encoded: [UInt8]
    /// An EVP_PKEY. It isn't changed once it is made, and OpenSSL counts its references atomically.
    private nonisolated(unsafe) let key: OpaquePointer

    private init?(_ algorithm: SigningAlgorithm, _ encoded: [UInt8]) {
        // d2i_PUBKEY reads the structure, and for a curve that the point lies on it.
        let made = encoded.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var at = bytes.baseAddress
            return d2i_PUBKEY(nil, &at, bytes.count)
        }
        guard let made else {
            // What failed stays in the thread's queue otherwise, for somebody else to find.
            ERR_clear_error()
            return nil
        }
        self.algorithm = algorithm
        self.encoded = encoded
        key = made
    }

    deinit { EVP_PKEY_free(key) }

    /// - Parameters: unsigned numbers, the most significant byte first.
    /// - Returns: nil unless the modulus has 2048 to 8192 bits and the exponent is odd and more than 1.
    public static func rsa(modulus: [UInt8], exponent: [UInt8]) -> PublicKey? {
        let modulus = modulus.drop { $0 == 0 }
        let exponent = exponent.drop { $0 == 0 }
        guard let first = modulus.first, let last = exponent.last else { return nil }
        // RFC 7518 §3.3: "A key of size 2048 bits or larger MUST be used". Larger ones than 8192 only cost.
        let bits = modulus.count * 8 - first.leadingZeroBitCount
        guard (2048...8192).contains(bits) else { return nil }
        // A larger exponent than 64 bits only costs as well.
        guard last & 1 == 1, Array(exponent) != [1], exponent.count <= 8 else { return nil }
        // RFC 8017 A.1: rsaEncryption, 1.2.840.113549.1.1.1, with parameters NULL.
        let identifier: [UInt8] = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]
        let numbers = DER.sequence(DER.integer(modulus), DER.integer(exponent))
        return PublicKey(
            .rs256, DER.sequence(DER.sequence(identifier, DER.null), DER.bitString(numbers)))
    }

    /// - Returns: nil unless both have 32 bytes and are a point on P-256.
    public static func p256(x: [UInt8], y: [UInt8]) -> PublicKey? {
        // RFC 7518 §6.2.1.2: the length is that of the curve's field, zeros included.
        guard x.count == 32, y.count == 32 else { return nil }
        // RFC 5480 §2.1.1: id-ecPublicKey, 1.2.840.10045.2.1, on secp256r1, 1.2.840.10045.3.1.7.
        let identifier: [UInt8] = [0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]
        let curve: [UInt8] = [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
        // SEC 1 §2.3.3: 4, then both coordinates.
        return PublicKey(
            .es256, DER.sequence(DER.sequence(identifier, curve), DER.bitString([4] + x + y)))
    }

    /// Whether this key made that signature of those bytes.
    public func verifies(_ signature: [UInt8], of message: [UInt8], by algorithm: SigningAlgorithm) -> Bool {
        guard algorithm == self.algorithm, let signature = opensslSignature(signature),
            let context = EVP_MD_CTX_new()
        else { return false }
        defer { EVP_MD_CTX_free(context) }
        // EVP_DigestVerify(3): 1 for success; 0 and negative numbers for all that is none.
        guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1,
            EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
        else {
            ERR_clear_error()
            return false
        }
        return true
    }

    /// RFC 7518 §3.4: ES256 signs with R and S, 32 bytes each; OpenSSL wants the structure of
    /// RFC 3279 §2.2.3. RSA's are alike.
    private func opensslSignature(_ signature: [UInt8]) -> [UInt8]? {
        guard algorithm == .es256 else { return signature }
        guard signature.count == 64 else { return nil }
        return DER.sequence(DER.integer(signature[..<32]), DER.integer(signature[32...]))
    }

    public static func == (left: PublicKey, right: PublicKey) -> Bool { left.encoded == right.encoded }
    public func hash(into hasher: inout Hasher) { hasher.combine(encoded) }
}
