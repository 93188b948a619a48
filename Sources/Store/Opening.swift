import CSQLite
import Coordination
import Glibc

/// A turn and the bytes it takes in the journal.
struct JournalRow {
    var turn: Turn
    var bytes: Int64
}

/// An open database: three connections, and what was read at the start.
struct Opened {
    var writer: Connection
    var reader: Connection
    var checkpointer: Connection
    var meta: Meta
    /// The greatest revision of the journal, or the floor if that is greater.
    var journalRevision: Revision
    var journalBytes: Int64
    var replayed: [JournalRow]
}

/// Opens the file, at the start of the daemon and after a failed flush.
///
/// Both are the same: what the file shows may be in the page cache only, left there
/// by a process that was killed between its write and its flush, or by a flush that
/// failed. Nothing may be said of it before it is on disk.
enum Opening {
    /// How long a turn waits for a foreign write lock. A shell that holds it longer makes the commit `busy`.
    static let commitWaitMilliseconds: Int32 = 1000

    private static let journalAfter: StaticString =
        "SELECT revision, time, body FROM journal WHERE revision > ?1 ORDER BY revision LIMIT ?2"
    private static let lastRevision: StaticString = "SELECT max(revision) FROM journal"
    private static let dropTail: StaticString = "DELETE FROM journal WHERE revision > ?1"

    static func file(in directory: String) -> String { directory + "/baton.db" }

    static func open(
        _ directory: String, _ settings: StoreSettings, keeping acknowledged: Revision? = nil
    ) throws(StoreError) -> Opened {
        let path = file(in: directory)
        if !Files.exists(path) { try Files.create(path) }
        let writer = try Connection(
            path: path, access: .create, vfs: settings.vfs, waitMilliseconds: settings.openWaitMilliseconds)
        do {
            return try open(writer, settings, keeping: acknowledged)
        } catch {
            writer.close()
            throw error
        }
    }

    private static func open(
        _ writer: Connection, _ settings: StoreSettings, keeping acknowledged: Revision?
    ) throws(StoreError) -> Opened {
        try Schema.prepare(writer)
        try configure(writer)
        try makeDurable(writer, strict: acknowledged != nil)
        // A new file becomes a WAL database through a rollback journal. If its deletion were lost with the
        // power, the next start would roll the file back to nothing and drop the log beside it.
        // https://sqlite.org/pragma.html#pragma_synchronous: "EXTRA synchronous is like FULL with the
        // addition that the directory containing a rollback journal is synced after that journal is
        // unlinked". Once is enough: in WAL mode there is no journal.
        try Files.flush(Files.directory(of: writer.path))
        if let acknowledged { try discardTail(writer, after: acknowledged) }
        let meta = try settle(writer)
        let replayed = try turns(writer, after: meta.tablesRevision)
        let last = max(try writer.integer(lastRevision) ?? 0, meta.floor)
        if let acknowledged, last < acknowledged {
            throw .damaged(detail: "turn \(acknowledged) was acknowledged, the journal ends at \(last)")
        }
        writer.wait(milliseconds: commitWaitMilliseconds)
        let reader = try Connection(
            path: writer.path, access: .read, vfs: settings.vfs, waitMilliseconds: 1000)
        let checkpointer: Connection
        do {
            checkpointer = try Connection(path: writer.path, access: .write, vfs: settings.vfs)
            // Only a connection that has read the file knows that there is a log.
            _ = try checkpointer.integer("PRAGMA schema_version")
        } catch {
            reader.close()
            throw error
        }
        return Opened(
            writer: writer, reader: reader, checkpointer: checkpointer, meta: meta,
            journalRevision: last,
            journalBytes: meta.journalBytes + replayed.reduce(0) { $0 + $1.bytes },
            replayed: replayed)
    }

    private static func configure(_ writer: Connection) throws(StoreError) {
        try writer.run("PRAGMA synchronous=FULL")
        // Checkpoints are the checkpoint thread's.
        try writer.run("PRAGMA wal_autocheckpoint=0")
        // A batch of the tables touches some thousand pages; read again for each slice, they cost more than
        // they are worth.
        try writer.run("PRAGMA cache_size=-8192")
        // Some distributions overwrite deleted content with zeros; a journal that is compacted all day
        // would write every page twice.
        try writer.run("PRAGMA secure_delete=OFF")
    }

    /// Copies the log into the database and empties it.
    ///
    /// After a failed flush the log may have a hole that the page cache hides. All connections of this
    /// process were closed, so opening has read the log again and checked its running sums; copying it and
    /// flushing the database (https://sqlite.org/wal.html: "the database file is synced after each
    /// completed checkpoint") puts everything into freshly written pages, and the log starts from nothing.
    private static func makeDurable(_ writer: Connection, strict: Bool) throws(StoreError) {
        do {
            _ = try writer.checkpoint(SQLITE_CHECKPOINT_TRUNCATE)
        } catch {
            // A reader of another process (a shell, a backup) keeps the log. At a start a flush will do, and
            // `settle` makes one; after a failed flush nothing less than an empty log will.
            guard !strict, case .io(_, let code, _) = error, code & 0xff == SQLITE_BUSY else { throw error }
        }
    }

    /// Turns that nobody was told of: undone in memory, so they go here, too.
    private static func discardTail(_ writer: Connection, after acknowledged: Revision) throws(StoreError) {
        let statement = try Statement(writer, dropTail)
        defer { statement.finalize() }
        statement.bind(1, acknowledged)
        try statement.run()
    }

    /// Reads meta and writes it back: a commit with a flush, which covers everything before it in the log.
    private static func settle(_ writer: Connection) throws(StoreError) -> Meta {
        var meta = try Meta.read(writer)
        if meta.incarnation.isEmpty { meta.incarnation = Meta.newIncarnation() }
        let put = try Statement(writer, "INSERT OR REPLACE INTO meta(key, value) VALUES('incarnation', ?1)")
        defer { put.finalize() }
        put.bind(1, meta.incarnation)
        try put.run()
        return meta
    }

    private static func turns(
        _ connection: Connection, after revision: Revision
    ) throws(StoreError) -> [JournalRow] {
        let statement = try Statement(connection, journalAfter)
        defer { statement.finalize() }
        return try rows(statement, after: revision, limit: .max)
    }

    /// Decodes rows of the journal: revision, time, body.
    static func rows(
        _ statement: Statement, after revision: Revision, limit: Int
    ) throws(StoreError) -> [JournalRow] {
        statement.bind(1, revision)
        statement.bind(2, Int64(limit))
        defer { statement.reset() }
        var rows: [JournalRow] = []
        while try statement.step() {
            let revision = statement.integer(0)
            let body = statement.blob(2)
            let changes = try decoded("journal row \(revision)") { () throws(CodecError) in
                try RecordCodec.changes(body)
            }
            let time = Timestamp(microseconds: statement.integer(1))
            rows.append(
                JournalRow(
                    turn: Turn(revision: revision, time: time, changes: changes), bytes: Int64(body.count)))
        }
        return rows
    }
}
