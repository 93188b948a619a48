import Coordination

/// One batch of changes that become durable together: one row of the journal.
public struct Turn: Hashable, Sendable {
    /// The revision of the last change; the turn's key. Greater than any turn's before it.
    public var revision: Revision
    /// Wall time of the turn, for people and for the age of the journal.
    public var time: Timestamp
    public var changes: [Change]

    public init(revision: Revision, time: Timestamp, changes: [Change]) {
        self.revision = revision
        self.time = time
        self.changes = changes
    }
}

/// What became of a turn.
public enum CommitResult: Hashable, Sendable {
    /// It is on disk: a crash or a loss of power can't take it back.
    case committed
    /// There was no room, and nothing was written. The same commit may be tried again later.
    case noSpace(String)
    /// Another process holds SQLite's write lock (a shell in a transaction); nothing was written.
    /// The same commit may be tried again later.
    case busy(String)
    /// Unknown: it may or may not be on disk. Every further commit fails until `recover` has succeeded.
    case failed(String)
    /// Someone else writes, or the expected revision is not the store's: this daemon must stop.
    case deposed(String)
}

/// What the daemon needs of durable state: few functions, so that another engine can stand behind them.
///
/// All of it is called on the loop's thread, and answers come back to it.
public protocol DurableStore: AnyObject {
    /// The records of these names, as of the latest turn given to `commit`, be it durable or not.
    func fetch(_ keys: [Key]) throws(StoreError) -> [NameRecords]
    /// The hold with this token, if it has ended, as of the latest turn given to `commit`.
    func endedHold(token: FencingToken) throws(StoreError) -> HoldRecord?
    /// Makes a turn durable if the latest committed one is `previous`. One at a time.
    func commit(_ turn: Turn, expecting previous: Revision, done: @escaping @Sendable (CommitResult) -> Void)
    /// Acknowledged turns after a revision, oldest first; at most `limit`.
    func journal(after revision: Revision, limit: Int) throws(StoreError) -> [Turn]
}
