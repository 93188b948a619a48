import Coordination
import Glibc

/// Durable state in SQLite: a journal that is the truth, and readable tables behind it.
///
/// What is acknowledged survives a crash and a loss of power, as far as the disk
/// keeps what it says it has flushed. What is not acknowledged may survive, too.
///
/// The store is used by one loop: a thread, or a serial queue on whatever thread it runs. Commits run on a thread of the
/// store; what they come to is handed to `post`, which must run it on the loop,
/// in order. While a turn is in flight, `fetch` and `hold` show it already,
/// because the core that made it goes on; the lists, the history and the journal
/// show it once it is durable, so that they can be answered at once.
public final class SQLiteStore: DurableStore, @unchecked Sendable {
    /// Runs a closure on the loop's thread, soon, in the order given.
    public typealias Post = @Sendable (@escaping @Sendable () -> Void) -> Void

    let directory: String
    /// A change holds for the next upkeep and for the next batch of the tables; what the commit thread
    /// was told when it was opened stays. Set it on the loop.
    public var settings: StoreSettings
    let post: Post
    let lock: DirectoryLock
    let committer: Committer
    /// Traps where it is not run on the loop.
    let onLoop: @Sendable () -> Void

    var reader: Reader?
    var overlay = Overlay()
    var recent = RecentReads()
    var shelf = NamespaceShelf()
    /// The turn in flight, as an overlay over the overlay.
    var inFlight: InFlight?
    var batchOutstanding = false
    var lastBatch: Int64 = 0
    var recovering = false
    var isClosed = false
    /// The latest turn known here to be durable.
    public internal(set) var acknowledged: Revision = 0

    struct InFlight {
        var turn: Turn
        var records: Overlay
    }

    init(
        directory: String, settings: StoreSettings, lock: DirectoryLock,
        onLoop: @escaping @Sendable () -> Void, post: @escaping Post
    ) {
        self.directory = directory
        self.settings = settings
        self.lock = lock
        self.onLoop = onLoop
        self.post = post
        committer = Committer(settings: settings)
    }

    /// Live figures; callable on any thread.
    public var figures: StoreFigures { committer.figures }

    // MARK: Commit

    /// Makes a turn durable if the latest committed one is `previous`.
    ///
    /// One at a time: the next one is given after `done`, which runs on the loop. On
    /// anything but `.committed` the turn is forgotten here, as it must be in the core.
    public func commit(
        _ turn: Turn, expecting previous: Revision, done: @escaping @Sendable (CommitResult) -> Void
    ) {
        onLoop()
        precondition(inFlight == nil, "one turn is in flight at a time")
        precondition(turn.revision > previous && turn.revision < Self.revisionLimit)
        guard !recovering else { return post { done(.failed("a recovery is under way")) } }
        var records = Overlay()
        records.apply(turn.changes, turn: turn.revision)
        inFlight = InFlight(turn: turn, records: records)
        committer.submit(turn, expecting: previous) { [self] result in
            post { [self] in
                settle(result)
                done(result)
            }
        }
    }

    /// Revisions stay below 2^53, so that they survive a JSON number.
    static let revisionLimit: Revision = 1 << 53

    private func settle(_ result: CommitResult) {
        onLoop()
        guard let turn = inFlight?.turn else { preconditionFailure("a result without a turn") }
        inFlight = nil
        guard result == .committed else { return }
        acknowledged = turn.revision
        overlay.apply(turn.changes, turn: turn.revision)
        recent.forget(turn.changes)
        shelf.apply(turn.changes)
        writeBehindIfDue()
    }

    // MARK: Writing behind

    private func writeBehindIfDue() {
        let now = Self.monotonicMilliseconds()
        if overlay.count >= settings.batchRecords || now - lastBatch >= settings.lagMilliseconds {
            writeBehind(now)
        }
    }

    func writeBehind(_ now: Int64 = monotonicMilliseconds()) {
        guard !batchOutstanding, !overlay.isEmpty, !recovering else { return }
        lastBatch = now
        batchOutstanding = true
        let batch = overlay.batch()
        let epoch = recoveries
        committer.writeBehind(batch) { [self] in
            post { [self] in
                onLoop()
                // A recovery since then has read the overlay anew.
                guard epoch == recoveries else { return }
                batchOutstanding = false
                overlay.retire(batch)
            }
        }
    }

    var recoveries = 0

    static func monotonicMicroseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
    }

    static func monotonicMilliseconds() -> Int64 { monotonicMicroseconds() / 1000 }

    // MARK: Records

    public func fetch(_ keys: [Key]) throws(StoreError) -> [NameRecords] {
        onLoop()
        var records: [NameRecords] = []
        records.reserveCapacity(keys.count)
        var misses = 0
        for key in keys {
            let lease = inFlight?.records.entries[key]?.lease ?? overlay.entries[key]?.lease
            let marker = inFlight?.records.entries[key]?.marker ?? overlay.entries[key]?.marker
            if lease == nil || marker == nil { misses += 1 }
            records.append(NameRecords(key: key, lease: lease?.value, marker: marker?.value))
        }
        if misses > 0 { try read(&records) }
        return records
    }

    /// Asks the tables for what the overlays don't know. A record they know to be deleted stays nil.
    private func read(_ records: inout [NameRecords]) throws(StoreError) {
        let reader = try openReader()
        try reader.transaction { () throws(StoreError) in
            for index in records.indices {
                let key = records[index].key
                if inFlight?.records.entries[key]?.lease == nil && overlay.entries[key]?.lease == nil {
                    records[index].lease = try reader.lease(key)
                }
                if inFlight?.records.entries[key]?.marker == nil && overlay.entries[key]?.marker == nil {
                    records[index].marker = try reader.marker(key)
                }
            }
        }
    }

    public func endedHold(token: FencingToken) throws(StoreError) -> HoldRecord? {
        onLoop()
        if let slot = inFlight?.records.holds[token] ?? overlay.holds[token] { return slot.value }
        return try openReader().hold(token)
    }

    /// Acknowledged turns after `revision`, oldest first; at most `limit`.
    /// Throws `.compacted` if the journal doesn't reach back to it. Nothing is read if there is none.
    public func journal(after revision: Revision, limit: Int) throws(StoreError) -> [Turn] {
        onLoop()
        guard revision < acknowledged else { return [] }
        let (turns, begins) = try openReader().journal(after: revision, limit: limit)
        guard revision >= begins else { throw .compacted(begins) }
        return turns.filter { $0.revision <= acknowledged }
    }

    func openReader() throws(StoreError) -> Reader {
        guard let reader else { throw .unavailable("a recovery is under way or has failed") }
        return reader
    }
}
