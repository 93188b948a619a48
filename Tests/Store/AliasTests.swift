import Coordination
import Testing

@testable import Store

/// Aliases and their history. That what was acknowledged is there after a kill and a loss of power is seen where
/// those are tested.
@Suite struct AliasTests {
    private let key = Key(namespace: "ci", name: "latest")
    private let other = Key(namespace: "ci", name: "latest-2")

    private func patient() -> StoreSettings {
        var settings = StoreSettings()
        settings.lagMilliseconds = .max
        settings.batchRecords = .max
        return settings
    }

    @Test func `a start has every alias, from the journal and from the tables`() throws {
        let bench = try Bench(patient())
        bench.commit { [Fleet.aliasChange(key, $0)] }
        bench.commit { [Fleet.aliasChange(other, $0)] }
        bench.drain()
        bench.commit { [Fleet.aliasChange(key, $0, "w-2")] }
        let copy = Bench.temporary()
        try bench.copyFiles(to: copy)
        let after = try Bench(directory: copy)
        let all = [Fleet.alias(key, 3, "w-2"), Fleet.alias(other, 2)]
        #expect(after.recovered.aliases.sorted { $0.key < $1.key } == all)
        try bench.reopen()
        #expect(bench.recovered.aliases.sorted { $0.key < $1.key } == all)
        bench.commit { [.alias(nil, Fleet.move(key, $0, to: nil))] }
        try bench.reopen()
        #expect(bench.recovered.aliases == [Fleet.alias(other, 2)])
    }

    @Test func `the history is newest first, in parts, of one alias, and outlives it`() throws {
        let bench = try Bench(patient())
        for number in 1...7 { bench.commit { [Fleet.aliasChange(key, $0, "w-\(number)")] } }
        bench.commit { [Fleet.aliasChange(other, $0)] }
        bench.drain()
        bench.commit { [Fleet.aliasChange(key, $0, "w-9")] }
        bench.commit { [.alias(nil, Fleet.move(key, $0, to: nil))] }
        func history(_ before: Revision?, _ limit: Int) throws -> [Revision] {
            try bench.store.aliasHistory(key, before: before, limit: limit).map(\.revision)
        }
        #expect(try history(nil, 100) == [10, 9, 7, 6, 5, 4, 3, 2, 1])
        #expect(try history(nil, 1) == [10])
        #expect(try history(10, 3) == [9, 7, 6])
        #expect(try history(9, 2) == [7, 6])
        #expect(try history(2, 9) == [1])
        #expect(try bench.store.aliasMove(revision: 9)?.to?.name == "w-9")
        #expect(try bench.store.aliasMove(revision: 3)?.to?.name == "w-3")
        #expect(try bench.store.aliasMove(revision: 99) == nil)
        try bench.reopen()
        #expect(try history(nil, 100) == [10, 9, 7, 6, 5, 4, 3, 2, 1])
    }

    @Test func `a move that is in flight is known to those who roll back, and not shown`() throws {
        let bench = try Bench()
        let result = Box<CommitResult>()
        let turn = Turn(revision: 1, time: Fleet.began, changes: [Fleet.aliasChange(key, 1)])
        bench.store.commit(turn, expecting: 0) { result.value = $0 }
        #expect(try bench.store.aliasMove(revision: 1) != nil)
        #expect(try bench.store.aliasHistory(key, limit: 9).isEmpty)
        bench.loop.turn { result.value != nil }
        #expect(try bench.store.aliasHistory(key, limit: 9).count == 1)
    }

    @Test func `old moves go with the history of holds, the alias stays`() throws {
        let bench = try Bench(patient())
        let day: Int64 = 86_400_000_000
        for number in 1...3 {
            bench.commit { revision in
                var move = Fleet.move(key, revision, to: "w-\(number)")
                move.at = Timestamp(microseconds: Int64(number) * day)
                return [.alias(Fleet.alias(key, revision, "w-\(number)"), move)]
            }
        }
        let age = bench.settings.historyAge.nanoseconds / 1000
        bench.maintain(now: Timestamp(microseconds: age + 2 * day + 1))
        #expect(try bench.store.aliasHistory(key, limit: 9).map(\.revision) == [3])
        bench.maintain(now: Timestamp(microseconds: age + 9 * day))
        #expect(try bench.store.aliasHistory(key, limit: 9).isEmpty)
        try bench.reopen()
        #expect(bench.recovered.aliases == [Fleet.alias(key, 3, "w-3")])
    }

    @Test func `a person with a shell reads where it points and who moved it`() throws {
        let bench = try Bench()
        bench.commit { [Fleet.aliasChange(key, $0)] }
        bench.commit { [Fleet.aliasChange(key, $0, "w-2")] }
        bench.drain()
        let shell = try Connection(path: Opening.file(in: bench.directory), access: .read)
        defer { shell.close() }
        #expect(try shell.text("SELECT target FROM aliases WHERE name = 'latest'") == "w-2")
        #expect(try shell.text("SELECT moved_by FROM aliases") == "sa:olga")
        #expect(try shell.text("SELECT group_concat(to_target) FROM alias_moves") == "w-1,w-2")
        #expect(try shell.text("SELECT reason FROM alias_moves WHERE revision = 2") == "release")
        shell.close()
    }

    @Test func `a file from before has none, and takes some`() throws {
        let bench = try Bench()
        bench.commit { [.marker(Fleet.marker(key, $0))] }
        try bench.become(5)
        #expect(bench.recovered.aliases.isEmpty)
        bench.commit { [Fleet.aliasChange(key, $0)] }
        try bench.reopen()
        #expect(bench.recovered.aliases == [Fleet.alias(key, 2)])
        #expect(try bench.store.fetch([key])[0].marker == Fleet.marker(key, 1))
    }

    @Test func `a backup has them, and a restore brings them back`() throws {
        let bench = try Bench()
        bench.commit { [Fleet.aliasChange(key, $0)] }
        let other = Bench.temporary()
        defer { Bench.remove(other) }
        try Backup.write(from: bench.directory, to: other + "/copy")
        let target = Bench.temporary()
        _ = try Restore.run(from: other + "/copy", into: target, now: Fleet.began)
        let restored = try Bench(directory: target)
        #expect(restored.recovered.aliases == [Fleet.alias(key, 1)])
        #expect(try restored.store.aliasHistory(key, limit: 9) == [Fleet.move(key, 1, to: "w-1")])
    }
}

extension Fleet {
    static func alias(_ key: Key, _ revision: Revision, _ target: String = "w-1") -> AliasRecord {
        AliasRecord(
            key: key, target: AliasTarget(name: target, revision: 1), previous: nil, revision: revision,
            before: 0, created: 1, createdAt: began, movedAt: began, how: .set, by: "sa:olga", holder: nil,
            reason: "release")
    }

    static func move(_ key: Key, _ revision: Revision, to target: String?) -> AliasMove {
        AliasMove(
            key: key, revision: revision, how: target == nil ? .deleted : .set, from: nil,
            to: target.map { AliasTarget(name: $0, revision: 1) }, by: "sa:olga", holder: nil,
            reason: "release", at: began)
    }

    static func aliasChange(_ key: Key, _ revision: Revision, _ target: String = "w-1") -> Change {
        .alias(alias(key, revision, target), move(key, revision, to: target))
    }
}

extension Seeded {
    mutating func target() -> AliasTarget { AliasTarget(name: text(), revision: number()) }

    mutating func how() -> AliasMove.How { AliasMove.How.allCases[pick(0..<AliasMove.How.allCases.count)] }

    mutating func alias(_ key: Key? = nil) -> AliasRecord {
        AliasRecord(
            key: key ?? Key(namespace: text(), name: text()), target: target(),
            previous: maybe { $0.target() },
            revision: number(), before: number(), created: number(), createdAt: time(), movedAt: time(),
            how: how(), by: maybe { $0.text() }, holder: maybe { $0.text() }, reason: maybe { $0.text() })
    }

    mutating func move(_ key: Key? = nil, _ revision: Revision? = nil) -> AliasMove {
        AliasMove(
            key: key ?? Key(namespace: text(), name: text()), revision: revision ?? number(), how: how(),
            from: maybe { $0.target() }, to: maybe { $0.target() }, by: maybe { $0.text() },
            holder: maybe { $0.text() }, reason: maybe { $0.text() }, at: time())
    }
}
