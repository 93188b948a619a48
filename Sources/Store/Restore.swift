import CSQLite
import Coordination
import Glibc

/// Puts a backup in the place of a database.
///
/// Holders that began after the backup may still be at work, with tokens the backup
/// has never seen. So revisions go on far beyond any that can have been given: the
/// greatest known + 2^40. The incarnation is new, watches from before are told so,
/// and the daemon elects nobody until the longest duration has passed.
public enum Restore {
    /// What a restore did.
    public struct Report: Hashable, Sendable {
        /// From where revisions go on.
        public var revision: Revision
        public var incarnation: String
        /// Where the old database is, if there was one.
        public var kept: String?
        /// Whether the old database's revisions could be read and are surpassed for certain.
        public var oldWasReadable: Bool
    }

    static let leap: Revision = 1 << 40

    /// `now` is wall time: the old file's new name, and the beginning of the quarantine.
    ///
    /// Refuses while a daemon has the directory. Interrupted at any moment, either the old database is in
    /// place, or the new one, or the daemon refuses to start until the restore was run again.
    public static func run(
        from backup: String, into directory: String, now: Timestamp
    ) throws(StoreError) -> Report {
        let lock = try DirectoryLock(directory)
        defer { lock.release() }
        let path = Opening.file(in: directory)
        let copy = path + ".restoring"
        Files.remove(copy)
        Files.remove(copy + "-journal")
        let restored = try Backup.copy(backup, to: copy)
        let old = readOld(path)
        let report = Report(
            revision: max(restored, old ?? 0) + leap, incarnation: Meta.newIncarnation(),
            kept: Files.exists(path) ? "\(path).before-restore-\(now.fileName)" : nil,
            oldWasReadable: old != nil)
        guard report.revision < SQLiteStore.revisionLimit else {
            Files.remove(copy)
            throw .revisionsExhausted(report.revision)
        }
        try mark(copy, report, now)
        try swap(copy, path, report.kept, directory)
        return report
    }

    /// Checks the copy, and writes into it that it was restored.
    private static func mark(_ copy: String, _ report: Report, _ now: Timestamp) throws(StoreError) {
        let connection = try Connection(path: copy, access: .write)
        defer { connection.close() }
        let verdict = try connection.text("PRAGMA integrity_check(1)") ?? ""
        guard verdict == "ok" else {
            throw .damaged(detail: "the backup fails its integrity check: \(verdict)")
        }
        let meta = try MetaWriter(connection)
        try connection.run("BEGIN IMMEDIATE")
        try meta.set("incarnation", report.incarnation)
        try meta.set("revision", report.revision)
        try meta.set("compacted_revision", report.revision)
        try meta.set("restored_at", now.microseconds)
        try connection.run("COMMIT")
    }

    /// The old file's latest revision; nil if it can't be read. Its log is copied into it, so that the file
    /// that is kept aside is whole.
    private static func readOld(_ path: String) -> Revision? {
        guard Files.exists(path), let connection = try? Connection(path: path, access: .write) else {
            return nil
        }
        defer { connection.close() }
        do throws(StoreError) {
            guard try Schema.identify(connection) > 0 else { return nil }
            let revision = try Backup.latestRevision(connection)
            _ = try connection.checkpoint(SQLITE_CHECKPOINT_TRUNCATE)
            return revision
        } catch {
            return nil
        }
    }

    private static func swap(
        _ copy: String, _ path: String, _ kept: String?, _ directory: String
    ) throws(StoreError) {
        try Files.flush(copy)
        let flag = unfinished(directory)
        Files.remove(flag)
        try Files.create(flag)
        try Files.flush(directory)
        if let kept {
            // A second name first: at no moment is the old database without one.
            try Files.link(path, kept)
            if Files.size(path + "-wal") ?? 0 > 0 { try Files.link(path + "-wal", kept + "-wal") }
        }
        // An old log beside a new database would be taken for its own.
        Files.remove(path + "-wal")
        Files.remove(path + "-shm")
        try Files.rename(copy, path)
        try Files.flush(directory)
        Files.remove(flag)
        try Files.flush(directory)
    }

    private static func unfinished(_ directory: String) -> String { directory + "/restore-unfinished" }

    static func refuseUnfinished(in directory: String) throws(StoreError) {
        if Files.exists(unfinished(directory)) { throw .restoreUnfinished(directory: directory) }
    }
}

extension Timestamp {
    /// `20261121T050102.123456Z`: ISO without the colons.
    var fileName: String { String(iso.filter { $0 != "-" && $0 != ":" }) }
}
