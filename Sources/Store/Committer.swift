import Coordination

/// The commit thread: turns first, then what is written behind them.
///
/// One turn is in flight at a time; while it is in its flush the loop gathers the
/// next. Whenever no turn waits, a slice of the readable tables is written, or a
/// piece of upkeep done. A slice looks up now and then: if a turn has come it ends
/// early, so that the turn waits for some hundreds of microseconds and not for the
/// whole batch; the fuller the batch, the longer the slices, or the tables would
/// never catch up with a loop that always has a next turn.
final class Committer: @unchecked Sendable {
    private enum Work {
        case turn(TurnJob)
        case slice
        case errand(Errand)
        case stop
    }

    private struct TurnJob {
        var turn: Turn
        var previous: Revision
        var done: @Sendable (CommitResult) -> Void
    }

    private struct BatchJob {
        var batch: Batch
        var written = 0
        var done: @Sendable () -> Void
    }

    typealias Errand = @Sendable (Committer) -> Void

    private let monitor = Monitor()
    let settings: StoreSettings
    private var thread: Thread?
    /// Nil until the thread has tried to take the connections over.
    private var startFailure: StoreError??

    // Guarded by the monitor.
    private var turn: TurnJob?
    private var batchWaits = false
    private var errands: [Errand] = []
    private var stopping = false
    private var figuresNow = StoreFigures()

    // The commit thread's own.
    private var engine: Engine?
    private(set) var checkpointer: Checkpointer?
    private var batch: BatchJob?
    private var handedBatch: BatchJob?
    private var restartAt: Int64

    init(settings: StoreSettings) {
        self.settings = settings
        restartAt = settings.restartBytes
    }

    /// The thread takes the connections over. If it can't, it ends.
    func start(_ opened: Opened) throws(StoreError) {
        figuresNow = StoreFigures(
            committed: opened.journalRevision, tablesRevision: opened.meta.tablesRevision,
            compactedRevision: opened.meta.compactedRevision, journalBytes: opened.journalBytes)
        nonisolated(unsafe) let opened = opened
        thread = Thread(name: "baton-commit") { [self] in
            let failure: StoreError?
            do throws(StoreError) {
                try install(opened)
                failure = nil
            } catch {
                failure = error
            }
            monitor.signal { startFailure = .some(failure) }
            if failure == nil { run() }
        }
        guard let failure = monitor.wait(for: { startFailure }) else { return }
        thread.take()?.join()
        throw failure
    }

    // MARK: From the loop

    func submit(
        _ next: Turn, expecting previous: Revision, done: @escaping @Sendable (CommitResult) -> Void
    ) {
        monitor.signal {
            precondition(turn == nil && !stopping, "one turn is in flight at a time")
            turn = TurnJob(turn: next, previous: previous, done: done)
        }
    }

    /// Writes a batch to the tables, sooner or later. One at a time.
    func writeBehind(_ next: Batch, done: @escaping @Sendable () -> Void) {
        monitor.signal {
            precondition(handedBatch == nil, "one batch is being written at a time")
            handedBatch = BatchJob(batch: next, done: done)
            batchWaits = true
        }
    }

    /// Runs on the commit thread when nothing else waits.
    func errand(_ errand: @escaping Errand) {
        monitor.signal { errands.append(errand) }
    }

    /// Finishes what was handed over, then ends. Waits for it.
    func stop() {
        monitor.signal { stopping = true }
        // Joined once: a thread's id is given to another after that.
        thread.take()?.join()
    }

    var figures: StoreFigures { monitor.locked { figuresNow } }

    // MARK: The thread

    private func run() {
        while true {
            switch monitor.wait(for: next) {
            case .turn(let job): commit(job)
            case .slice: slice()
            case .errand(let errand): errand(self)
            case .stop: return shutDown()
            }
            publish()
        }
    }

    private func next() -> Work? {
        if let job = turn {
            turn = nil
            return .turn(job)
        }
        if batchWaits { return .slice }
        if !errands.isEmpty { return .errand(errands.removeFirst()) }
        return stopping ? .stop : nil
    }

    private func commit(_ job: TurnJob) {
        guard let engine else { return job.done(.failed("the store is not open")) }
        if let trouble = checkpointer?.trouble { engine.poison(trouble) }
        restartLogIfDue(engine)
        let result = engine.commit(job.turn, expecting: job.previous)
        publish()
        job.done(result)
        // A batch that failed for want of space is tried again after the next turn that succeeds.
        if result == .committed { monitor.locked { batchWaits = batch != nil || handedBatch != nil } }
        checkpointer?.note(commits: engine.commits, logBytes: engine.logBytes)
    }

    private func slice() {
        if batch == nil {
            monitor.locked { (batch, handedBatch) = (handedBatch, nil) }
            batch?.batch.sort()
        }
        guard let engine, engine.poison == nil, var job = batch else {
            return monitor.locked { batchWaits = false }
        }
        do throws(StoreError) {
            try engine.transaction(flush: false) { () throws(StoreError) in
                try write(&job, engine)
            }
        } catch {
            _ = engine.judge(error)
            engine.auditRows = nil
            return monitor.locked { batchWaits = false }
        }
        batch = job
        checkpointer?.note(commits: engine.commits, logBytes: engine.logBytes)
        if job.written == job.batch.rows.count { finish(job, engine) }
    }

    private func finish(_ job: BatchJob, _ engine: Engine) {
        engine.noteTables(job.batch.revision)
        batch = nil
        monitor.locked { batchWaits = handedBatch != nil }
        publish()
        job.done()
    }

    /// Records of the batch, as many as this slice may have. The last slice carries the high-water mark.
    ///
    /// An earlier slice may be newer than the mark. It does no harm: the rows of the journal after the mark
    /// are replayed over it, and they hold the same records or later ones.
    private func write(_ job: inout BatchJob, _ engine: Engine) throws(StoreError) {
        let rows = job.batch.rows
        let end = min(rows.count, job.written + settings.sliceRecords)
        let began = SQLiteStore.monotonicMicroseconds()
        while job.written < end {
            try engine.tables.write(rows[job.written])
            if case .audit = rows[job.written] { engine.auditRows? += 1 }
            job.written += 1
            guard job.written % 16 == 0, turnWaits else { continue }
            if SQLiteStore.monotonicMicroseconds() - began >= settings.sliceMicroseconds { break }
        }
        guard job.written == rows.count else { return }
        try engine.meta.set("tables_revision", job.batch.revision)
        try engine.meta.set("journal_bytes", engine.journalBytes(upTo: job.batch.revision))
    }

    private var turnWaits: Bool { monitor.locked { turn != nil } }

    /// A daemon that is never idle never gives a passive checkpoint the chance to copy everything, so the log
    /// only grows. One turn waits then: just after a checkpoint, when little is left.
    private func restartLogIfDue(_ engine: Engine) {
        guard engine.logBytes > restartAt, engine.poison == nil, let checkpointer else { return }
        let isMuchTooLong = engine.logBytes > restartAt + settings.restartBytes / 4
        guard isMuchTooLong || checkpointer.uncopied(of: engine.logBytes) <= settings.restartRestBytes else {
            return
        }
        let restarted = checkpointer.paused(commits: engine.commits) {
            engine.restartLog(waitMilliseconds: settings.restartWaitMilliseconds)
        }
        // A reader is in the way: don't make every turn wait for it.
        restartAt = restarted ? settings.restartBytes : engine.logBytes + settings.restartBytes / 4
    }

    /// Upkeep in pieces, each when nothing else waits.
    func keepUp(now: Timestamp?, _ settings: StoreSettings, pieces: Int) {
        errand { committer in
            guard let engine = committer.healthyEngine else { return }
            let isMore = Upkeep(engine: engine, settings: settings, now: now).run()
            committer.checkpointer?.note(commits: engine.commits, logBytes: engine.logBytes)
            if isMore, pieces > 1 { committer.keepUp(now: now, settings, pieces: pieces - 1) }
        }
    }

    private func publish() {
        guard let engine else { return }
        let figures = StoreFigures(
            committed: engine.committed, tablesRevision: engine.tablesRevision,
            compactedRevision: engine.compactedRevision, journalBytes: engine.journalBytes,
            logBytes: engine.logBytes, checkpoints: checkpointer?.completed ?? 0,
            flush: engine.flush, turnBytes: engine.turnBytes, trouble: engine.poison)
        monitor.locked { figuresNow = figures }
    }

    // MARK: Opening and closing, on the thread

    private func install(_ opened: Opened) throws(StoreError) {
        engine = try Engine(opened)
        checkpointer = Checkpointer(opened.checkpointer, settings: settings)
        restartAt = settings.restartBytes
        publish()
    }

    private func shutDown() {
        checkpointer?.stop()
        if let engine, engine.poison == nil { engine.emptyLog() }
        engine?.close()
    }

    /// Waits until no checkpoint is due; for tests, on any thread but the checkpoints' own.
    func settleCheckpoints() { checkpointer?.settle() }

    /// For errands: the engine, if it may write.
    var healthyEngine: Engine? { engine?.poison == nil ? engine : nil }

    /// For the recovery: closes every connection of this thread, opens the file again, takes over.
    /// The reader, which is the loop's, comes back with what was read.
    func reopen(_ open: () throws(StoreError) -> Opened) throws(StoreError) -> Opened {
        checkpointer?.stop()
        checkpointer = nil
        engine?.close()
        engine = nil
        batch = nil
        monitor.locked {
            handedBatch = nil
            batchWaits = false
        }
        let opened = try open()
        try install(opened)
        return opened
    }
}

/// What the store is doing, for metrics and readiness.
public struct StoreFigures: Hashable, Sendable {
    /// The latest turn that is on disk.
    public var committed: Revision = 0
    /// How far the readable tables have come.
    public var tablesRevision: Revision = 0
    /// The journal begins after this revision.
    public var compactedRevision: Revision = 0
    /// Bytes of the journal's bodies.
    public var journalBytes: Int64 = 0
    /// Bytes of the write-ahead log since it last began anew.
    public var logBytes: Int64 = 0
    /// Checkpoints that copied the whole log, since the start.
    public var checkpoints: UInt64 = 0
    /// How long the latest turn's COMMIT took: its flush, and little else.
    public var flush = Interval.zero
    /// Bytes of the latest turn in the journal.
    public var turnBytes = 0
    /// Why nothing is written any more until a recovery; nil when all is well.
    public var trouble: String?
}
