import Coordination
import Testing

@testable import Store

@Suite struct ListTests {
    /// Random turns, with the tables behind by random distances: what the store shows is what a dictionary shows.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `overlay and tables together are the model`(seed: UInt64) throws {
        var settings = StoreSettings()
        settings.batchRecords = .max
        settings.lagMilliseconds = .max
        let bench = try Bench(settings)
        var workload = Workload(seed: seed)
        var model = Model()
        for _ in 0..<60 {
            bench.commit { revision in
                let changes = workload.changes(revision)
                model.apply(changes)
                return changes
            }
            if workload.random.pick(0..<5) == 0 { bench.store.writeBehind() }
            if workload.random.pick(0..<5) == 0 { bench.drain() }
            #expect(try model.matches(bench.store, workload.keys))
            try pages(bench.store, model, &workload)
        }
    }

    private func pages(_ store: SQLiteStore, _ model: Model, _ workload: inout Workload) throws {
        let namespace = "ns-\(workload.random.pick(0..<3))"
        let prefix = ["", "work-", "work-1", "x"][workload.random.pick(0..<4)]
        let held = [nil, true, false][workload.random.pick(0..<3)]
        let after = workload.random.maybe { "work-\($0.pick(0..<12))" }
        let limit = workload.random.pick(1..<6)
        let all = model.leases.values.filter { lease in
            lease.key.namespace == namespace && lease.key.name.hasPrefix(prefix)
                && (held == nil || (lease.hold != nil) == held!) && (after == nil || lease.key.name > after!)
        }
        let page = all.sorted { $0.key < $1.key }.prefix(limit)
        #expect(
            try store.leases(namespace: namespace, prefix: prefix, held: held, after: after, limit: limit)
                == Array(page))
        try counts(store, model, namespace, after ?? "")
        try history(store, model, &workload)
    }

    /// From some token back to the first hold.
    private func history(_ store: SQLiteStore, _ model: Model, _ workload: inout Workload) throws {
        let key = workload.keys[workload.random.pick(0..<workload.keys.count)]
        let name = workload.random.chance() ? key.name : nil
        let limit = workload.random.pick(1..<5)
        let first = workload.random.maybe { FencingToken($0.pick(1..<200)) }
        var before = first
        var found: [HoldRecord] = []
        while true {
            let page = try store.history(
                namespace: key.namespace, name: name, before: before, limit: limit)
            #expect(page.count <= limit)
            found += page
            guard page.count == limit, found.count < 1000 else { break }
            before = page.last!.token
        }
        #expect(found == model.history(namespace: key.namespace, name: name, before: first))
    }

    private func counts(
        _ store: SQLiteStore, _ model: Model, _ namespace: String, _ after: String
    ) throws {
        func isBehind(_ key: Key) -> Bool { key.namespace == namespace && key.name > after }
        #expect(
            try store.leaseCount(namespace: namespace, after: after)
                == model.leases.keys.count(where: isBehind))
        #expect(
            try store.markerCount(namespace: namespace, after: after)
                == model.markers.keys.count(where: isBehind))
        let all = Set(model.leases.keys.map(\.namespace) + model.markers.keys.map(\.namespace))
        #expect(try store.isNamespace(namespace) == all.contains(namespace))
    }

    /// What is in flight may still come to nothing: nobody outside may be shown it.
    @Test func `what is published is what is durable`() throws {
        let bench = try Bench()
        let key = Key(namespace: "ci", name: "w0")
        let first = Fleet.lease(key, 1, held: true)
        let later = Fleet.lease(key, 2, held: false)
        bench.commit { _ in [.lease(first)] }
        #expect(try bench.store.publishedLease(key) == first)
        bench.drain()
        #expect(try bench.store.publishedLease(key) == first)
        let result = Box<CommitResult>()
        let turn = Turn(revision: 2, time: Fleet.began, changes: [.lease(later)])
        bench.store.commit(turn, expecting: 1) { result.value = $0 }
        // The answer waits for the loop, which this thread turns.
        #expect(try bench.store.fetch([key])[0].lease == later)
        #expect(try bench.store.publishedLease(key) == first)
        #expect(bench.store.acknowledged == 1)
        bench.loop.turn { result.value != nil }
        #expect(try bench.store.publishedLease(key) == later)
        #expect(bench.store.acknowledged == 2)
    }

    /// A name that was read is known for a while, and no longer than until it is written.
    @Test func `who asks again is told what has changed since`() throws {
        let bench = try Bench()
        let names = (0..<3).map { Key(namespace: "ci", name: "w\($0)") }
        func read() throws -> [LeaseRecord?] { try names.map(bench.store.publishedLease) }
        #expect(try read() == [nil, nil, nil])
        let (first, later) = (Fleet.lease(names[0], 1, held: true), Fleet.lease(names[0], 2, held: false))
        bench.commit { _ in [.lease(first)] }
        for _ in 0..<3 {
            #expect(try read() == [first, nil, nil])
            bench.drain()
        }
        bench.commit { _ in [.lease(later)] }
        for _ in 0..<3 {
            #expect(try read() == [later, nil, nil])
            bench.drain()
        }
        bench.commit { [.leaseDeleted(later, at: $0)] }
        for _ in 0..<3 {
            #expect(try read() == [nil, nil, nil])
            bench.drain()
        }
    }

    /// Of all that was read so much is known and no more.
    @Test func `what was used last is what is known`() {
        var recent = Recent<Int>(count: 2)
        func key(_ number: Int) -> Key { Key(namespace: "ci", name: "w\(number)") }
        for number in 1...3 { recent.put(number, key(number)) }
        #expect([2, 3, 1].map { recent.value(key($0)) } == [2, 3, 1])
        for number in 4...9 {
            recent.put(number, key(number))
            #expect(recent.value(key(1)) == 1)
        }
        #expect(recent.value(key(2)) == nil)
        recent.forget(key(1))
        #expect(recent.value(key(1)) == nil)
    }

    @Test func `leases nobody holds are found by when they were last held`() throws {
        let bench = try Bench()
        let keys = (0..<6).map { Key(namespace: "ci", name: "w\($0)") }
        for (index, key) in keys.enumerated() {
            bench.commit { revision in
                var lease = Fleet.lease(key, revision, held: index == 0)
                lease.createdAt = Timestamp(microseconds: Int64(index))
                return [.lease(lease)]
            }
            if index == 3 { bench.drain() }
        }
        let idle = try bench.store.idleLeases(endedBefore: Timestamp(microseconds: 5), limit: 10)
        #expect(Set(idle) == Set(keys[1...4]))
        #expect(try bench.store.idleLeases(endedBefore: Timestamp(microseconds: 5), limit: 2).count == 2)
    }

    @Test func `fetch shows the turn in flight, lists wait for it`() throws {
        let bench = try Bench()
        let key = Key(namespace: "ci", name: "w")
        let lease = Fleet.lease(key, 1, held: true)
        let done = Box<Bool>()
        bench.store.commit(Turn(revision: 1, time: Fleet.began, changes: [.lease(lease)]), expecting: 0) {
            _ in
            done.value = true
        }
        #expect(try bench.store.fetch([key])[0].lease == lease)
        #expect(try bench.store.leases(namespace: "ci", limit: 1).isEmpty)
        bench.loop.turn { done.value == true }
        #expect(try bench.store.leases(namespace: "ci", limit: 1) == [lease])
    }
}
