import Coordination
import Testing

@testable import Store

@Suite struct RetentionTests {
    private static func marker(
        _ name: String, _ revision: Revision, ended: Int64, namespace: String = "ci",
        retention: Interval? = nil
    ) -> DoneMarker {
        var marker = Fleet.marker(Key(namespace: namespace, name: name), revision, retention: retention)
        marker.end = Timestamp(microseconds: ended)
        return marker
    }

    private static func lazyBench() throws -> Bench {
        var settings = StoreSettings()
        settings.batchRecords = .max
        settings.lagMilliseconds = .max
        return try Bench(settings)
    }

    /// Random turns, with the tables behind: pages by end are what a sorted dictionary shows.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `markers come by their ends, both ways, whatever the tables lag behind`(seed: UInt64) throws {
        let bench = try Self.lazyBench()
        var random = Seeded(seed)
        var model: [String: DoneMarker] = [:]
        for _ in 0..<60 {
            let name = "m-\(random.pick(0..<20))"
            let ended = Int64(random.pick(0..<8))
            let namespace = random.pick(0..<4) == 0 ? "other" : "ci"
            let goes = random.chance()
            bench.commit { revision in
                let marker = Self.marker(name, revision, ended: ended, namespace: namespace)
                guard namespace == "ci" else { return [.marker(marker)] }
                if let old = model[name], goes {
                    model[name] = nil
                    return [.markerDeleted(old, at: revision)]
                }
                model[name] = marker
                return [.marker(marker)]
            }
            if random.pick(0..<4) == 0 { bench.store.writeBehind() }
            if random.pick(0..<4) == 0 { bench.drain() }
            let all = model.values.map { MarkerLine($0) }.sorted { $0.place < $1.place }
            let limit = random.pick(1..<8)
            let from = MarkerPlace(
                ended: Timestamp(microseconds: Int64(random.pick(0..<8))), name: "m-\(random.pick(0..<20))")
            #expect(try bench.store.markersByEnd(namespace: "ci", limit: 100) == all)
            #expect(
                try bench.store.markersByEnd(namespace: "ci", after: from, limit: limit)
                    == Array(all.filter { $0.place > from }.prefix(limit)))
            #expect(
                try bench.store.newestMarkers(namespace: "ci", before: from, limit: limit)
                    == Array(all.reversed().filter { $0.place < from }.prefix(limit)))
        }
    }

    @Test func `long retentions come in the order of their ends; short ones are memory's`() throws {
        let bench = try Bench()
        let day = Interval.hours(24)
        bench.commit { revision in
            [
                .marker(Self.marker("late", revision, ended: 200, retention: day)),
                .marker(Self.marker("early", revision, ended: 100, retention: day)),
                .marker(Self.marker("short", revision, ended: 0, retention: .hours(1))),
                .marker(Self.marker("good", revision, ended: 0)),
            ]
        }
        bench.drain()
        let end = day.nanoseconds / 1000
        func expired(before: Int64, after: SQLiteStore.Expiry? = nil) throws -> [String] {
            try bench.store.expiredMarkers(
                before: Timestamp(microseconds: before), after: after, limit: 10
            ).map(\.key.name)
        }
        #expect(try expired(before: end + 99) == [])
        #expect(try expired(before: end + 100) == ["early"])
        #expect(try expired(before: end + 200) == ["early", "late"])
        let first = try bench.store.expiredMarkers(before: Timestamp(microseconds: end + 200), limit: 1)
        #expect(try expired(before: end + 200, after: first.last) == ["late"])
        try bench.reopen()
        #expect(bench.recovered.expiringMarkers.map(\.key.name) == ["short"])
    }

    @Test func `when an alias left a name last is known from the tables and before`() throws {
        let bench = try Self.lazyBench()
        let key = Key(namespace: "ci", name: "latest")
        func move(_ revision: Revision, from: String?, to: String?, at: Int64) -> Change {
            .alias(
                nil,
                AliasMove(
                    key: key, revision: revision, how: .set,
                    from: from.map { AliasTarget(name: $0, revision: 1) },
                    to: to.map { AliasTarget(name: $0, revision: 2) }, by: nil, holder: nil, reason: nil,
                    at: Timestamp(microseconds: at)))
        }
        func left(_ name: String) throws -> Int64? {
            try bench.store.leftByAlias(Key(namespace: "ci", name: name))?.microseconds
        }
        bench.commit { [move($0, from: nil, to: "a", at: 1)] }
        bench.commit { [move($0, from: "a", to: "b", at: 2)] }
        // It followed its marker's successor: it is still there.
        bench.commit { [move($0, from: "b", to: "b", at: 3)] }
        #expect(try (left("a"), left("b"), left("c")) == (2, nil, nil))
        bench.store.writeBehind()
        bench.drain()
        bench.commit { [move($0, from: "b", to: nil, at: 4)] }
        #expect(try (left("a"), left("b")) == (2, 4))
    }

    @Test func `a file of before has its markers in the index, by what they say themselves`() throws {
        let bench = try Bench()
        bench.commit { revision in
            [
                .marker(Self.marker("a", revision, ended: 1_700_000_000_123_456)),
                .marker(Self.marker("b", revision, ended: 1_600_000_000_000_007, retention: .hours(48))),
                .marker(Self.marker("c", revision, ended: 1_650_000_000_000_000, retention: .minutes(10))),
            ]
        }
        bench.drain()
        let before = try bench.store.markersByEnd(namespace: "ci", limit: 9)
        #expect(before.map(\.place.name) == ["b", "c", "a"])
        let shell = try Connection(path: Opening.file(in: bench.directory), access: .write)
        shell.wait(milliseconds: 10_000)
        try shell.goBack(to: 8)
        shell.close()
        try bench.reopen()
        #expect(try bench.store.markersByEnd(namespace: "ci", limit: 9) == before)
        #expect(bench.recovered.expiringMarkers.map(\.key.name) == ["c"])
        #expect(
            try bench.store.expiredMarkers(before: Timestamp(microseconds: 1_700_000_000_000_000), limit: 9)
                .map(\.key.name) == ["b"])
    }
}
