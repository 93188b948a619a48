import CSQLite
import Coordination

/// Drops what is too old, a small piece at a time, on the commit thread.
///
/// The journal is never cut beyond what the tables have. The two belong to one log,
/// in order, so this holds after a loss of power, too: if the cut survives, the
/// tables' mark before it does.
struct Upkeep {
    let engine: Engine
    let settings: StoreSettings
    let now: Timestamp?

    /// Rows a piece may drop of each: a turn that comes meanwhile waits for one piece, some 2 ms.
    static let pieceRows: Int64 = 128
    /// Pieces that follow each other, where there is so much to drop: more than the turns of a second.
    static let piecesMax = 32

    private static let oldestTurns: StaticString =
        "SELECT revision, time, length(body) FROM journal ORDER BY revision LIMIT ?1"
    private static let dropTurns: StaticString = "DELETE FROM journal WHERE revision <= ?1"
    private static let dropHolds: StaticString = """
        DELETE FROM holds WHERE token IN (
            SELECT token FROM holds WHERE ended_at < ?1 ORDER BY ended_at LIMIT ?2)
        """
    private static let dropWaits: StaticString = """
        DELETE FROM waits WHERE ended_at < ?1 AND revision IN (
            SELECT revision FROM waits ORDER BY revision LIMIT ?2)
        """
    private static let dropMoves: StaticString = """
        DELETE FROM alias_moves WHERE revision IN (
            SELECT revision FROM alias_moves WHERE at < ?1 ORDER BY at LIMIT ?2)
        """
    private static let dropOldAudit: StaticString = """
        DELETE FROM audit WHERE revision IN (SELECT revision FROM audit WHERE at < ?1 ORDER BY at LIMIT ?2)
        """
    private static let dropRefusals: StaticString = """
        DELETE FROM audit WHERE revision IN (
            SELECT revision FROM audit WHERE outcome = 'refused' ORDER BY revision LIMIT ?1)
        """
    private static let dropOldest: StaticString =
        "DELETE FROM audit WHERE revision IN (SELECT revision FROM audit ORDER BY revision LIMIT ?1)"

    /// Drops a piece. True if there may be more.
    func run() -> Bool {
        var dropped: Int64 = 0
        engine.attempt { () throws(StoreError) in
            dropped = try max(compact(), prune(), pruneMoves(), pruneWaits(), pruneAudit())
        }
        return dropped == Self.pieceRows
    }

    /// How many rows of the journal went.
    private func compact() throws(StoreError) -> Int64 {
        let (last, rows, bytes) = try oldest()
        guard let last else { return 0 }
        let drop = try Statement(engine.connection, Self.dropTurns)
        defer { drop.finalize() }
        drop.bind(1, last)
        try drop.run()
        let left = engine.journalBytes - bytes
        try engine.meta.set("compacted_revision", max(last, engine.compactedRevision))
        try engine.meta.set(
            "journal_bytes", left - (engine.journalBytes - engine.journalBytes(upTo: engine.tablesRevision)))
        engine.compactedRevision = max(last, engine.compactedRevision)
        engine.journalBytes = left
        return rows
    }

    /// The last of the rows that go now, how many they are, and their bytes.
    private func oldest() throws(StoreError) -> (last: Revision?, rows: Int64, bytes: Int64) {
        let select = try Statement(engine.connection, Self.oldestTurns)
        defer { select.finalize() }
        select.bind(1, Self.pieceRows)
        var last: Revision?
        var rows: Int64 = 0
        var bytes: Int64 = 0
        while try select.step() {
            let revision = select.integer(0)
            let isOld = now.map {
                $0.microseconds - select.integer(1) > settings.journalAge.nanoseconds / 1000
            }
            let isTooMuch = engine.journalBytes - bytes > settings.journalBytes
            guard revision <= engine.tablesRevision, isTooMuch || isOld == true else { break }
            last = revision
            rows += 1
            bytes += select.integer(2)
        }
        return (last, rows, bytes)
    }

    /// How many holds went.
    private func prune() throws(StoreError) -> Int64 {
        guard let now else { return 0 }
        let drop = try Statement(engine.connection, Self.dropHolds)
        defer { drop.finalize() }
        drop.bind(1, now.microseconds - settings.historyAge.nanoseconds / 1000)
        drop.bind(2, Self.pieceRows)
        try drop.run()
        return engine.connection.changedRows
    }

    /// How many records of waits went: they are kept for as long as holds are.
    private func pruneWaits() throws(StoreError) -> Int64 {
        guard let now else { return 0 }
        return try drop(
            Self.dropWaits, now.microseconds - settings.historyAge.nanoseconds / 1000, Self.pieceRows)
    }

    /// How many moves of aliases went. What an alias points at, and where it goes back to, is its own.
    private func pruneMoves() throws(StoreError) -> Int64 {
        guard let now else { return 0 }
        return try drop(
            Self.dropMoves, now.microseconds - settings.historyAge.nanoseconds / 1000, Self.pieceRows)
    }

    /// How many entries of the audit record went. What strangers are refused must not drive out what
    /// operators did: when there are too many, refusals go first.
    private func pruneAudit() throws(StoreError) -> Int64 {
        let rows = try auditRows()
        var dropped: Int64 = 0
        if let now {
            let before = now.microseconds - settings.auditAge.nanoseconds / 1000
            dropped = try drop(Self.dropOldAudit, before, Self.pieceRows)
        }
        let surplus = min(rows - dropped - settings.auditRows, Self.pieceRows)
        if surplus > 0 {
            let refusals = try drop(Self.dropRefusals, surplus)
            dropped += refusals
            if refusals < surplus { dropped += try drop(Self.dropOldest, surplus - refusals) }
        }
        engine.auditRows = rows - dropped
        return dropped
    }

    private func auditRows() throws(StoreError) -> Int64 {
        if let known = engine.auditRows { return known }
        return try engine.connection.integer("SELECT count(*) FROM audit") ?? 0
    }

    private func drop(_ sql: StaticString, _ values: Int64...) throws(StoreError) -> Int64 {
        let statement = try Statement(engine.connection, sql)
        defer { statement.finalize() }
        for (index, value) in values.enumerated() { statement.bind(Int32(index + 1), value) }
        try statement.run()
        return engine.connection.changedRows
    }
}

extension Engine {
    /// A transaction without a flush whose failure only means that it is tried again another time.
    func attempt(_ body: () throws(StoreError) -> Void) {
        do throws(StoreError) {
            try transaction(flush: false, body)
        } catch {
            auditRows = nil
            _ = judge(error)
        }
    }

    /// At an orderly end: everything into the database file, so that a copy of it alone is whole.
    func emptyLog() {
        do throws(StoreError) {
            _ = try connection.checkpoint(SQLITE_CHECKPOINT_TRUNCATE)
        } catch {
            // The log stays; the next start reads it.
        }
    }
}
