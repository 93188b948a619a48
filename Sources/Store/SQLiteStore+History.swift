import Coordination

/// The history: holds that lasted, from `holds`, and those that last, from their leases.
extension SQLiteStore {
    /// Holds of a name, or of a whole namespace, newest first, beginning below the token `before`.
    public func history(
        namespace: String, name: String? = nil, before: FencingToken? = nil, limit: Int
    ) throws(StoreError) -> [HoldRecord] {
        onLoop()
        let before = before ?? .max
        let isWanted = { (hold: HoldRecord) in
            hold.key.namespace == namespace && (name == nil || hold.key.name == name!) && hold.token < before
        }
        var holds = overlay.holds.values.compactMap(\.value).filter(isWanted)
        for (key, entry) in overlay.entries where key.namespace == namespace {
            if let hold = entry.lease?.value?.holdRecord, isWanted(hold) { holds.append(hold) }
        }
        holds += try endedHolds(namespace, name, before: before, limit: limit)
        if let name {
            holds += try openHolds(
                of: Key(namespace: namespace, name: name), before: before, limit: limit)
        } else {
            holds += try openHolds(namespace, before: before, limit: limit)
        }
        // Each of the tables has given as many as there may be in all.
        return Array(holds.sorted { $0.token > $1.token }.prefix(limit))
    }

    /// Those of the table, without what the overlay has.
    private func endedHolds(
        _ namespace: String, _ name: String?, before: FencingToken, limit: Int
    ) throws(StoreError) -> [HoldRecord] {
        let lists = try openReader().lists
        let statement = name == nil ? lists.historyOfNamespace : lists.historyOfName
        statement.bind(1, namespace)
        if let name { statement.bind(2, name) }
        statement.bind(name == nil ? 2 : 3, before)
        defer { statement.reset() }
        var holds: [HoldRecord] = []
        while holds.count < limit, try statement.step() {
            if overlay.holds[statement.integer(0)] == nil { holds.append(try Reader.hold(statement, 1)) }
        }
        return holds
    }

    /// Those of a namespace's leases in the table, without what the overlay has.
    private func openHolds(
        _ namespace: String, before: FencingToken, limit: Int
    ) throws(StoreError) -> [HoldRecord] {
        let statement = try openReader().lists.openHolds
        statement.bind(1, namespace)
        statement.bind(2, before)
        defer { statement.reset() }
        var holds: [HoldRecord] = []
        while holds.count < limit, try statement.step() {
            let key = Key(namespace: namespace, name: statement.text(0))
            guard overlay.entries[key]?.lease == nil else { continue }
            if let hold = try Reader.lease(statement, 1, key).holdRecord { holds.append(hold) }
        }
        return holds
    }

    /// That of a name in the table, and those that share it; without what the overlay has.
    private func openHolds(
        of key: Key, before: FencingToken, limit: Int
    ) throws(StoreError) -> [HoldRecord] {
        let reader = try openReader()
        // The names of those that share it end with their tokens: only the latest have to be read.
        let members = try heldMembers(of: key, reader).filter { $0 < before }.sorted(by: >)
        var holds: [HoldRecord] = []
        for lease in [key] + members.map(key.member) where overlay.entries[lease]?.lease == nil {
            // One more: the name's own may be older than any of theirs.
            guard holds.count <= limit else { break }
            guard let hold = try reader.lease(lease)?.holdRecord else { continue }
            if hold.key == key, hold.token < before { holds.append(hold) }
        }
        return holds
    }

    private func heldMembers(of key: Key, _ reader: Reader) throws(StoreError) -> [FencingToken] {
        let prefix = key.memberPrefix.utf8
        let statement = reader.lists.heldLeases
        statement.bind(1, key.namespace)
        statement.bind(2, key.memberPrefix)
        defer { statement.reset() }
        var tokens: [FencingToken] = []
        while try statement.step() {
            let name = statement.text(0)
            guard name.utf8.starts(with: prefix) else { break }
            // A name like `NAME.hold-05` is no member's, and its number is another one's token.
            guard Key(namespace: key.namespace, name: name).group == key else { continue }
            if let token = FencingToken(name.dropFirst(key.memberPrefix.count)) { tokens.append(token) }
        }
        return tokens
    }
}
