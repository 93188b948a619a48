/// The algorithms of RFC 7518 §3.1 that are taken. `none` and the HS family are not among them: with
/// HS256 whoever knows an issuer's public key could sign.
public enum SigningAlgorithm: String, Hashable, Sendable {
    /// RSASSA-PKCS1-v1_5 with SHA-256, by a key of 2048 bits or more.
    case rs256 = "RS256"
    /// ECDSA on P-256 with SHA-256.
    case es256 = "ES256"
}
