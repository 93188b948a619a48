import Digest

/// What the file of tokens says: whose secrets are accepted, and who is known by what the connection
/// itself proves. Of secrets it has the SHA-256 only: who reads the file can't use them.
///
/// A plain hash is enough, since a secret is 32 random bytes and no password: it can't be guessed,
/// however fast the hash. For tokens that somebody thought up this would not hold.
public struct TokenTable: Sendable {
    /// One line of the file.
    public struct Entry: Hashable, Sendable {
        public var digest: TokenDigest
        public var principal: Principal

        public init(digest: TokenDigest, principal: Principal) {
            self.digest = digest
            self.principal = principal
        }
    }

    public let entries: [Entry]
    /// The first that matches decides.
    public let certificates: [CertificateRule]
    /// By user.
    public let users: [UInt32: Principal]

    /// - Precondition: no digest is there twice.
    public init(
        _ entries: [Entry] = [], certificates: [CertificateRule] = [], users: [UInt32: Principal] = [:]
    ) {
        precondition(Set(entries.map(\.digest)).count == entries.count, "a digest stands for one principal")
        self.entries = entries
        self.certificates = certificates
        self.users = users
    }

    /// How many lines say something.
    public var count: Int { entries.count + certificates.count + users.count }
    /// Whether it takes a look at the connection to know who asks.
    public var knowsPeers: Bool { !certificates.isEmpty || !users.isEmpty }

    /// Whose secret it is that has this digest; nil: nobody's.
    ///
    /// Every entry is compared, whole and without a branch, so that the time tells neither how much of
    /// a digest was right nor where in the file it stands.
    public func authenticate(_ asked: TokenDigest) -> Principal? {
        var found: UInt64 = 0
        for (index, entry) in entries.enumerated() {
            let mask = 0 &- entry.digest.sameness(as: asked)
            found |= UInt64(index + 1) & mask
        }
        return found == 0 ? nil : entries[Int(found) - 1].principal
    }
}

extension TokenTable {
    /// Who is at the other end, by what the connection proves; nil: it proves nothing that stands here.
    /// A certificate counts more than the user of a Unix socket.
    ///
    /// - Parameters:
    ///   - subject: of a verified certificate, as RFC 4514 writes it.
    ///   - user: who opened the socket, by the kernel's word.
    public func authenticate(
        certificate subject: String?, user: UInt32?
    ) throws(CertificateError) -> Principal? {
        if let subject, let rule = certificates.first(where: { $0.pattern.matches(subject) }) {
            return try rule.principal(for: subject)
        }
        return user.flatMap { users[$0] }
    }
}

/// The SHA-256 of a secret.
public struct TokenDigest: Hashable, Sendable, CustomStringConvertible {
    private let words: SIMD4<UInt64>

    public init(of secret: String) {
        self.init(bytes: SHA256.digest(Array(secret.utf8)))
    }

    /// `sha256:` and 64 digits of lower-case hexadecimal; nil for anything else.
    public init?(_ text: String) {
        guard text.hasPrefix("sha256:"), let bytes = Hex.decode(String(text.dropFirst(7))),
            bytes.count == SHA256.digestBytes
        else { return nil }
        self.init(bytes: bytes)
    }

    private init(bytes: [UInt8]) {
        var words = SIMD4<UInt64>()
        for (index, byte) in bytes.enumerated() { words[index / 8] = words[index / 8] << 8 | UInt64(byte) }
        self.words = words
    }

    /// 1 if they are the same, else 0; in a time that doesn't depend on it.
    func sameness(as other: TokenDigest) -> UInt64 {
        let differing = words ^ other.words
        let any = differing[0] | differing[1] | differing[2] | differing[3]
        // The top bit of x | -x is set for every x but zero.
        return 1 - ((any | (0 &- any)) >> 63)
    }

    public var description: String {
        let bytes = (0..<4).flatMap { word in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: words[word] >> UInt64($0)) }
        }
        return "sha256:" + Hex.encode(bytes)
    }
}
