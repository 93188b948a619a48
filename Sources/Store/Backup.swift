import CSQLite
import Coordination
import Glibc

/// A copy of the database, made while the daemon runs, by any process that can read the directory.
///
/// It has every turn that was acknowledged before it began: it is one snapshot of
/// database and log together, and the journal travels in it, whatever the tables lack.
public enum Backup {
    /// What was copied.
    public struct Report: Hashable, Sendable {
        /// The latest turn in the copy.
        public var revision: Revision
        public var bytes: Int64
    }

    private static let waitMilliseconds: Int32 = 10_000

    /// Copies the database of `directory` to the file `path`; a file that is there is replaced only if
    /// `replacing`. The copy appears under its name when it is whole and flushed, not before.
    @discardableResult
    public static func write(
        from directory: String, to path: String, replacing: Bool = false
    ) throws(StoreError) -> Report {
        if !replacing && Files.exists(path) { throw .exists(path: path) }
        let partial = "\(path).partial-\(getpid())"
        Files.remove(partial)
        do throws(StoreError) {
            let revision = try copy(Opening.file(in: directory), to: partial)
            try Files.flush(partial)
            let bytes = Files.size(partial) ?? 0
            if replacing {
                try Files.rename(partial, path)
            } else {
                // A link, because rename would replace a file that came meanwhile.
                try Files.link(partial, path)
                Files.remove(partial)
            }
            try Files.flush(Files.directory(of: path))
            return Report(revision: revision, bytes: bytes)
        } catch {
            Files.remove(partial)
            throw error
        }
    }

    /// Copies a Baton database, log included, into a new file that needs no log.
    static func copy(_ source: String, to path: String) throws(StoreError) -> Revision {
        let reader = try Connection(path: source, access: .read, waitMilliseconds: waitMilliseconds)
        defer { reader.close() }
        guard try Schema.identify(reader) > 0 else { throw .foreign(path: source, detail: "it is empty") }
        try Files.create(path)
        let writer = try Connection(path: path, access: .write)
        defer { writer.close() }
        try copyPages(reader, writer)
        // The copy says of itself that it is in WAL mode; as a single file it must not need a log.
        try writer.run("PRAGMA journal_mode=DELETE")
        return try latestRevision(writer)
    }

    /// https://sqlite.org/c3ref/backup_finish.html: "If N is negative, all remaining source pages are
    /// copied." In one step, so that it is one read transaction and a write meanwhile doesn't make it
    /// start again; the log grows until it ends.
    private static func copyPages(_ reader: Connection, _ writer: Connection) throws(StoreError) {
        guard let backup = sqlite3_backup_init(writer.handle, "main", reader.handle, "main") else {
            throw writer.failure("backup", sqlite3_errcode(writer.handle))
        }
        let step = sqlite3_backup_step(backup, -1)
        let finish = sqlite3_backup_finish(backup)
        guard step == SQLITE_DONE else { throw reader.failure("backup", step) }
        guard finish == SQLITE_OK else { throw writer.failure("backup", finish) }
    }

    static func latestRevision(_ connection: Connection) throws(StoreError) -> Revision {
        let last = try connection.integer("SELECT max(revision) FROM journal") ?? 0
        return max(last, try Meta.read(connection).floor)
    }
}
