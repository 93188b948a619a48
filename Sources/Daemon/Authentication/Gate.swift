import API
import Coordination
import Glibc
import Identity
import Logging
import Sockets

/// Decides who may pass, before anything is done or said.
///
/// Without a file of tokens and without issuers everybody may do everything, and only who has shown a
/// certificate has an identity: then the addresses that are listened on, and the authority of the
/// certificates, keep strangers out. What a request says of itself counts
/// more than what its connection proves: `Authorization`, then a certificate, then a Unix user. A request
/// that waits already isn't cut off when its token goes; what its holder would do next is refused.
final class Gate {
    enum Decision {
        /// Who authenticated, where that was needed.
        case pass(Principal?)
        /// With the identity that has authenticated all the same.
        case refuse(APIResponse, identity: String? = nil)
        /// Nothing can be said before an issuer's keys are there; `onNews` is called when to ask again.
        case later
    }

    private let tokensPath: String?
    private let issuersPath: String?
    private let log: Logger
    private(set) var tokens: TokenTable
    let issuers: Issuers
    /// Whether nobody has to prove anything here.
    let isOpen: Bool
    /// Whether peers may have shown a certificate.
    private let seesCertificates: Bool

    /// - Throws: `ConfigurationError`.
    init(_ configuration: Configuration, _ clocks: Clocks, _ log: Logger) throws(ConfigurationError) {
        tokensPath = configuration.tokensFile
        issuersPath = configuration.auth.issuersFile
        isOpen = tokensPath == nil && issuersPath == nil
        seesCertificates = configuration.tls.clientCertificates != "none"
        self.log = log
        tokens = try Self.readTokens(tokensPath)
        issuers = Issuers(try Self.readIssuers(issuersPath), configuration.auth, clocks, log)
    }

    /// - Parameters:
    ///   - authorization: the values of the fields of that name.
    ///   - peer: who is at the other end; asked only if it matters, since it takes a system call.
    func decide(
        _ access: Access?, _ authorization: @autoclosure () -> [String], _ face: any Refusing,
        peer: @autoclosure () -> Peer?
    ) -> Decision {
        guard let access else { return .pass(nil) }
        guard !isOpen else { return seesCertificates ? pass(peer(), face) : .pass(nil) }
        switch Credentials(authorization: authorization()) {
        case .malformed: return .refuse(face.response(unauthenticated: true, because: nil))
        case .bearer(let secret): return decide(access, bearing: secret, face)
        case .none:
            guard tokens.knowsPeers, let peer = peer() else { break }
            do throws(CertificateError) {
                let known = try tokens.authenticate(
                    certificate: peer.certificateSubject, user: peer.owner?.user)
                if let known { return decide(access, known, face) }
            } catch {
                return .refuse(face.response(unnameable: error.subject))
            }
        }
        return .refuse(face.response(unauthenticated: false, because: nil))
    }

    /// They may do everything; but what they hold belongs to them.
    private func pass(_ peer: Peer?, _ face: any Refusing) -> Decision {
        guard let subject = peer?.certificateSubject else { return .pass(nil) }
        guard let identity = CertificateRule.identity(of: subject), let all = Glob("*") else {
            return .refuse(face.response(unnameable: subject))
        }
        return .pass(Principal(identity: identity, role: .admin, namespaces: [all]))
    }

    private func decide(_ access: Access, bearing secret: String, _ face: any Refusing) -> Decision {
        let digest = TokenDigest(of: secret)
        if let known = tokens.authenticate(digest) { return decide(access, known, face) }
        guard issuersPath != nil, JSONWebToken.isLike(secret) else {
            return .refuse(face.response(unauthenticated: true, because: nil))
        }
        switch issuers.judge(secret, digest) {
        case .principal(let known): return decide(access, known, face)
        case .later: return .later
        case .refused(let refusal):
            switch refusal.kind {
            case .rule: return .refuse(face.response(unruly: refusal.description))
            case .unavailable: return .refuse(face.response(unjudged: refusal.description))
            default: return .refuse(face.response(unauthenticated: true, because: refusal.description))
            }
        }
    }

    private func decide(_ access: Access, _ principal: Principal, _ face: any Refusing) -> Decision {
        let needed = access.verb.role
        guard principal.permits(needed, in: access.namespace) else {
            let reached = principal.reaches(access.namespace)
            return .refuse(
                face.response(
                    forbidden: access, to: principal.identity, role: principal.role.rawValue,
                    needed: principal.role >= needed ? nil : needed.rawValue,
                    namespaces: reached ? nil : principal.namespaces.map(\.description)),
                identity: principal.identity)
        }
        return .pass(principal)
    }

    // MARK: Files

    /// Reads the files again. A broken one changes nothing: what was there stays. Returns what the audit
    /// record has to say of it.
    func reload(at time: Timestamp) -> AuditEntry {
        var details: [String: String] = [:]
        var faults: [String] = []
        func read(_ what: String, _ body: () throws(ConfigurationError) -> Changes) {
            do throws(ConfigurationError) {
                let changes = try body()
                log.notice("the \(what) were read again", metadata: changes.metadata(counting: what))
                details.merge(changes.details(counting: what)) { first, _ in first }
            } catch {
                log.error(
                    "the \(what) can't be read again; those from before stay",
                    metadata: ["reason": "\(error)"])
                faults.append("\(error)")
            }
        }
        if tokensPath != nil { read("tokens", reloadTokens) }
        if issuersPath != nil { read("issuers", reloadIssuers) }
        var entry = AuditEntry(.reload, .done, at: time)
        if !faults.isEmpty {
            entry = AuditEntry(.reload, .failed, at: time, reason: faults.joined(separator: "; "))
        }
        entry.details = details
        return entry
    }

    private func reloadTokens() throws(ConfigurationError) -> Changes {
        let new = try Self.readTokens(tokensPath)
        let changes = TokenChanges(from: tokens, to: new)
        tokens = new
        return Changes(
            count: new.count, added: changes.added, removed: changes.removed, changed: changes.changed)
    }

    private func reloadIssuers() throws(ConfigurationError) -> Changes {
        let new = try Self.readIssuers(issuersPath)
        let before = Dictionary(uniqueKeysWithValues: issuers.issuers.map { ($0.name, $0) })
        let after = Set(new.map(\.name))
        issuers.replace(with: new)
        return Changes(
            count: new.count, added: new.map(\.name).filter { before[$0] == nil },
            removed: before.keys.filter { !after.contains($0) }.sorted(),
            changed: new.filter { before[$0.name] != nil && before[$0.name] != $0 }.map(\.name))
    }

    private static func readTokens(_ path: String?) throws(ConfigurationError) -> TokenTable {
        guard let path else { return TokenTable() }
        let text = try bytes("auth.tokensFile", path)
        do throws(TokenFileError) {
            return try TokenFile.read(text, path: path)
        } catch {
            throw ConfigurationError("auth.tokensFile: \(error)")
        }
    }

    private static func readIssuers(_ path: String?) throws(ConfigurationError) -> [Issuer] {
        guard let path else { return [] }
        let text = try bytes("auth.issuersFile", path)
        do throws(ConfigurationError) {
            return try IssuersFile.read(text, path: path)
        } catch {
            throw ConfigurationError("auth.issuersFile: \(error)")
        }
    }

    private static func bytes(_ setting: String, _ path: String) throws(ConfigurationError) -> [UInt8] {
        func failure() -> ConfigurationError {
            ConfigurationError("\(setting): \(path): \(String(cString: strerror(errno)))")
        }
        guard let file = fopen(path, "re") else { throw failure() }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
            bytes.append(contentsOf: buffer[..<count])
        }
        guard ferror(file) == 0 else { throw failure() }
        return bytes
    }
}

/// What a file read again has that it had not, and the other way round.
private struct Changes {
    var count: Int
    var added: [String]
    var removed: [String]
    var changed: [String]

    func details(counting what: String) -> [String: String] {
        // Those of tokens were there before anything else could be read again.
        let prefix = what == "tokens" ? "" : what + "."
        return [
            what: String(count), prefix + "added": Self.listed(added),
            prefix + "removed": Self.listed(removed), prefix + "changed": Self.listed(changed),
        ]
    }

    func metadata(counting what: String) -> Logger.Metadata {
        [
            what: "\(count)", "added": "\(Self.listed(added))", "removed": "\(Self.listed(removed))",
            "changed": "\(Self.listed(changed))",
        ]
    }

    /// "2 (anna bela)".
    private static func listed(_ names: [String]) -> String {
        guard !names.isEmpty else { return "0" }
        let shown = names.prefix(20).joined(separator: " ")
        return "\(names.count) (\(shown)\(names.count > 20 ? " …" : ""))"
    }
}

extension Access.Verb {
    /// The least role that may.
    var role: Role {
        switch self {
        case .view: .viewer
        case .run: .runner
        case .administer: .admin
        }
    }
}
