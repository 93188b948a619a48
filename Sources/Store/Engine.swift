import CSQLite
import Coordination

/// The writer connection and what it does: commits turns, writes the tables behind them.
///
/// It lives on the commit thread. After an I/O error or a failed flush it is
/// `poisoned`: what is on disk is unknown, and the page cache may hold what the
/// disk doesn't, marked clean, so that a later flush would succeed without writing
/// it. A good turn after such a hole would be cut off by the log's running sum at
/// the next start. So nothing is written any more until `recover`.
final class Engine {
    let connection: Connection
    private let begin: Statement
    private let end: Statement
    private let dataVersion: Statement
    private let insertTurn: Statement
    let meta: MetaWriter
    var tables: TableWriter
    private var body = ByteWriter()
    private let frames = UnsafeMutablePointer<Int32>.allocate(capacity: 1)

    /// The latest turn that is on disk.
    private(set) var committed: Revision
    /// How far the tables have come; never further than `committed`.
    private(set) var tablesRevision: Revision
    var compactedRevision: Revision
    var journalBytes: Int64
    /// Entries of the audit record, about; nil: they have to be counted.
    var auditRows: Int64?
    private(set) var poison: String?
    private var deposed = false
    private var ourVersion: Int64
    private var flushes = true
    /// How long the latest turn's COMMIT took, which is its flush and little else; and its bytes in the
    /// journal.
    private(set) var flush = Interval.zero
    private(set) var turnBytes = 0
    /// Commits of every kind, for the checkpoints' rhythm.
    private(set) var commits: UInt64 = 0
    /// Turns that the tables don't have yet, with their bytes.
    private var behind: [(revision: Revision, bytes: Int64)] = []

    private static let beginSQL: StaticString = "BEGIN IMMEDIATE"
    private static let commitSQL: StaticString = "COMMIT"
    private static let dataVersionSQL: StaticString = "PRAGMA data_version"
    private static let insertTurnSQL: StaticString =
        "INSERT INTO journal(revision, time, body) VALUES(?1, ?2, ?3)"

    init(_ opened: Opened) throws(StoreError) {
        connection = opened.writer
        connection.adopt()
        begin = try connection.prepare(Self.beginSQL)
        end = try connection.prepare(Self.commitSQL)
        dataVersion = try connection.prepare(Self.dataVersionSQL)
        insertTurn = try connection.prepare(Self.insertTurnSQL)
        meta = try MetaWriter(connection)
        tables = try TableWriter(connection)
        committed = opened.journalRevision
        tablesRevision = opened.meta.tablesRevision
        compactedRevision = opened.meta.compactedRevision
        journalBytes = opened.journalBytes
        behind = opened.replayed.map { ($0.turn.revision, $0.bytes) }
        ourVersion = try connection.integer(Self.dataVersionSQL) ?? 0
        frames.pointee = 0
        connection.onCommit(frames)
    }

    /// Bytes of the log since it last began anew. A frame is a page and its header of 24 bytes
    /// (https://sqlite.org/fileformat2.html#walformat).
    var logBytes: Int64 { Self.logBytes(frames: frames.pointee) }
    static func logBytes(frames: Int32) -> Int64 { Int64(frames) * (4096 + 24) }

    // MARK: Turns

    func commit(_ turn: Turn, expecting previous: Revision) -> CommitResult {
        if let poison { return deposed ? .deposed(poison) : .failed(poison) }
        guard previous == committed, turn.revision > committed else {
            return .deposed("the store is at revision \(committed), the turn expected \(previous)")
        }
        do {
            try transaction(flush: true) { () throws(StoreError) in
                RecordCodec.encode(turn.changes, into: &body)
                insertTurn.bind(1, turn.revision)
                insertTurn.bind(2, turn.time.microseconds)
                insertTurn.bind(3, body)
                try insertTurn.run()
            }
        } catch {
            return judge(error)
        }
        committed = turn.revision
        turnBytes = body.bytes.count
        journalBytes += Int64(body.bytes.count)
        behind.append((turn.revision, Int64(body.bytes.count)))
        return .committed
    }

    /// What an error says about the disk.
    func judge(_ error: StoreError) -> CommitResult {
        guard case .io(let detail, let code, let errno) = error else {
            poison = "\(error)"
            deposed = error == .foreignWrite
            return deposed ? .deposed("\(error)") : .failed("\(error)")
        }
        switch code & 0xff {
        case SQLITE_FULL: return .noSpace(detail)
        case SQLITE_BUSY, SQLITE_LOCKED: return .busy(detail)
        // A flush that fails for want of space is a failed flush like any other.
        case SQLITE_IOERR where code != Code.fsync && code != Code.directoryFsync && Code.wantsSpace(errno):
            return .noSpace(detail)
        default:
            poison = "\(error)"
            return .failed("\(error)")
        }
    }

    /// The tables have everything up to `revision`.
    func noteTables(_ revision: Revision) {
        precondition(revision <= committed, "the tables never pass what is acknowledged")
        tablesRevision = revision
        behind.removeSubrange(..<(behind.firstIndex { $0.revision > revision } ?? behind.count))
    }

    /// Bytes of the journal's rows up to `revision`.
    func journalBytes(upTo revision: Revision) -> Int64 {
        journalBytes - behind.reduce(0) { $1.revision > revision ? $0 + $1.bytes : $0 }
    }

    func poison(_ detail: String) { poison = poison ?? detail }

    // MARK: Transactions

    /// https://sqlite.org/pragma.html#pragma_synchronous: "When synchronous is FULL (2), the SQLite
    /// database engine will use the xSync method of the VFS to ensure that all content is safely
    /// written to the disk surface prior to continuing." And: "In WAL mode when synchronous=NORMAL […]
    /// no sync operations occur during most transactions. With synchronous=FULL in WAL mode, an
    /// additional sync operation of the WAL file happens after each transaction commit."
    ///
    /// So what is written behind goes without a flush: it lies in the log before the next turn, and that
    /// turn's flush covers it. If power goes before, the journal still has it.
    func transaction(flush: Bool, _ body: () throws(StoreError) -> Void) throws(StoreError) {
        if flush != flushes {
            // The pragma has no effect inside a transaction.
            if flush {
                try connection.run("PRAGMA synchronous=FULL")
            } else {
                try connection.run("PRAGMA synchronous=NORMAL")
            }
            flushes = flush
        }
        do {
            try begin.run()
            try checkNobodyElseWrote()
            try body()
            let began = SQLiteStore.monotonicMicroseconds()
            try end.run()
            if flush {
                self.flush = Interval(nanoseconds: (SQLiteStore.monotonicMicroseconds() - began) * 1000)
            }
            commits += 1
        } catch {
            connection.rollBack()
            throw error
        }
    }

    /// https://sqlite.org/pragma.html#pragma_data_version: "The integer values returned by two invocations
    /// of "PRAGMA data_version" from the same connection will be different if changes were committed to
    /// the database by any other connection in the interim." Asked inside the write transaction: nobody
    /// can slip in between.
    private func checkNobodyElseWrote() throws(StoreError) {
        guard try dataVersion.step() else { return }
        let found = dataVersion.integer(0)
        dataVersion.reset()
        guard found == ourVersion else { throw .foreignWrite }
    }

    /// The log begins anew at the next write. Waits for readers as long as the settings say.
    ///
    /// On this connection and not the checkpoints': it rewrites the log's header, and another connection
    /// doing that would look like a foreign write.
    func restartLog(waitMilliseconds: Int32) -> Bool {
        connection.wait(milliseconds: waitMilliseconds)
        defer { connection.wait(milliseconds: Opening.commitWaitMilliseconds) }
        do {
            _ = try connection.checkpoint(SQLITE_CHECKPOINT_RESTART)
            frames.pointee = 0
            return true
        } catch {
            if case .busy = judge(error) { return false }
            return false
        }
    }

    func close() {
        connection.close()
        frames.deallocate()
    }
}

/// Extended codes that are macros of expressions, which Swift doesn't import.
enum Code {
    static let fsync: Int32 = SQLITE_IOERR | (4 << 8)
    static let directoryFsync: Int32 = SQLITE_IOERR | (5 << 8)

    static func wantsSpace(_ errno: Int32) -> Bool { errno == 28 || errno == 122 }
}
