import Coordination
import Testing

@testable import Store

@Suite struct UpkeepTests {
    private func settings() -> StoreSettings {
        var settings = StoreSettings()
        settings.lagMilliseconds = .max
        settings.batchRecords = .max
        return settings
    }

    private func hour(_ number: Int64) -> Int64 { number * 3_600_000_000 }

    @Test func `the journal is cut by age, and revisions never go back`() throws {
        let bench = try Bench(settings())
        let key = Key(namespace: "ci", name: "w")
        for index in 0..<10 { bench.commit(time: hour(Int64(index))) { [.marker(Fleet.marker(key, $0))] } }
        bench.maintain(now: Timestamp(microseconds: hour(24 + 5)))
        #expect(bench.store.figures.compactedRevision == 5)
        #expect(try bench.store.journal(after: 5, limit: 10).map(\.revision) == [6, 7, 8, 9, 10])
        #expect(throws: StoreError.compacted(5)) { try bench.store.journal(after: 4, limit: 10) }
        bench.maintain(now: Timestamp(microseconds: hour(1000)))
        #expect(bench.store.figures.journalBytes == 0)
        try bench.reopen()
        #expect(bench.recovered.revision == 10)
        #expect(bench.recovered.compactedRevision == 10)
        #expect(bench.commit { [.marker(Fleet.marker(key, $0))] } == .committed)
    }

    @Test func `the journal is cut by size, and its size is known after a start`() throws {
        var settings = settings()
        settings.journalBytes = 2000
        let bench = try Bench(settings)
        let key = Key(namespace: "ci", name: "w")
        for _ in 0..<50 { bench.commit { [.marker(Fleet.marker(key, $0))] } }
        let before = bench.store.figures.journalBytes
        bench.maintain(now: nil)
        let after = bench.store.figures.journalBytes
        #expect(before > 2000 && after <= 2000 && after > 1000)
        try bench.reopen()
        #expect(bench.store.figures.journalBytes == after)
        let left = try bench.store.journal(after: bench.recovered.compactedRevision, limit: 100)
        #expect(left.last?.revision == 50)
    }

    @Test func `the journal is never cut beyond the tables`() throws {
        let bench = try Bench(settings())
        let key = Key(namespace: "ci", name: "w")
        for _ in 0..<5 { bench.commit(time: 0) { [.marker(Fleet.marker(key, $0))] } }
        bench.drain()
        for _ in 0..<5 { bench.commit(time: 0) { [.marker(Fleet.marker(key, $0))] } }
        let settings = settings()
        bench.errand { committer in
            _ = Upkeep(
                engine: committer.healthyEngine!, settings: settings, now: Timestamp(microseconds: .max / 2)
            ).run()
        }
        #expect(try bench.store.journal(after: 5, limit: 10).count == 5)
        #expect(throws: StoreError.compacted(5)) { try bench.store.journal(after: 0, limit: 10) }
    }

    @Test func `ended holds leave the history by age, open ones stay`() throws {
        let bench = try Bench(settings())
        let key = Key(namespace: "ci", name: "w")
        for index in 0..<6 {
            bench.commit { revision in
                let at = Timestamp(microseconds: hour(Int64(index)))
                return index == 0
                    ? [.lease(Fleet.lease(key, revision, held: true))]
                    : [.hold(Fleet.ended(key, revision, at: at))]
            }
        }
        bench.maintain(now: Timestamp(microseconds: hour(30 * 24 + 3)))
        #expect(try bench.store.history(namespace: "ci", limit: 10).map(\.token) == [6, 5, 4, 1])
    }

    @Test func `checkpoints run, and the log begins anew`() throws {
        var settings = settings()
        settings.checkpointBytes = 100_000
        let bench = try Bench(settings)
        let key = Key(namespace: "ci", name: "w")
        var peak: Int64 = 0
        for _ in 0..<200 {
            bench.commit { [.marker(Fleet.marker(key, $0))] }
            bench.checkpoint()
            peak = max(peak, bench.store.figures.logBytes)
        }
        #expect(bench.store.figures.checkpoints > 2)
        #expect(peak < 150_000)
    }

    @Test func `a reader that stays keeps the log, and one turn begins it anew when it is gone`() throws {
        var settings = settings()
        settings.checkpointBytes = 50_000
        settings.restartBytes = 200_000
        settings.restartWaitMilliseconds = 1
        let bench = try Bench(settings)
        let key = Key(namespace: "ci", name: "w")
        bench.commit { [.marker(Fleet.marker(key, $0))] }
        let shell = try Connection(path: Opening.file(in: bench.directory), access: .read)
        defer { shell.close() }
        try shell.run("BEGIN")
        _ = try shell.integer("SELECT count(*) FROM journal")
        for _ in 0..<100 { #expect(bench.commit { [.marker(Fleet.marker(key, $0))] } == .committed) }
        #expect(bench.store.figures.logBytes > 200_000)
        shell.close()
        for _ in 0..<40 { #expect(bench.commit { [.marker(Fleet.marker(key, $0))] } == .committed) }
        #expect(bench.store.figures.logBytes < 200_000)
    }

    @Test func `one call of upkeep catches up, piece by piece`() throws {
        var settings = StoreSettings()
        settings.journalAge = .seconds(1)
        let bench = try Bench(settings)
        let turns = Int(Upkeep.pieceRows) * 3 + 5
        let key = Key(namespace: "ci", name: "w")
        for _ in 0..<turns { bench.commit { [.lease(Fleet.lease(key, $0, held: true))] } }
        bench.maintain(now: Timestamp(microseconds: .max / 2))
        #expect(bench.store.figures.compactedRevision == bench.store.acknowledged)
        #expect(bench.store.figures.journalBytes == 0)
    }
}
