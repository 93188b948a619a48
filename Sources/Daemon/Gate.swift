import API
import Coordination
import Glibc
import Identity
import Logging

/// Decides who may pass, before anything is done or said.
///
/// Without a file of tokens everybody may do everything, and nobody has an identity: then only the
/// addresses that are listened on keep strangers out. A request that waits already isn't cut off when
/// its token goes; what its holder would do next is refused.
struct Gate {
    enum Decision {
        /// Who authenticated, where that was needed.
        case pass(Principal?)
        /// With the identity that has authenticated all the same.
        case refuse(APIResponse, identity: String? = nil)
    }

    private let path: String?
    private(set) var tokens: TokenTable?

    /// - Throws: `ConfigurationError`.
    init(tokensFile path: String?) throws(ConfigurationError) {
        self.path = path
        tokens = try path.map { path throws(ConfigurationError) in try Self.read(path) }
    }

    func decide(_ access: Access?, _ authorization: @autoclosure () -> [String], _ face: Elections)
        -> Decision
    {
        guard let tokens, let access else { return .pass(nil) }
        let principal: Principal
        switch Credentials(authorization: authorization()) {
        case .none: return .refuse(face.response(unauthenticated: false))
        case .malformed: return .refuse(face.response(unauthenticated: true))
        case .bearer(let secret):
            guard let known = tokens.authenticate(secret) else {
                return .refuse(face.response(unauthenticated: true))
            }
            principal = known
        }
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

    /// Reads the file again. A broken one changes nothing: the old tokens stay. Returns what the audit
    /// record has to say of it.
    mutating func reload(_ log: Logger, at time: Timestamp) -> AuditEntry {
        guard let path, let old = tokens else {
            log.notice("SIGHUP: there is nothing to reload")
            return AuditEntry(.reload, .done, at: time)
        }
        do throws(ConfigurationError) {
            let new = try Self.read(path)
            tokens = new
            let changes = TokenChanges(from: old, to: new)
            log.notice(
                "the tokens were read again",
                metadata: [
                    "tokens": "\(new.entries.count)", "added": "\(Self.listed(changes.added))",
                    "removed": "\(Self.listed(changes.removed))",
                    "changed": "\(Self.listed(changes.changed))",
                ])
            var entry = AuditEntry(.reload, .done, at: time)
            entry.details = [
                "tokens": String(new.entries.count), "added": Self.listed(changes.added),
                "removed": Self.listed(changes.removed), "changed": Self.listed(changes.changed),
            ]
            return entry
        } catch {
            log.error(
                "the tokens can't be read again; those from before stay", metadata: ["reason": "\(error)"])
            return AuditEntry(.reload, .failed, at: time, reason: "\(error)")
        }
    }

    /// "2 (anna bela)".
    private static func listed(_ identities: [String]) -> String {
        guard !identities.isEmpty else { return "0" }
        let shown = identities.prefix(20).joined(separator: " ")
        return "\(identities.count) (\(shown)\(identities.count > 20 ? " …" : ""))"
    }

    private static func read(_ path: String) throws(ConfigurationError) -> TokenTable {
        let text = try bytes(path)
        do throws(TokenFileError) {
            return try TokenFile.read(text, path: path)
        } catch {
            throw ConfigurationError("auth.tokensFile: \(error)")
        }
    }

    private static func bytes(_ path: String) throws(ConfigurationError) -> [UInt8] {
        func failure() -> ConfigurationError {
            ConfigurationError("auth.tokensFile: \(path): \(String(cString: strerror(errno)))")
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
