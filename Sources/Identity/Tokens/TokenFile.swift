/// The file of tokens, one a line; who is known without a token has a line as well:
///
///     # who, what, where
///     sha256:<64 hexadecimal digits> identity=ci-op role=runner namespaces=ci-op-*,release
///     certificate:CN=agent-*,O=build role=runner namespaces=ci-*
///     certificate:"CN=agent 1,O=Example Corp" identity=agent-1 role=runner namespaces=ci
///     uid:1000 role=admin namespaces=*
///
/// What proves it comes first, then `identity`, `role` and `namespaces` in any order, each once. Words
/// are parted by spaces or tabs; a word that begins with `#` begins a comment. An identity may have
/// several lines, with different digests: so a new token can be given out before the old one goes.
///
/// A subject with spaces, or with a quote, stands in double quotes; a quote within is written twice.
public enum TokenFile {
    public static let identityRule = "1 to 253 of the characters A-Z a-z 0-9 . _ - + : / @"
    public static let namespacesRule = "patterns of a-z 0-9 - and *, each at most 63 long, parted by commas"
    public static let roleRule = Role.allCases.map(\.rawValue).joined(separator: ", ")

    /// - Parameter path: how errors call it.
    public static func read(_ text: [UInt8], path: String) throws(TokenFileError) -> TokenTable {
        var entries: [TokenTable.Entry] = []
        var certificates: [CertificateRule] = []
        var users: [UInt32: Principal] = [:]
        var places: [Proof: Int] = [:]
        let parted = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, bytes) in parted.enumerated() {
            let line = TokenLine(path: path, number: index + 1)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw line.error("is not UTF-8")
            }
            guard let words = try line.words(text), let first = words.first else { continue }
            let proof = try line.proof(first)
            if let earlier = places.updateValue(line.number, forKey: proof) {
                throw line.error("\(proof.name): the same \(proof.kind) stands in line \(earlier)")
            }
            let fields = try line.fields(words.dropFirst())
            switch proof {
            case .secret(let digest):
                entries.append(.init(digest: digest, principal: try line.principal(fields)))
            case .certificate(let pattern): certificates.append(try line.certificate(pattern, fields))
            case .user(let user): users[user] = try line.principal(fields, default: "unix:\(user)")
            }
        }
        return TokenTable(entries, certificates: certificates, users: users)
    }

    /// The line for a new token.
    public static func line(_ entry: TokenTable.Entry) -> String {
        let principal = entry.principal
        return "\(entry.digest) identity=\(principal.identity) role=\(principal.role.rawValue) "
            + "namespaces=\(principal.namespaces.map(\.description).joined(separator: ","))"
    }

    public static func isIdentity(_ text: String) -> Bool {
        (1...253).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { scalar in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-", "+", ":", "/", "@": true
                default: false
                }
            }
    }

    /// What a line begins with.
    enum Proof: Hashable {
        case secret(TokenDigest)
        case certificate(String)
        case user(UInt32)

        /// What it begins with, up to the colon.
        var name: String {
            switch self {
            case .secret: "sha256"
            case .certificate: "certificate"
            case .user: "uid"
            }
        }

        var kind: String {
            switch self {
            case .secret: "token"
            case .certificate: "subject"
            case .user: "user"
            }
        }
    }
}

/// Why a file of tokens is not read: names the file, the line and the field.
public struct TokenFileError: Error, CustomStringConvertible, Sendable {
    public let description: String
    init(_ description: String) { self.description = description }
}
