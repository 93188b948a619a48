/// What differs between two tables, by identity; a line for certificates without one goes by its pattern.
public struct TokenChanges: Hashable, Sendable {
    public var added: [String] = []
    public var removed: [String] = []
    /// Other tokens, another role or other namespaces.
    public var changed: [String] = []

    public init(from old: TokenTable, to new: TokenTable) {
        let (before, after) = (Self.byName(old), Self.byName(new))
        added = after.keys.filter { before[$0] == nil }.sorted()
        removed = before.keys.filter { after[$0] == nil }.sorted()
        changed = after.filter { before[$0.key] != nil && before[$0.key] != $0.value }.keys.sorted()
    }

    /// What a name stands for, whatever kind its lines are of.
    private struct Lines: Equatable {
        var secrets: Set<TokenTable.Entry> = []
        var certificates: [CertificateRule] = []
        var users: [UInt32: Principal] = [:]
    }

    private static func byName(_ table: TokenTable) -> [String: Lines] {
        var lines: [String: Lines] = [:]
        for entry in table.entries { lines[entry.principal.identity, default: Lines()].secrets.insert(entry) }
        for rule in table.certificates {
            lines[rule.identity ?? "certificate:\(rule.pattern)", default: Lines()].certificates.append(rule)
        }
        for (user, principal) in table.users {
            lines[principal.identity, default: Lines()].users[user] = principal
        }
        return lines
    }
}
