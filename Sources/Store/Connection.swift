import CSQLite
import Glibc

/// One SQLite connection: one thread at a time.
///
/// Opened without SQLite's own mutexes, so the thread is checked here.
/// https://sqlite.org/threadsafe.html: "Multi-thread. In this mode, SQLite can be safely used by
/// multiple threads provided that no single database connection nor any object derived from
/// database connection, such as a prepared statement, is used in two or more threads at the
/// same time."
final class Connection {
    enum Access { case create, write, read }

    /// Set before the first connection of the process, and no more.
    private static let isConfigured = baton_without_memory_statistics() == SQLITE_OK

    let path: String
    fileprivate var db: OpaquePointer?
    /// Nil: it belongs to the loop, whose queue has no thread of its own.
    private var owner: pthread_t? = pthread_self()
    private var statements: [Statement] = []

    init(path: String, access: Access, vfs: String? = nil, waitMilliseconds: Int32 = 0) throws(StoreError) {
        self.path = path
        _ = Self.isConfigured
        var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_READWRITE
        if access == .create { flags |= SQLITE_OPEN_CREATE }
        let code = sqlite3_open_v2(path, &db, flags, vfs)
        guard code == SQLITE_OK else {
            let error = failure("open \(path)", code)
            sqlite3_close_v2(db)
            // What is thrown here runs `deinit`, too.
            db = nil
            throw error
        }
        sqlite3_busy_timeout(db, waitMilliseconds)
        // https://sqlite.org/c3ref/c_dbconfig_defensive.html, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE:
        // "Usually, when a database in wal mode is closed or detached from a database handle, SQLite
        // checks if if there are other connections to the same database, and if there are no other
        // database connection (if the connection being closed is the last open connection to the
        // database), then SQLite performs a checkpoint before closing the connection and deletes
        // the WAL file." Never by accident here: recovery wants to read the log again, and its sums.
        baton_no_checkpoint_on_close(db)
        guard access == .read else { return }
        do throws(StoreError) {
            try run("PRAGMA query_only=ON")
        } catch {
            close()
            throw error
        }
    }

    /// The calling thread uses the connection from now on.
    func adopt() { owner = pthread_self() }

    /// The loop uses the connection from now on: one queue, on whatever thread it runs.
    func adoptByLoop() { owner = nil }

    func check() {
        precondition(db != nil, "the connection is closed")
        guard let owner else { return }
        precondition(pthread_equal(owner, pthread_self()) != 0, "a connection belongs to one thread")
    }

    /// Rows that the latest INSERT, UPDATE or DELETE changed.
    var changedRows: Int64 { sqlite3_changes64(db) }

    func prepare(_ sql: StaticString) throws(StoreError) -> Statement {
        let statement = try Statement(self, sql)
        statements.append(statement)
        return statement
    }

    /// For what is run once or rarely.
    func run(_ sql: StaticString) throws(StoreError) {
        check()
        let code = sqlite3_exec(
            db, UnsafeRawPointer(sql.utf8Start).assumingMemoryBound(to: CChar.self), nil, nil, nil)
        guard code == SQLITE_OK else { throw failure("\(sql)", code) }
    }

    /// The first column of the first row.
    func integer(_ sql: StaticString) throws(StoreError) -> Int64? {
        let statement = try Statement(self, sql)
        defer { statement.finalize() }
        return try statement.step() ? statement.integer(0) : nil
    }

    func text(_ sql: StaticString) throws(StoreError) -> String? {
        let statement = try Statement(self, sql)
        defer { statement.finalize() }
        return try statement.step() ? statement.text(0) : nil
    }

    /// https://sqlite.org/c3ref/get_autocommit.html: "Autocommit mode is disabled by a BEGIN statement.
    /// Autocommit mode is re-enabled by a COMMIT or ROLLBACK." And: "If certain kinds of errors occur
    /// on a statement within a multi-statement transaction […] then the transaction might be rolled
    /// back automatically. The only way to find out whether SQLite automatically rolled back the
    /// transaction after an error is to use this function."
    var inTransaction: Bool { sqlite3_get_autocommit(db) == 0 }

    func rollBack() {
        if inTransaction { sqlite3_exec(db, "ROLLBACK", nil, nil, nil) }
    }

    func wait(milliseconds: Int32) { sqlite3_busy_timeout(db, milliseconds) }

    /// Frames in the log, and those that are in the database. Throws when a reader or writer is in the way.
    func checkpoint(_ mode: Int32) throws(StoreError) -> (logged: Int32, copied: Int32) {
        check()
        var logged: Int32 = 0
        var copied: Int32 = 0
        let code = sqlite3_wal_checkpoint_v2(db, "main", mode, &logged, &copied)
        guard code == SQLITE_OK else { throw failure("checkpoint", code) }
        // https://sqlite.org/c3ref/wal_checkpoint_v2.html: "If either of these output parameters is not NULL,
        // then they are set to -1 […] if the checkpoint could not run because of an error or because the
        // database is not in WAL mode." A connection that has never read doesn't know its mode: it does
        // nothing and calls it a success.
        precondition(logged >= 0, "a checkpoint on a connection that has read nothing")
        return (logged, copied)
    }

    /// Flushes the database's file, without its log.
    func flushDatabase() throws(StoreError) {
        check()
        let code = baton_flush_database(db)
        // Past the connection, which knows nothing of its error.
        guard code == SQLITE_OK else {
            throw .io(
                detail: "flush the database: \(String(cString: sqlite3_errstr(code)))", code: code, errno: 0)
        }
    }

    /// Calls `hook` after each commit with the number of frames in the log.
    func onCommit(_ context: UnsafeMutablePointer<Int32>) {
        sqlite3_wal_hook(
            db,
            { context, _, _, frames in
                context!.assumingMemoryBound(to: Int32.self).pointee = frames
                return SQLITE_OK
            }, context)
    }

    var handle: OpaquePointer? { db }

    func failure(_ what: String, _ code: Int32) -> StoreError {
        let message = db.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) } ?? "out of memory"
        return .io(
            detail: "\(what): \(message)", code: code, errno: db.map { sqlite3_system_errno($0) } ?? 0)
    }

    func close() {
        guard db != nil else { return }
        check()
        for statement in statements { statement.finalize() }
        statements = []
        let code = sqlite3_close(db)
        precondition(code == SQLITE_OK, "a statement or a backup outlives its connection")
        db = nil
    }

    deinit { precondition(db == nil, "a connection is closed by its owner") }
}
