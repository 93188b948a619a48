/// Who may vouch for others, for whom, and what that gives them.
public struct Issuer: Hashable, Sendable {
    /// `iss`, exactly as tokens have it.
    public var name: String
    /// A token has to be meant for one of them.
    public var audiences: [String]
    public var source: KeySource
    /// The first that applies decides.
    public var rules: [ClaimRule]

    public init(name: String, audiences: [String], source: KeySource, rules: [ClaimRule]) {
        self.name = name
        self.audiences = audiences
        self.source = source
        self.rules = rules
    }

    /// Who bears it.
    ///
    /// - Parameters:
    ///   - now: the wall clock, in seconds since 1970-01-01 UTC.
    ///   - leeway: how many seconds the clocks may differ by.
    /// - Precondition: `claims.issuer` is this one.
    public func principal(
        of token: JSONWebToken, signedBy key: PublicKey, at now: Double, leeway: Double
    ) throws(TokenRefusal) -> Principal {
        precondition(token.claims.issuer == name, "a token is judged by its own issuer")
        guard token.isSigned(by: key) else {
            throw TokenRefusal(.signature, "The token's signature is not that of its issuer's key.")
        }
        try token.claims.check(audiences: audiences, at: now, leeway: leeway)
        guard let rule = rules.first(where: { $0.applies(to: token.claims) }) else {
            throw TokenRefusal(
                .rule, "The token is genuine, and no rule of its issuer \(name) applies to it.")
        }
        return try rule.principal(for: token.claims)
    }
}

/// Where an issuer's keys are fetched.
public struct KeySource: Hashable, Sendable {
    public enum Place: Hashable, Sendable {
        case keySet(url: String)
        /// OpenID Connect Discovery 1.0 §4: the issuer's URL tells it.
        case discovery(issuer: String)
    }
    public var place: Place
    /// Certificates of authorities, PEM; nil: the system's.
    public var caFile: String?
    /// What is shown to the host of `place`, and to no other; read again each time.
    public var bearerTokenFile: String?

    public init(place: Place, caFile: String? = nil, bearerTokenFile: String? = nil) {
        self.place = place
        self.caFile = caFile
        self.bearerTokenFile = bearerTokenFile
    }
}
