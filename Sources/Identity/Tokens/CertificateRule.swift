/// What the bearers of certificates may do whose subject matches.
public struct CertificateRule: Hashable, Sendable {
    /// A star stands within one plain value: for no comma, plus sign or backslash. So whoever may choose
    /// a name for a certificate can't put further attributes into it (RFC 4514 §2.4 escapes them).
    public let pattern: Wildcard
    /// Nil: it is made from the subject.
    public let identity: String?
    public let role: Role
    public let namespaces: [Glob]

    public init(pattern: String, identity: String?, role: Role, namespaces: [Glob]) {
        self.pattern = Wildcard(pattern, barriers: Array(",+\\".utf8))
        self.identity = identity
        self.role = role
        self.namespaces = namespaces
    }

    func principal(for subject: String) throws(CertificateError) -> Principal {
        guard let identity = identity ?? Self.identity(of: subject) else {
            throw CertificateError(subject: subject)
        }
        return Principal(identity: identity, role: role, namespaces: namespaces)
    }

    /// `CN=agent 1,O=build` is `cert:CN:agent+1/O:build`. Nil for a subject with any other character that
    /// no identity has, or that one of these stands for: different subjects never become one identity.
    public static func identity(of subject: String) -> String? {
        var identity = "cert:"
        for scalar in subject.unicodeScalars {
            switch scalar {
            case "=": identity += ":"
            case ",": identity += "/"
            case " ": identity += "+"
            case ":", "/", "+": return nil
            default: identity.unicodeScalars.append(scalar)
            }
        }
        return TokenFile.isIdentity(identity) ? identity : nil
    }
}

/// A certificate is known, and its subject can't be made an identity.
public struct CertificateError: Error, Hashable, Sendable {
    public let subject: String
}
