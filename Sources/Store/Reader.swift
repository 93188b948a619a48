import Coordination

/// The loop's own read connection: records by name and token, pages of lists.
///
/// It sees what is committed when a read begins. What the loop knows and the tables
/// don't have yet is the overlay's; `SQLiteStore` lays one over the other.
final class Reader {
    let connection: Connection
    private let begin: Statement
    private let end: Statement
    private let leaseByKey: Statement
    private let markerByKey: Statement
    private let holdByToken: Statement
    private let journalAfter: Statement
    private let compacted: Statement
    let lists: Lists

    private static let beginSQL: StaticString = "BEGIN"
    private static let commitSQL: StaticString = "COMMIT"
    private static let leaseSQL: StaticString = "SELECT body FROM leases WHERE namespace = ?1 AND name = ?2"
    private static let markerSQL: StaticString = "SELECT body FROM markers WHERE namespace = ?1 AND name = ?2"
    private static let holdSQL: StaticString = "SELECT body FROM holds WHERE token = ?1"
    private static let journalSQL: StaticString =
        "SELECT revision, time, body FROM journal WHERE revision > ?1 ORDER BY revision LIMIT ?2"

    private static let compactedSQL: StaticString = "SELECT value FROM meta WHERE key = 'compacted_revision'"

    init(_ connection: Connection) throws(StoreError) {
        connection.adoptByLoop()
        self.connection = connection
        begin = try connection.prepare(Self.beginSQL)
        end = try connection.prepare(Self.commitSQL)
        leaseByKey = try connection.prepare(Self.leaseSQL)
        markerByKey = try connection.prepare(Self.markerSQL)
        holdByToken = try connection.prepare(Self.holdSQL)
        journalAfter = try connection.prepare(Self.journalSQL)
        compacted = try connection.prepare(Self.compactedSQL)
        lists = try Lists(connection)
    }

    /// One snapshot for all that `body` reads.
    func transaction(_ body: () throws(StoreError) -> Void) throws(StoreError) {
        try begin.run()
        do throws(StoreError) {
            try body()
            try end.run()
        } catch {
            connection.rollBack()
            throw error
        }
    }

    func lease(_ key: Key) throws(StoreError) -> LeaseRecord? {
        leaseByKey.bind(1, key.namespace)
        leaseByKey.bind(2, key.name)
        guard try leaseByKey.step() else { return nil }
        defer { leaseByKey.reset() }
        return try Self.lease(leaseByKey, 0, key)
    }

    func marker(_ key: Key) throws(StoreError) -> DoneMarker? {
        markerByKey.bind(1, key.namespace)
        markerByKey.bind(2, key.name)
        guard try markerByKey.step() else { return nil }
        defer { markerByKey.reset() }
        return try Self.marker(markerByKey, 0, key)
    }

    func hold(_ token: FencingToken) throws(StoreError) -> HoldRecord? {
        holdByToken.bind(1, token)
        guard try holdByToken.step() else { return nil }
        defer { holdByToken.reset() }
        return try Self.hold(holdByToken, 0)
    }

    /// The revision after which the journal begins.
    func compactedRevision() throws(StoreError) -> Revision {
        defer { compacted.reset() }
        return try compacted.step() ? compacted.integer(0) : 0
    }

    /// Whether there is a row of this name. - Parameter statement: one that reads a record by its name.
    private func isThere(_ statement: Statement, _ key: Key) throws(StoreError) -> Bool {
        statement.bind(1, key.namespace)
        statement.bind(2, key.name)
        defer { statement.reset() }
        return try statement.step()
    }

    func hasLease(_ key: Key) throws(StoreError) -> Bool { try isThere(leaseByKey, key) }
    func hasMarker(_ key: Key) throws(StoreError) -> Bool { try isThere(markerByKey, key) }

    /// Rows of the journal, and the revision after which it begins: of one snapshot, so that a compaction
    /// meanwhile can't leave a gap unseen.
    func journal(after revision: Revision, limit: Int) throws(StoreError) -> (turns: [Turn], begins: Revision)
    {
        var turns: [Turn] = []
        var begins: Revision = 0
        try transaction { () throws(StoreError) in
            if try compacted.step() { begins = compacted.integer(0) }
            compacted.reset()
            if revision >= begins {
                turns = try Opening.rows(journalAfter, after: revision, limit: limit).map(\.turn)
            }
        }
        return (turns, begins)
    }

    static func lease(
        _ row: Statement, _ column: Int32, _ key: @autoclosure () -> Key
    ) throws(StoreError) -> LeaseRecord {
        try decoded("lease \(key())") { () throws(CodecError) in try RecordCodec.lease(row.blob(column)) }
    }

    static func marker(
        _ row: Statement, _ column: Int32, _ key: @autoclosure () -> Key
    ) throws(StoreError) -> DoneMarker {
        try decoded("marker \(key())") { () throws(CodecError) in try RecordCodec.marker(row.blob(column)) }
    }

    static func hold(_ row: Statement, _ column: Int32) throws(StoreError) -> HoldRecord {
        try decoded("a hold") { () throws(CodecError) in try RecordCodec.hold(row.blob(column)) }
    }

    static func namespace(_ row: Statement, _ column: Int32) throws(StoreError) -> NamespaceRecord {
        try decoded("a namespace") { () throws(CodecError) in try RecordCodec.namespace(row.blob(column)) }
    }

    static func audit(_ row: Statement, _ column: Int32) throws(StoreError) -> AuditEntry {
        try decoded("an audit entry") { () throws(CodecError) in try RecordCodec.audit(row.blob(column)) }
    }

    static func waits(_ row: Statement, _ column: Int32) throws(StoreError) -> WaitsRecord {
        try decoded("a record of waits") { () throws(CodecError) in
            try RecordCodec.waits(row.blob(column))
        }
    }

    func close() { connection.close() }
}
