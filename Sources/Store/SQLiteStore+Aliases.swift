import Coordination

/// The history of aliases, and at a start all of them. What an alias is now, memory knows.
extension SQLiteStore {
    /// The move of this revision, as of the latest turn given to `commit`.
    public func aliasMove(revision: Revision) throws(StoreError) -> AliasMove? {
        onLoop()
        if let move = inFlight?.records.aliasMoves[revision] ?? overlay.aliasMoves[revision] { return move }
        let statement = try openReader().lists.aliasMove
        statement.bind(1, revision)
        defer { statement.reset() }
        return try statement.step() ? try Reader.aliasMove(statement, 0) : nil
    }

    /// Moves of an alias, newest first, beginning below the revision `before`: of the latest durable turn.
    public func aliasHistory(
        _ key: Key, before: Revision? = nil, limit: Int
    ) throws(StoreError) -> [AliasMove] {
        onLoop()
        let before = before ?? .max
        // What is in the overlay is later than what is in the table alone; the table may have it as well.
        let news = overlay.aliasMoves.values.filter { $0.key == key && $0.revision < before }
            .sorted { $0.revision > $1.revision }
        let statement = try openReader().lists.aliasHistory
        statement.bind(1, key.namespace)
        statement.bind(2, key.name)
        statement.bind(3, min(before, news.last?.revision ?? .max))
        defer { statement.reset() }
        var moves = Array(news.prefix(limit))
        while moves.count < limit, try statement.step() {
            moves.append(try Reader.aliasMove(statement, 0))
        }
        return moves
    }

    /// What the tables have, with the overlay laid over them.
    func aliasRecords(_ reader: Reader) throws(StoreError) -> [AliasRecord] {
        var records = overlay.aliases.values.compactMap(\.value)
        while try reader.lists.allAliases.step() {
            let record = try Reader.alias(reader.lists.allAliases, 0)
            if overlay.aliases[record.key] == nil { records.append(record) }
        }
        return records
    }
}

extension Reader {
    static func alias(_ row: Statement, _ column: Int32) throws(StoreError) -> AliasRecord {
        try decoded("an alias") { () throws(CodecError) in try RecordCodec.alias(row.blob(column)) }
    }

    static func aliasMove(_ row: Statement, _ column: Int32) throws(StoreError) -> AliasMove {
        try decoded("a move") { () throws(CodecError) in try RecordCodec.aliasMove(row.blob(column)) }
    }
}
