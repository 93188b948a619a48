/// Why a token of an issuer isn't taken. What it says may be shown to whoever sent the token.
public struct TokenRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// Few and fixed: they are counted.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// It is no token as RFC 7515 and 7519 have it.
        case malformed
        /// `none`, HS256 or another one that isn't taken.
        case algorithm
        /// Its issuer isn't configured.
        case issuer
        /// Its issuer doesn't know the key.
        case key
        case signature
        case expired
        /// Not yet valid.
        case early
        case audience
        /// It is genuine, and no rule gives it a role.
        case rule
        /// It can't be judged at present: the issuer's keys can't be fetched.
        case unavailable
    }
    public var kind: Kind
    public var description: String

    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
