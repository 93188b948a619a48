import Coordination

/// The few facts of the database as a whole: rows of `meta`.
///
/// - `incarnation`: random; a new one for each life of the numbers (create, restore).
/// - `tables_revision`: how far the readable tables have come. Rows of the journal after it are replayed.
/// - `revision`: where a restore made revisions go on.
/// - `compacted_revision`: a watch from before it gets 410.
/// - `journal_bytes`: the sum of the bodies up to `tables_revision`; counting them would read them all.
/// - `restored_at`: wall time in microseconds of a restore whose quarantine has not ended.
struct Meta {
    var incarnation = ""
    var tablesRevision: Revision = 0
    var revision: Revision = 0
    var compactedRevision: Revision = 0
    var journalBytes: Int64 = 0
    var restoredAt: Timestamp?

    /// No revision up to this is given again, even if the journal is empty.
    var floor: Revision { max(revision, tablesRevision) }

    private static let select: StaticString = "SELECT key, value FROM meta"

    static func read(_ connection: Connection) throws(StoreError) -> Meta {
        let statement = try Statement(connection, select)
        defer { statement.finalize() }
        var meta = Meta()
        while try statement.step() {
            switch statement.text(0) {
            case "incarnation": meta.incarnation = statement.text(1)
            case "tables_revision": meta.tablesRevision = statement.integer(1)
            case "revision": meta.revision = statement.integer(1)
            case "compacted_revision": meta.compactedRevision = statement.integer(1)
            case "journal_bytes": meta.journalBytes = statement.integer(1)
            case "restored_at": meta.restoredAt = Timestamp(microseconds: statement.integer(1))
            default: break
            }
        }
        return meta
    }

    /// 128 random bits in hexadecimal.
    static func newIncarnation() -> String {
        var random = SystemRandomNumberGenerator()
        let halves = [random.next() as UInt64, random.next()]
        return halves.map { half in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

/// Writes rows of `meta`, inside whatever transaction is open.
struct MetaWriter {
    private let put: Statement
    private let drop: Statement

    private static let putRow: StaticString = "INSERT OR REPLACE INTO meta(key, value) VALUES(?1, ?2)"
    private static let dropRow: StaticString = "DELETE FROM meta WHERE key = ?1"

    init(_ connection: Connection) throws(StoreError) {
        put = try connection.prepare(Self.putRow)
        drop = try connection.prepare(Self.dropRow)
    }

    func set(_ key: String, _ value: Int64) throws(StoreError) {
        put.bind(1, key)
        put.bind(2, value)
        try put.run()
    }

    func set(_ key: String, _ value: String) throws(StoreError) {
        put.bind(1, key)
        put.bind(2, value)
        try put.run()
    }

    func remove(_ key: String) throws(StoreError) {
        drop.bind(1, key)
        try drop.run()
    }
}
