import Coordination
import Glibc
import SQLiteFaults
import Testing

@testable import Store

/// The store on a disk that is watched, and breaks. One at a time: the disk is the process's.
@Suite(.serialized) struct FaultTests {
    private let key = Key(namespace: "ci", name: "import")

    init() {
        faults_register()
        faults_reset()
    }

    private func settings(writeBehind: Bool = true) -> StoreSettings {
        var settings = StoreSettings()
        settings.vfs = "faults"
        settings.lagMilliseconds = writeBehind ? 0 : .max
        if !writeBehind { settings.batchRecords = .max }
        return settings
    }

    @Test func `nothing is said before its flush has ended`() throws {
        let unsynced = Box<Int64>()
        unsynced.value = 0
        let bench = try Bench(settings(writeBehind: false)) {
            unsynced.value! += faults_unsynced_writes("-wal")
        }
        for _ in 0..<50 {
            let before = faults_syncs("-wal")
            #expect(bench.commit { [.lease(Fleet.lease(key, $0, held: true))] } == .committed)
            #expect(faults_syncs("-wal") == before + 1)
        }
        #expect(unsynced.value == 0)
    }

    @Test func `a campaign and a completion cost two flushes, the tables none`() throws {
        let bench = try Bench(settings())
        bench.commit { [.lease(Fleet.lease(key, $0, held: false))] }
        bench.drain()
        let before = (faults_syncs("-wal"), faults_syncs("baton.db"))
        bench.commit { [.lease(Fleet.lease(key, $0, held: true))] }
        bench.drain()
        bench.commit {
            [
                .hold(Fleet.ended(key, 2)), .lease(Fleet.lease(key, $0, held: false)),
                .marker(Fleet.marker(key, $0)),
            ]
        }
        bench.drain()
        #expect(faults_syncs("-wal") - before.0 == 2)
        #expect(faults_syncs("baton.db") - before.1 == 0)
        #expect(bench.store.figures.tablesRevision == 3)
    }

    @Test func `a full disk degrades, and goes on by itself when there is space`() throws {
        let bench = try Bench(settings())
        bench.commit { [.lease(Fleet.lease(key, $0, held: true))] }
        faults_fail_writes("-wal", ENOSPC)
        let full = bench.commit { [.marker(Fleet.marker(key, $0))] }
        guard case .noSpace = full else { return #expect(Bool(false), "\(full)") }
        #expect(try bench.store.fetch([key])[0].marker == nil)
        faults_fail_writes("-wal", 0)
        #expect(bench.commit { [.marker(Fleet.marker(key, $0))] } == .committed)
        #expect(try bench.store.fetch([key])[0].marker == Fleet.marker(key, 3))
        bench.drain()
        try bench.reopen()
        #expect(try bench.store.fetch([key])[0].marker == Fleet.marker(key, 3))
    }

    @Test func `the tables wait for space, too`() throws {
        let bench = try Bench(settings(writeBehind: false))
        bench.commit { [.lease(Fleet.lease(key, $0, held: true))] }
        faults_fail_writes("-wal", ENOSPC)
        bench.store.writeBehind()
        let full = bench.commit { [.marker(Fleet.marker(key, $0))] }
        guard case .noSpace = full else { return #expect(Bool(false), "\(full)") }
        faults_fail_writes("-wal", 0)
        #expect(bench.commit { [.marker(Fleet.marker(key, $0))] } == .committed)
        bench.loop.turn { !bench.store.batchOutstanding }
        #expect(bench.store.figures.tablesRevision >= 1)
    }

    @Test
    func `after a failed flush nothing is written until a recovery has dropped the unacknowledged tail`()
        throws
    {
        let bench = try Bench(settings())
        bench.commit { [.lease(Fleet.lease(key, $0, held: true))] }
        faults_fail_syncs("-wal", 0, 1)
        let failed = bench.commit { [.marker(Fleet.marker(key, $0))] }
        guard case .failed = failed else { return #expect(Bool(false), "\(failed)") }
        let again = bench.commit { [.marker(Fleet.marker(key, $0))] }
        guard case .failed = again else { return #expect(Bool(false), "\(again)") }

        let recovered = try bench.recover().get()
        #expect(recovered.revision == 1)
        #expect(recovered.heldLeases.map(\.key) == [key])
        #expect(try bench.store.fetch([key])[0].marker == nil)
        #expect(try bench.store.journal(after: 0, limit: 10).map(\.revision) == [1])
        #expect(bench.commit { [.marker(Fleet.marker(key, $0))] } == .committed)
        try bench.reopen()
        #expect(bench.recovered.revision == 4)
        #expect(try bench.store.fetch([key])[0].marker == Fleet.marker(key, 4))
    }

    @Test func `a recovery on a disk that is still broken fails, and a later one succeeds`() throws {
        let bench = try Bench(settings())
        bench.commit { [.lease(Fleet.lease(key, $0, held: true))] }
        faults_fail_syncs("-wal", 0, 2)
        bench.commit { [.marker(Fleet.marker(key, $0))] }
        #expect(throws: StoreError.self) { try bench.recover().get() }
        #expect(throws: StoreError.self) { try bench.store.fetch([key]) }
        _ = try bench.recover().get()
        #expect(bench.commit { [.marker(Fleet.marker(key, $0))] } == .committed)
    }

    @Test func `a checkpoint whose flush fails stops the commits`() throws {
        var settings = settings(writeBehind: false)
        settings.checkpointBytes = 1
        let bench = try Bench(settings)
        faults_fail_syncs("baton.db", 0, 1)
        var result = CommitResult.committed
        while result == .committed {
            result = bench.commit { [.lease(Fleet.lease(key, $0, held: true))] }
            bench.checkpoint()
        }
        guard case .failed = result else { return #expect(Bool(false), "\(result)") }
        let before = bench.store.acknowledged
        #expect(try bench.recover().get().revision == before)
        #expect(bench.commit { [.marker(Fleet.marker(key, $0))] } == .committed)
    }

    // MARK: Checkpoints that don't copy all

    /// A transaction beside the daemon: what is committed after it began can't be copied.
    private func reading(_ bench: Bench) throws -> Connection {
        let shell = try Connection(path: Opening.file(in: bench.directory), access: .read)
        try look(shell)
        return shell
    }

    private func look(_ shell: Connection) throws {
        shell.rollBack()
        try shell.run("BEGIN")
        _ = try shell.integer("SELECT count(*) FROM journal")
    }

    /// With some turns, and far from a checkpoint.
    private func checkpointedLate() throws -> (bench: Bench, checkpointBytes: Int64) {
        var settings = settings(writeBehind: false)
        settings.checkpointBytes = 100_000
        let bench = try Bench(settings)
        for _ in 0..<5 { bench.commit { [.marker(Fleet.marker(key, $0))] } }
        return (bench, settings.checkpointBytes)
    }

    @Test func `a checkpoint flushes the database even if it doesn't copy all of the log`() throws {
        let (bench, checkpointBytes) = try checkpointedLate()
        let shell = try reading(bench)
        defer { shell.close() }
        let before = (
            syncs: faults_syncs("baton.db"), writes: faults_writes("baton.db"),
            completed: bench.store.figures.checkpoints
        )
        while bench.store.figures.logBytes <= checkpointBytes {
            bench.commit { [.marker(Fleet.marker(key, $0))] }
        }
        bench.checkpoint()
        #expect(faults_writes("baton.db") > before.writes)
        #expect(faults_syncs("baton.db") == before.syncs + 1)
        #expect(faults_unsynced_writes("baton.db") == 0)
        #expect(bench.store.figures.checkpoints == before.completed)
    }

    @Test func `the same: if its flush fails, the commits stop`() throws {
        let (bench, checkpointBytes) = try checkpointedLate()
        let shell = try reading(bench)
        defer { shell.close() }
        faults_fail_syncs("baton.db", 0, 1)
        var result = CommitResult.committed
        while result == .committed, bench.store.figures.logBytes < 3 * checkpointBytes {
            result = bench.commit { [.lease(Fleet.lease(key, $0, held: true))] }
            bench.checkpoint()
        }
        guard case .failed(let detail) = result else { return #expect(Bool(false), "\(result)") }
        #expect(detail.contains("flush the database"))
        let again = bench.commit { [.marker(Fleet.marker(key, $0))] }
        guard case .failed = again else { return #expect(Bool(false), "\(again)") }
        shell.close()
        let before = bench.store.acknowledged
        #expect(try bench.recover().get().revision == before)
        #expect(bench.commit { [.marker(Fleet.marker(key, $0))] } == .committed)
        try bench.reopen()
        #expect(try bench.store.fetch([key])[0].lease == Fleet.lease(key, before, held: true))
    }

    @Test func `after the log began anew the next checkpoint waits for two commits, though it was due`()
        throws
    {
        let bench = try Bench()
        bench.commit { [.marker(Fleet.marker(key, $0))] }
        let connection = try Connection(path: Opening.file(in: bench.directory), access: .write)
        _ = try connection.integer("PRAGMA schema_version")
        var settings = StoreSettings()
        settings.checkpointBytes = 0
        let checkpointer = Checkpointer(connection, settings: settings)
        defer { checkpointer.stop() }
        checkpointer.paused(commits: 5) { checkpointer.note(commits: 5, logBytes: 1) }
        checkpointer.note(commits: 6, logBytes: 1)
        checkpointer.settle()
        #expect(checkpointer.completed == 0)
        checkpointer.note(commits: 7, logBytes: 1)
        checkpointer.settle()
        #expect(checkpointer.completed == 1)
    }

    @Test func `the log begins anew when little of it is left to copy`() throws {
        var settings = settings(writeBehind: false)
        settings.checkpointBytes = 200_000
        settings.restartBytes = 400_000
        settings.restartRestBytes = 20_000
        settings.restartWaitMilliseconds = 1
        // Before the checkpoints hear of a commit: what is written to the database meanwhile, the commit writes.
        let written = Box<Int64>()
        let bench = try Bench(settings) { written.value = faults_writes("baton.db") }
        var marker = Fleet.marker(key, 1)
        marker.metadata = [UInt8](repeating: 1, count: 9000)
        var (most, copied): (Int64, [Int64]) = (0, [])
        func commit() {
            let before = (log: bench.store.figures.logBytes, writes: faults_writes("baton.db"))
            bench.commit { _ in [.marker(marker)] }
            copied.append(written.value! - before.writes)
            most = max(most, bench.store.figures.logBytes - before.log)
            bench.checkpoint()
        }
        commit()
        // One commit behind, it keeps the checkpoints from copying all of the log, and the log from beginning anew.
        let shell = try reading(bench)
        defer { shell.close() }
        while bench.store.figures.logBytes <= 480_000 {
            commit()
            try look(shell)
            guard bench.store.figures.logBytes > settings.restartBytes else { continue }
            let rest = Box<Int64>()
            bench.errand { rest.value = $0.checkpointer!.uncopied(of: $0.figures.logBytes) }
            // A checkpoint waits for two commits after the one before.
            #expect(rest.value! <= settings.restartRestBytes + 2 * most)
        }
        shell.close()
        while bench.store.figures.logBytes > 2 * most {
            commit()
            #expect(bench.store.figures.logBytes < 2 * settings.restartBytes)
        }
        #expect(copied.max()! > 0 && copied.max()! <= (settings.restartRestBytes + 2 * most) / 4096)
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `whatever a loss of power leaves, all that was acknowledged is there`(seed: UInt64) throws {
        var settings = settings()
        settings.checkpointBytes = 40_000
        settings.sliceRecords = 4
        var history: [Revision: Model] = [0: Model()]
        var workload = Workload(seed: seed)
        faults_record(1)
        let bench = try Bench(settings)
        faults_directory_flushed()
        var model = Model()
        var acknowledged: [(operations: Int64, revision: Revision)] = [(faults_recorded(), 0)]
        for _ in 0..<120 {
            bench.commit { revision in
                let changes = workload.changes(revision)
                model.apply(changes)
                history[revision] = model
                return changes
            }
            acknowledged.append((faults_recorded(), bench.revision))
        }
        var random = Seeded(seed)
        for _ in 0..<25 {
            let cut = Int64.random(in: acknowledged[0].operations...faults_recorded(), using: &random)
            let known = acknowledged.last { $0.operations <= cut }!.revision
            let directory = Bench.temporary()
            #expect(faults_disk(directory, cut, random.next()) == 0)
            let after = try Bench(directory: directory)
            #expect(after.recovered.revision >= known)
            #expect(try history[after.recovered.revision]!.matches(after.store, workload.keys))
            #expect(after.recovered.usage == history[after.recovered.revision]!.usage)
            #expect(after.commit { [.leaseDeleted(Fleet.lease(key, 1, held: false), at: $0)] } == .committed)
        }
    }
}
