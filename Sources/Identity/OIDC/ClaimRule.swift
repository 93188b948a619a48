import JSON

/// Who gets what: claims that have to be there, and what whoever has them may do.
public struct ClaimRule: Hashable, Sendable {
    /// One claim, and the patterns of which one has to match it. It has to be a string.
    public struct Condition: Hashable, Sendable {
        public var claim: ClaimPath
        public var patterns: [Wildcard]

        public init(claim: ClaimPath, patterns: [Wildcard]) {
            self.claim = claim
            self.patterns = patterns
        }
    }
    /// All of them have to hold. None: the rule is for every token of the issuer.
    public var conditions: [Condition]
    public var identity: ClaimTemplate
    public var role: Role
    /// Each becomes a `Glob`, and only the rule itself can put a star into it.
    public var namespaces: [ClaimTemplate]

    public init(
        conditions: [Condition], identity: ClaimTemplate, role: Role, namespaces: [ClaimTemplate]
    ) {
        self.conditions = conditions
        self.identity = identity
        self.role = role
        self.namespaces = namespaces
    }

    func applies(to claims: Claims) -> Bool {
        conditions.allSatisfy { condition in
            guard let value = condition.claim.value(in: claims)?.string else { return false }
            return condition.patterns.contains { $0.matches(value) }
        }
    }

    func principal(for claims: Claims) throws(TokenRefusal) -> Principal {
        let identity = try identity.text(of: claims) { _ in true }
        guard TokenFile.isIdentity(identity) else {
            throw TokenRefusal(
                .rule,
                "The identity \(identity.debugDescription) is not valid; it is \(TokenFile.identityRule).")
        }
        var globs: [Glob] = []
        for namespace in namespaces {
            let pattern = try namespace.text(of: claims, where: Self.isPartOfNamespace)
            guard let glob = Glob(pattern) else {
                throw TokenRefusal(
                    .rule,
                    "The namespace \(pattern.debugDescription) is not valid; \(TokenFile.namespacesRule).")
            }
            globs.append(glob)
        }
        return Principal(identity: identity, role: role, namespaces: globs)
    }

    /// A star in a claim would be a pattern that whoever wrote the rule didn't write.
    private static func isPartOfNamespace(_ value: String) -> Bool {
        Glob(value) != nil && !value.utf8.contains(UInt8(ascii: "*"))
    }
}
