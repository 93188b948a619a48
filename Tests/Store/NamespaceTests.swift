import Coordination
import Testing

@testable import Store

/// Records of namespaces, and files of before there were any. That what was acknowledged is there after a
/// kill and a loss of power is seen where those are tested.
@Suite struct NamespaceTests {
    private let key = Key(namespace: "ci", name: "import")
    private let other = Key(namespace: "release", name: "import")

    @Test func `what is in flight is not shown, what is acknowledged is`() throws {
        let bench = try Bench()
        let result = Box<CommitResult>()
        let record = Fleet.namespace("ci", 1)
        let turn = Turn(revision: 1, time: Fleet.began, changes: [.namespace(record)])
        bench.store.commit(turn, expecting: 0) { result.value = $0 }
        #expect(bench.store.namespaceRecord("ci") == nil)
        bench.loop.turn { result.value != nil }
        #expect(bench.store.namespaceRecord("ci") == record)
        #expect(bench.store.namespaceRecords() == [record])
    }

    @Test func `pages come in the order of the names, each once`() throws {
        let bench = try Bench()
        let names = ["b", "a-1", "é", "a", "Z", "a.b", "c"]
        for name in names { bench.commit { [.namespace(Fleet.namespace(name, $0))] } }
        bench.commit { [.namespaceDeleted(Fleet.namespace("b", 1), at: $0)] }
        var found: [String] = []
        while true {
            let page = bench.store.namespaceRecords(after: found.last ?? "", limit: 2).map(\.name)
            #expect(bench.store.namespaceCount(after: found.last ?? "") == 6 - found.count)
            found += page
            if page.isEmpty { break }
        }
        #expect(found == ["Z", "a", "a-1", "a.b", "c", "é"])
        try bench.reopen()
        #expect(bench.store.namespaceRecords().map(\.name) == found)
        #expect(bench.recovered.namespaces == bench.store.namespaceRecords())
    }

    @Test func `a person with a shell reads it`() throws {
        let bench = try Bench()
        bench.commit { revision in
            var record = Fleet.namespace("ci", revision)
            record.terminatingSince = Fleet.began
            return [.namespace(record)]
        }
        bench.drain()
        let shell = try Connection(path: Opening.file(in: bench.directory), access: .read)
        defer { shell.close() }
        #expect(try shell.text("SELECT created FROM namespaces WHERE client = 0") == Fleet.began.iso)
        #expect(try shell.text("SELECT terminating_since FROM namespaces") == Fleet.began.iso)
        shell.close()
    }

    @Test func `nothing is read of the journal where there is nothing new`() throws {
        let bench = try Bench()
        bench.commit { [.namespace(Fleet.namespace("ci", $0), was: [1])] }
        #expect(try bench.store.journal(after: 0, limit: 9).map(\.changes.count) == [1])
        let result = Box<CommitResult>()
        let turn = Turn(revision: 2, time: Fleet.began, changes: [])
        bench.store.commit(turn, expecting: 1) { result.value = $0 }
        #expect(try bench.store.journal(after: 1, limit: 9).isEmpty)
        bench.loop.turn { result.value != nil }
        #expect(try bench.store.journal(after: 1, limit: 9) == [turn])
        #expect(try bench.store.journal(after: 2, limit: 9).isEmpty)
    }

    // MARK: Files of before

    @Test func `a file from before gets a record for each namespace that it has, and keeps it`() throws {
        let bench = try Bench()
        bench.commit { [.lease(Fleet.lease(key, $0, held: true)), .marker(Fleet.marker(other, $0))] }
        try bench.become(3)
        let old = [key, other].map { Self.old($0.namespace) }
        #expect(bench.recovered.namespaces == old)
        // One goes before the tables have heard of it, another with a later turn.
        bench.commit { [.markerDeleted(Fleet.marker(other, 1), at: $0), .namespaceDeleted(old[1], at: $0)] }
        #expect(bench.store.namespaceRecords() == [old[0]])
        for _ in 0..<2 {
            try bench.reopen()
            #expect(bench.recovered.namespaces == [old[0]])
        }
        let shell = try Connection(path: Opening.file(in: bench.directory), access: .read)
        defer { shell.close() }
        #expect(try shell.integer("SELECT count(*) FROM namespaces WHERE created IS NULL") == 1)
        shell.close()
    }

    private static func old(_ name: String) -> NamespaceRecord {
        NamespaceRecord(name: name, created: 0, createdAt: Timestamp(microseconds: 0), version: 1)
    }

    @Test func `turns of before that the tables didn't have begin and empty namespaces, too`() throws {
        let bench = try Bench()
        bench.commit { [.marker(Fleet.marker(key, $0))] }
        try bench.become(3)
        // Only the journal has these.
        bench.commit { [.markerDeleted(Fleet.marker(key, 1), at: $0)] }
        bench.commit { [.marker(Fleet.marker(other, $0))] }
        let copy = Bench.temporary()
        try bench.copyFiles(to: copy)
        let shell = try Connection(path: Opening.file(in: copy), access: .write)
        defer { shell.close() }
        shell.wait(milliseconds: 10_000)
        try shell.run("UPDATE meta SET value = 1 WHERE key = 'tables_revision'")
        try shell.writeJournalAnew { Self.second($0) }
        try shell.goBack(to: 3)
        shell.close()
        let after = try Bench(directory: copy)
        #expect(after.recovered.replayedTurns == 2)
        #expect(after.recovered.namespaces == [Self.old("release")])
        #expect(try after.store.fetch([other])[0].marker == Fleet.marker(other, 3))
    }

    @Test func `old rows are written anew, so that they weigh what they would now`() throws {
        let bench = try Bench()
        let free = Key(namespace: "ci", name: "free")
        var model = Model()
        // More than a page of them.
        bench.commit { revision in
            var changes: [Change] = [.lease(Fleet.lease(free, revision, held: false))]
            for number in 0..<600 {
                changes.append(.marker(Fleet.marker(Key(namespace: "ci", name: "m-\(number)"), revision)))
            }
            model.apply(changes)
            return changes
        }
        bench.drain()
        try bench.become(3) { shell in
            let lease = Fleet.lease(free, 1, held: false)
            try shell.putBody("leases", free, Self.first(lease))
            for key in model.markers.keys {
                try shell.putBody("markers", key, Self.second(model.markers[key]!))
            }
            #expect(try shell.integer("SELECT bytes FROM usage") ?? 0 < model.usage["ci"]!.bytes)
        }
        #expect(bench.recovered.usage == model.usage)
        #expect(try model.matches(bench.store, Array(model.markers.keys) + [free]))
        let shell = try Connection(path: Opening.file(in: bench.directory), access: .read)
        defer { shell.close() }
        #expect(try shell.integer("SELECT count(*) FROM leases WHERE substr(body, 1, 1) <> x'05'") == 0)
        #expect(try shell.integer("SELECT count(*) FROM markers WHERE substr(body, 1, 1) <> x'05'") == 0)
        shell.close()
    }

    // MARK: Encodings of before

    /// Version 2 had no version and no metadata of a marker.
    static func second(_ marker: DoneMarker) -> [UInt8] {
        var out = ByteWriter()
        RecordCodec.encode(marker, into: &out)
        var tail = ByteWriter()
        tail.integer(marker.version)
        tail.raw(marker.metadata)
        return [2] + out.bytes.dropFirst().dropLast(tail.bytes.count)
    }

    /// The same for a turn with one change of a marker.
    static func second(_ changes: [Change]) -> [UInt8] {
        switch changes[0] {
        case .marker(let marker, _): return [2, 1, 2] + second(marker).dropFirst()
        case .markerDeleted(let marker, let at):
            var out = ByteWriter()
            out.integer(at)
            return [2, 1, 3] + second(marker).dropFirst() + out.bytes
        default: preconditionFailure("\(changes)")
        }
    }

    /// Version 1 had nothing of what Kubernetes clients see of a lease. - Parameter lease: one that nobody
    /// holds.
    static func first(_ lease: LeaseRecord) -> [UInt8] {
        var out = ByteWriter()
        RecordCodec.encode(lease, into: &out)
        var tail = ByteWriter()
        tail.integer(lease.version)
        return [1] + out.bytes.dropFirst().dropLast(tail.bytes.count + 6)
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `leases of version 3 are exclusive, and nothing of theirs is abandoned`(seed: UInt64) throws {
        var random = Seeded(seed)
        var lease = random.lease()
        (lease.group, lease.abandoned, lease.hold) = (nil, AbandonedHolds(), nil)
        var out = ByteWriter()
        RecordCodec.encode(lease, into: &out)
        let bytes = [3] + out.bytes.dropFirst().dropLast(3)
        #expect(try bytes.withUnsafeBytes { try RecordCodec.lease($0) } == lease)
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `markers of version 2 have the version of their making`(seed: UInt64) throws {
        var random = Seeded(seed)
        var marker = random.marker()
        (marker.version, marker.metadata) = (marker.revision, [])
        let bytes = Self.second(marker)
        #expect(try bytes.withUnsafeBytes { try RecordCodec.marker($0) } == marker)
        let turn = Self.second([.marker(marker)])
        #expect(try turn.withUnsafeBytes { try RecordCodec.changes($0) } == [.marker(marker)])
    }
}

extension Bench {
    /// The file is one of an earlier version by the time it is opened again.
    func become(_ version: Int, _ change: (Connection) throws -> Void = { _ in }) throws {
        store.close()
        let shell = try Connection(path: Opening.file(in: directory), access: .write)
        defer { shell.close() }
        shell.wait(milliseconds: 10_000)
        try change(shell)
        try shell.goBack(to: version)
        shell.close()
        try reopen()
    }
}

extension Connection {
    fileprivate func putBody(_ table: String, _ key: Key, _ body: [UInt8]) throws {
        let statement =
            table == "leases"
            ? try Statement(self, "UPDATE leases SET body = ?3 WHERE namespace = ?1 AND name = ?2")
            : try Statement(self, "UPDATE markers SET body = ?3 WHERE namespace = ?1 AND name = ?2")
        defer { statement.finalize() }
        statement.bind(1, key.namespace)
        statement.bind(2, key.name)
        statement.bind(3, ByteWriter(body))
        try statement.run()
    }

    /// Rows behind the first, whose changes were namespaces' alone.
    fileprivate func writeJournalAnew(_ encode: ([Change]) -> [UInt8]) throws {
        let select = try Statement(
            self, "SELECT revision, time, body FROM journal WHERE revision > ?1 LIMIT ?2")
        let rows = try Opening.rows(select, after: 1, limit: 100)
        select.finalize()
        let put = try Statement(self, "UPDATE journal SET body = ?2 WHERE revision = ?1")
        defer { put.finalize() }
        for row in rows {
            put.bind(1, row.turn.revision)
            put.bind(2, ByteWriter(encode(row.turn.changes)))
            try put.run()
        }
    }
}

extension ByteWriter {
    fileprivate init(_ bytes: [UInt8]) {
        self.init()
        for byte in bytes { self.byte(byte) }
    }
}
