import Coordination

/// Why the store can't be opened, read or replaced.
public enum StoreError: Error, Hashable, Sendable {
    /// Another daemon has the directory; its process id, if it could be read.
    case locked(directory: String, by: Int32?)
    /// The file is not Baton's: not SQLite, or another program's database.
    case foreign(path: String, detail: String)
    /// A later Baton wrote the file.
    case newer(path: String, version: Int, supported: Int)
    /// A restore into this directory was interrupted: it must be run again.
    case restoreUnfinished(directory: String)
    /// The file contradicts itself: bytes that decode to nothing, or acknowledged turns that are gone.
    case damaged(detail: String)
    /// SQLite or the system refused an operation. `code` is SQLite's extended code, 0 for the system's.
    case io(detail: String, code: Int32, errno: Int32)
    /// Another process wrote to the database, against the rules. The daemon must stop.
    case foreignWrite
    /// The journal does not reach back that far: it begins after this revision.
    case compacted(Revision)
    /// A recovery is under way, or has failed: nothing can be read.
    case unavailable(String)
    /// The copy would replace a file that is there.
    case exists(path: String)
    /// The revision would leave the numbers below 2^53.
    case revisionsExhausted(Revision)
}

extension StoreError: CustomStringConvertible {
    /// A sentence for the operator.
    public var description: String {
        switch self {
        case .locked(let directory, let pid):
            "\(directory) is in use by another batond" + (pid.map { " (pid \($0))" } ?? "")
        case .foreign(let path, let detail): "\(path) is not a Baton database: \(detail)"
        case .newer(let path, let version, let supported):
            "\(path) has schema version \(version), written by a newer batond; this one knows \(supported)"
        case .restoreUnfinished(let directory):
            "a restore into \(directory) was interrupted; run batond restore again"
        case .damaged(let detail): "the database is damaged: \(detail)"
        case .io(let detail, let code, let errno):
            "\(detail) (sqlite \(code), errno \(errno))"
        case .foreignWrite: "another process wrote to the database"
        case .compacted(let revision): "the journal begins after revision \(revision)"
        case .unavailable(let detail): "the store can't be read: \(detail)"
        case .exists(let path): "\(path) exists; it is replaced only when asked to"
        case .revisionsExhausted(let revision): "revision \(revision) is too close to 2^53"
        }
    }
}
