/// What differs between two tables, by identity.
public struct TokenChanges: Hashable, Sendable {
    public var added: [String] = []
    public var removed: [String] = []
    /// Other tokens, another role or other namespaces.
    public var changed: [String] = []

    public init(from old: TokenTable, to new: TokenTable) {
        let (before, after) = (Self.byIdentity(old), Self.byIdentity(new))
        added = after.keys.filter { before[$0] == nil }.sorted()
        removed = before.keys.filter { after[$0] == nil }.sorted()
        changed = after.filter { before[$0.key] != nil && before[$0.key] != $0.value }.keys.sorted()
    }

    private static func byIdentity(_ table: TokenTable) -> [String: Set<TokenTable.Entry>] {
        var entries: [String: Set<TokenTable.Entry>] = [:]
        for entry in table.entries { entries[entry.principal.identity, default: []].insert(entry) }
        return entries
    }
}
