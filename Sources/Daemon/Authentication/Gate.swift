import API
import Glibc
import Identity
import Logging
import Sockets

/// Decides who may pass, before anything is done or said.
///
/// Without a file of tokens and without issuers everybody may do everything, and nobody has an identity:
/// then only the addresses that are listened on keep strangers out. What a request says of itself counts
/// more than what its connection proves: `Authorization`, then a certificate, then a Unix user. A request
/// that waits already isn't cut off when its token goes; what its holder would do next is refused.
final class Gate {
    enum Decision {
        /// The identity that authenticated, where one was needed.
        case pass(String?)
        case refuse(APIResponse)
        /// Nothing can be said before an issuer's keys are there; `onNews` is called when to ask again.
        case later
    }

    private let tokensPath: String?
    private let issuersPath: String?
    private let log: Logger
    private(set) var tokens: TokenTable
    let issuers: Issuers
    /// Whether anybody has to prove anything.
    let isOpen: Bool

    /// - Throws: `ConfigurationError`.
    init(_ configuration: Configuration, _ clocks: Clocks, _ log: Logger) throws(ConfigurationError) {
        tokensPath = configuration.tokensFile
        issuersPath = configuration.auth.issuersFile
        isOpen = tokensPath == nil && issuersPath == nil
        self.log = log
        tokens = try Self.readTokens(tokensPath)
        issuers = Issuers(try Self.readIssuers(issuersPath), configuration.auth, clocks, log)
    }

    /// - Parameters:
    ///   - authorization: the values of the fields of that name.
    ///   - peer: who is at the other end; asked only if it matters, since it takes a system call.
    func decide(
        _ access: Access?, _ authorization: @autoclosure () -> [String], _ face: Elections,
        peer: @autoclosure () -> Peer?
    ) -> Decision {
        guard !isOpen, let access else { return .pass(nil) }
        switch Credentials(authorization: authorization()) {
        case .malformed: return .refuse(face.response(unauthenticated: true))
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
        return .refuse(face.response(unauthenticated: false))
    }

    private func decide(_ access: Access, bearing secret: String, _ face: Elections) -> Decision {
        let digest = TokenDigest(of: secret)
        if let known = tokens.authenticate(digest) { return decide(access, known, face) }
        guard issuersPath != nil, JSONWebToken.isLike(secret) else {
            return .refuse(face.response(unauthenticated: true))
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

    private func decide(_ access: Access, _ principal: Principal, _ face: Elections) -> Decision {
        let needed = access.verb.role
        guard principal.permits(needed, in: access.namespace) else {
            let reached = principal.reaches(access.namespace)
            return .refuse(
                face.response(
                    forbidden: access, to: principal.identity, role: principal.role.rawValue,
                    needed: principal.role >= needed ? nil : needed.rawValue,
                    namespaces: reached ? nil : principal.namespaces.map(\.description)))
        }
        return .pass(principal.identity)
    }

    // MARK: Files

    /// Reads the files again. A broken one changes nothing: what was there stays.
    func reload() {
        guard !isOpen else {
            log.notice("SIGHUP: there is nothing to reload")
            return
        }
        if tokensPath != nil { reloadTokens() }
        if issuersPath != nil { reloadIssuers() }
    }

    private func reloadTokens() {
        do throws(ConfigurationError) {
            let new = try Self.readTokens(tokensPath)
            let changes = TokenChanges(from: tokens, to: new)
            tokens = new
            log.notice(
                "the tokens were read again",
                metadata: [
                    "tokens": "\(new.count)", "added": "\(Self.listed(changes.added))",
                    "removed": "\(Self.listed(changes.removed))",
                    "changed": "\(Self.listed(changes.changed))",
                ])
        } catch {
            log.error(
                "the tokens can't be read again; those from before stay", metadata: ["reason": "\(error)"])
        }
    }

    private func reloadIssuers() {
        do throws(ConfigurationError) {
            let new = try Self.readIssuers(issuersPath)
            let before = Dictionary(uniqueKeysWithValues: issuers.issuers.map { ($0.name, $0) })
            let after = Set(new.map(\.name))
            issuers.replace(with: new)
            let added = new.filter { before[$0.name] == nil }.map(\.name)
            let changed = new.filter { before[$0.name] != nil && before[$0.name] != $0 }.map(\.name)
            log.notice(
                "the issuers were read again",
                metadata: [
                    "issuers": "\(new.count)", "added": "\(Self.listed(added))",
                    "removed": "\(Self.listed(before.keys.filter { !after.contains($0) }.sorted()))",
                    "changed": "\(Self.listed(changed))",
                ])
        } catch {
            log.error(
                "the issuers can't be read again; those from before stay", metadata: ["reason": "\(error)"])
        }
    }

    /// "2 (anna bela)".
    private static func listed(_ names: [String]) -> String {
        guard !names.isEmpty else { return "0" }
        let shown = names.prefix(20).joined(separator: " ")
        return "\(names.count) (\(shown)\(names.count > 20 ? " …" : ""))"
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
