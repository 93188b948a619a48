import Coordination
import Testing

@testable import Store

/// What each namespace has. That it is right after a kill, a loss of power and in a backup is seen where
/// those are tested.
@Suite struct UsageTests {
    private let key = Key(namespace: "ci", name: "import")

    @Test func `a start counts what the tables have, and what they don't have yet`() throws {
        let bench = try Bench()
        var workload = Workload(seed: 9)
        var model = Model()
        for turn in 0..<200 {
            bench.commit { revision in
                let changes = workload.changes(revision)
                model.apply(changes)
                return changes
            }
            if turn == 150 { bench.drain() }
        }
        let copy = Bench.temporary()
        try bench.copyFiles(to: copy)
        let after = try Bench(directory: copy)
        #expect(after.recovered.replayedTurns > 0)
        #expect(after.recovered.usage == model.usage)
        after.drain()
        try after.reopen()
        #expect(after.recovered.replayedTurns == 0)
        #expect(after.recovered.usage == model.usage)
    }

    @Test func `a namespace that has nothing left is forgotten`() throws {
        let bench = try Bench()
        bench.commit { [.lease(Fleet.lease(key, $0, held: true)), .marker(Fleet.marker(key, $0))] }
        try bench.reopen()
        #expect(Array(bench.recovered.usage.keys) == ["ci"])
        bench.commit { [.leaseDeleted(key, at: $0), .markerDeleted(key, at: $0)] }
        try bench.reopen()
        #expect(bench.recovered.usage == [:])
        let shell = try Connection(path: Opening.file(in: bench.directory), access: .read)
        #expect(try shell.integer("SELECT count(*) FROM usage") == 0)
        shell.close()
    }

    @Test func `a file from before is counted once, and goes on from there`() throws {
        let bench = try Bench()
        var model = Model()
        for name in ["a", "b", "c"] {
            let key = Key(namespace: name == "c" ? "release" : "ci", name: name)
            bench.commit { revision in
                let changes: [Change] = [
                    .lease(Fleet.lease(key, revision, held: true)), .marker(Fleet.marker(key, revision)),
                ]
                model.apply(changes)
                return changes
            }
        }
        bench.store.close()
        let shell = try Connection(path: Opening.file(in: bench.directory), access: .write)
        try shell.goBack(to: 2)
        shell.close()
        try bench.reopen()
        #expect(bench.recovered.usage == model.usage)
        bench.commit { revision in
            let changes: [Change] = [.markerDeleted(Key(namespace: "ci", name: "a"), at: revision)]
            model.apply(changes)
            return changes
        }
        try bench.reopen()
        #expect(bench.recovered.usage == model.usage)
    }
}
