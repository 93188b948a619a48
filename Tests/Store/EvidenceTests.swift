import Coordination
import Testing

@testable import Store

/// What overlaps and reports go over.
@Suite struct EvidenceTests {
    private static let begin = Fleet.began

    private static func at(_ seconds: Int) -> Timestamp {
        Timestamp(microseconds: begin.microseconds + Int64(seconds) * 1_000_000)
    }

    private static func hold(_ key: Key, _ token: FencingToken, ended: Int?) -> HoldRecord {
        var hold = Fleet.record(key, token)
        hold.end = ended.map {
            HoldRecord.End(how: .resigned, reason: nil, by: nil, at: at($0), revision: token + 1)
        }
        return hold
    }

    private static func scan(
        _ store: SQLiteStore, _ namespace: String, _ name: String? = nil, since: Int, limit: Int
    ) throws -> [HoldRecord] {
        var scan = HoldScan(namespace: namespace, name: name, since: at(since))
        var holds: [HoldRecord] = []
        while !scan.isDone { holds += try scan.next(store, limit: limit) }
        return holds
    }

    @Test(arguments: [1, 2, 7, 100])
    func `open holds come first, and then the others from the latest end on, each once`(limit: Int) throws {
        let bench = try Bench()
        let key = Key(namespace: "ci", name: "deploy")
        let other = Key(namespace: "ci", name: "deploy-2")
        for number in 1...20 {
            // Several end at the same moment; the first are in the tables, the others in the overlay only.
            let key = number % 3 == 0 ? other : key
            bench.commit { [.hold(Self.hold(key, $0, ended: number / 2 * 10))] }
            if number == 12 { bench.drain() }
        }
        bench.commit { [.hold(Self.hold(Key(namespace: "z", name: "deploy"), $0, ended: 500))] }
        var open: HoldRecord?
        bench.commit { revision in
            var lease = Fleet.lease(key, revision, held: true)
            lease.hold!.mode = .observe
            open = lease.holdRecord
            return [.lease(lease)]
        }
        let all = try Self.scan(bench.store, "ci", since: 0, limit: limit)
        #expect(all.first == open && all.count == 21 && Set(all.map(\.token)).count == 21)
        let ends = all.dropFirst().map { $0.end!.at }
        #expect(ends == ends.sorted(by: >))
        let late = try Self.scan(bench.store, "ci", "deploy", since: 60, limit: limit)
        #expect(late.allSatisfy { $0.key == key } && late.count == 1 + 6)
        bench.drain()
        #expect(try Self.scan(bench.store, "ci", since: 0, limit: limit).count == 21)
    }

    @Test func `a hold that ends during the scan is seen once`() throws {
        let bench = try Bench()
        let key = Key(namespace: "ci", name: "deploy")
        var open: HoldRecord?
        bench.commit { revision in
            let lease = Fleet.lease(key, revision, held: true)
            open = lease.holdRecord
            return [.lease(lease)]
        }
        var scan = HoldScan(namespace: "ci", name: nil, since: Self.at(0))
        var holds = try scan.next(bench.store, limit: 1)
        bench.commit { revision in
            [
                .lease(Fleet.lease(key, revision, held: false)),
                .hold(Self.hold(key, open!.token, ended: 30)),
            ]
        }
        bench.drain()
        while !scan.isDone { holds += try scan.next(bench.store, limit: 1) }
        #expect(holds == [open!])
    }

    @Test func `records of waits survive a start, come the latest first, and go with the history`() throws {
        var settings = StoreSettings()
        settings.historyAge = .seconds(100)
        let bench = try Bench(settings)
        let key = Key(namespace: "ci", name: "deploy")
        for _ in 1...9 { bench.commit { [.waits(Fleet.waits(key, $0, at: Self.at(Int($0))))] } }
        bench.commit { [.waits(Fleet.waits(Key(namespace: "z", name: "a"), $0))] }
        try bench.reopen()
        #expect(try bench.store.waits(of: "ci", limit: 100).map(\.revision) == [9, 8, 7, 6, 5, 4, 3, 2, 1])
        #expect(try bench.store.waits(of: "ci", limit: 1) == [Fleet.waits(key, 9, at: Self.at(9))])
        #expect(try bench.store.waits(of: "ci", before: 5, limit: 2).map(\.revision) == [4, 3])
        var scan = WaitsScan(namespace: "ci", since: Self.at(5))
        var found: [Revision] = []
        while !scan.isDone { found += try scan.next(bench.store, limit: 2).map(\.revision) }
        #expect(found == [9, 8, 7, 6, 5])
        bench.drain()
        bench.maintain(now: Self.at(105))
        #expect(try bench.store.waits(of: "ci", limit: 100).map(\.revision) == [9, 8, 7, 6, 5])
    }
}
