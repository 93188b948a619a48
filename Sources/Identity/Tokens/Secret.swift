import Digest

/// A new token's secret: `btk_` and 32 random bytes in base64url (RFC 4648 §5), 43 characters.
public enum Secret {
    /// By which scanners find one that was published.
    public static let prefix = "btk_"
    static let randomBytes = 32

    /// - Parameter generator: has to be the system's, but in tests.
    public static func make(from generator: inout some RandomNumberGenerator) -> String {
        let bytes = (0..<randomBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return prefix + Base64URL.encode(bytes)
    }
}
