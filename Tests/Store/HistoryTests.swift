import CSQLite
import Coordination
import Testing

@testable import Store

/// Holds that ended have rows, those that last have leases: the history is both.
@Suite struct HistoryTests {
    private let key = Key(namespace: "ci", name: "deploy")

    /// Nothing is written behind before it is asked for.
    private static var settings: StoreSettings {
        var settings = StoreSettings()
        settings.lagMilliseconds = .max
        settings.batchRecords = .max
        return settings
    }

    private static func tokens(
        _ bench: Bench, _ name: String? = nil, before: FencingToken? = nil, limit: Int = 100
    ) throws -> [FencingToken] {
        try bench.store.history(namespace: "ci", name: name, before: before, limit: limit).map(\.token)
    }

    @Test func `history goes back in pages, of a name and of a namespace`() throws {
        let bench = try Bench(Self.settings)
        let keys = (0..<3).map { Key(namespace: "ci", name: "w\($0)") }
        for index in 0..<30 {
            bench.commit { [.hold(Fleet.ended(keys[index % 3], $0))] }
            if index == 20 { bench.drain() }
        }
        #expect(try Self.tokens(bench, limit: 4) == [30, 29, 28, 27])
        #expect(try Self.tokens(bench, before: 22, limit: 3) == [21, 20, 19])
        #expect(try Self.tokens(bench, "w0", before: 22, limit: 3) == [19, 16, 13])
        #expect(try bench.store.history(namespace: "other", limit: 3).isEmpty)
    }

    @Test(arguments: [0, 4, 7, 12])
    func `a name's history has those who share it, in pages, wherever they are`(drained: Int) throws {
        let bench = try Bench(Self.settings)
        // Every third has ended; the others last.
        for token in 1...12 as ClosedRange<FencingToken> {
            bench.commit { _ in
                token % 3 == 0
                    ? [.hold(Fleet.ended(key, token))] : [.lease(Fleet.member(of: key, token))]
            }
            if token == drained { bench.drain() }
        }
        #expect(try Self.tokens(bench, "deploy") == (1...12).reversed())
        #expect(try Self.tokens(bench, "deploy", limit: 5) == [12, 11, 10, 9, 8])
        #expect(try Self.tokens(bench, "deploy", before: 8, limit: 4) == [7, 6, 5, 4])
        #expect(try Self.tokens(bench, "deploy", before: 2, limit: 4) == [1])
        #expect(try Self.tokens(bench, before: 8, limit: 4) == [7, 6, 5, 4])
        let open = try bench.store.history(namespace: "ci", name: "deploy", before: 12, limit: 1)
        #expect(open == [Fleet.member(of: key, 11).holdRecord!])
        #expect(open[0].key == key && open[0].mode == .shared)
        // A member's own name has none: its hold is the name's.
        #expect(try Self.tokens(bench, "deploy.hold-11") == [])
    }

    @Test(arguments: [false, true])
    func `a name that looks like a member's has a history of its own`(isDrained: Bool) throws {
        let bench = try Bench(Self.settings)
        let others = ["deploy.hold-05", "deploy.hold-x", "deploy.hold-6", "deploy.hold", "deploy2"]
        bench.commit { _ in [.lease(Fleet.member(of: key, 5)), .lease(Fleet.lease(key, 4, held: true))] }
        bench.commit { _ in
            // The third is one of before, when such names were not kept for members.
            zip(others, [7, 8, 6, 9, 10]).map { name, token in
                .lease(Fleet.lease(Key(namespace: "ci", name: name), token, held: true))
            }
        }
        if isDrained { bench.drain() }
        #expect(try Self.tokens(bench, "deploy") == [5, 4])
        #expect(try Self.tokens(bench, "deploy", limit: 1) == [5])
        for (name, token) in zip(others, [7, 8, 6, 9, 10] as [FencingToken]) {
            #expect(try Self.tokens(bench, name) == [token])
        }
        #expect(try Self.tokens(bench) == [10, 9, 8, 7, 6, 5, 4])
    }

    @Test func `a hold that ends goes from its lease into the history, and is in it once`() throws {
        let bench = try Bench(Self.settings)
        bench.commit { [.lease(Fleet.lease(key, $0, held: true))] }
        for isDrained in [false, true] {
            if isDrained { bench.drain() }
            #expect(try bench.store.history(namespace: "ci", limit: 9) == [Fleet.record(key, 1)])
            #expect(try bench.store.endedHold(token: 1) == nil)
        }
        bench.commit { [.hold(Fleet.ended(key, 1)), .lease(Fleet.lease(key, $0, held: false))] }
        for isDrained in [false, true] {
            if isDrained { bench.drain() }
            for name in [nil, "deploy"] {
                let history = try bench.store.history(namespace: "ci", name: name, limit: 9)
                #expect(history == [Fleet.ended(key, 1)])
            }
            #expect(try bench.store.endedHold(token: 1) == Fleet.ended(key, 1))
        }
    }

    // MARK: Files of before

    @Test func `a file of before loses its rows of holds that last, and the history has each once`() throws {
        let bench = try Bench(Self.settings)
        let other = Key(namespace: "ci", name: "build")
        var (lease, member) = (Fleet.lease(key, 1, held: true), Fleet.member(of: other, 2))
        lease.hold!.phases = [Phase(name: "pushing", at: Fleet.began, revision: 1)]
        member.hold!.work = "publish"
        bench.commit { _ in [.lease(lease), .lease(member), .hold(Fleet.ended(other, 3))] }
        bench.drain()
        let before = try bench.store.history(namespace: "ci", limit: 9)
        #expect(before == [Fleet.ended(other, 3), member.holdRecord!, lease.holdRecord!])
        try bench.become(9) { shell in
            var tables = try TableWriter(shell)
            try tables.write(.hold(lease.holdRecord!))
            try tables.write(.hold(member.holdRecord!))
            #expect(try shell.integer("SELECT count(*) FROM holds WHERE ended IS NULL") == 2)
        }
        #expect(try bench.store.history(namespace: "ci", limit: 9) == before)
        #expect(try bench.store.history(namespace: "ci", name: "deploy", limit: 9) == [lease.holdRecord!])
        #expect(try bench.store.openReader().connection.integer("SELECT count(*) FROM holds") == 1)
        #expect(bench.recovered.heldLeases.map(\.hold!.token).sorted() == [1, 2])
    }

    @Test func `a journal of before has holds that last, and they are in their leases`() throws {
        let bench = try Bench(Self.settings)
        let other = Key(namespace: "ci", name: "build")
        func entered(_ revision: Revision) -> LeaseRecord {
            var lease = Fleet.lease(key, 1, held: true)
            lease.hold!.phases = [Phase(name: "pushing", at: Fleet.began, revision: revision)]
            return lease
        }
        bench.commit { [.lease(Fleet.lease(key, $0, held: true)), .hold(Fleet.record(key, $0))] }
        bench.commit { [.lease(Fleet.lease(other, $0, held: true)), .hold(Fleet.record(other, $0))] }
        bench.commit { [.lease(entered($0)), .hold(entered($0).holdRecord!)] }
        bench.commit { [.hold(Fleet.ended(other, 2)), .lease(Fleet.lease(other, $0, held: false))] }
        let copy = Bench.temporary()
        try bench.copyFiles(to: copy)
        let shell = try Connection(path: Opening.file(in: copy), access: .write)
        defer { shell.close() }
        shell.wait(milliseconds: 10_000)
        try shell.goBack(to: 9)
        // What an operator made of the tables stays.
        try shell.run("CREATE VIEW held AS SELECT name FROM leases WHERE token IS NOT NULL")
        shell.close()
        let after = try Bench(Self.settings, directory: copy)
        #expect(after.recovered.replayedTurns == 4)
        for isDrained in [false, true] {
            if isDrained { after.drain() }
            let history = try after.store.history(namespace: "ci", limit: 9)
            #expect(history == [Fleet.ended(other, 2), entered(3).holdRecord!])
            #expect(try after.store.endedHold(token: 1) == nil)
        }
        #expect(try after.store.openReader().connection.integer("SELECT count(*) FROM holds") == 1)
        #expect(try after.store.openReader().connection.integer("SELECT count(*) FROM held") == 1)
    }

    // MARK: Indexes

    @Test func `holds that last are found by their names, and by their tokens, without a sort`() throws {
        let bench = try Bench(Self.settings)
        let connection = try bench.store.openReader().connection
        let held = try connection.plan(of: Lists.heldSQL)
        #expect(held.count == 1 && held[0].contains("INDEX leases_held (namespace=? AND name>?)"))
        let open = try connection.plan(of: Lists.openHoldsSQL)
        #expect(
            open.count == 1 && open[0].contains("INDEX leases_by_token (namespace=? AND token>? AND token<?)")
        )
    }
}

extension Connection {
    /// The steps, as SQLite tells them.
    fileprivate func plan(of sql: StaticString) throws -> [String] {
        var statement: OpaquePointer?
        try #require(
            sqlite3_prepare_v2(handle, "EXPLAIN QUERY PLAN \(sql)", -1, &statement, nil) == SQLITE_OK)
        defer { sqlite3_finalize(statement) }
        var steps: [String] = []
        while sqlite3_step(statement) == SQLITE_ROW {
            steps.append(String(cString: sqlite3_column_text(statement, 3)))
        }
        return steps
    }
}
