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
        bench.commit { [.lease(Fleet.lease(key, $0, held: true)), .hold(Fleet.record(key, $0))] }
        bench.drain()
        let before = (faults_syncs("-wal"), faults_syncs("baton.db"))
        bench.commit { [.lease(Fleet.lease(key, $0, held: true)), .hold(Fleet.record(key, $0))] }
        bench.drain()
        bench.commit { [.lease(Fleet.lease(key, $0, held: false)), .marker(Fleet.marker(key, $0))] }
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
            #expect(after.commit { [.leaseDeleted(key, at: $0)] } == .committed)
        }
    }
}
