import Coordination
import Testing

@testable import Store

@Suite struct AuditTests {
    private let all = AuditFilter(limit: 1000)

    private func revisions(
        _ bench: Bench, _ filter: AuditFilter? = nil, sees: (String?) -> Bool = { _ in true }
    ) throws -> [Revision] {
        try bench.store.audit(filter ?? all, isVisible: sees).entries.map(\.revision)
    }

    private func hour(_ number: Int64) -> Timestamp {
        Timestamp(microseconds: Fleet.began.microseconds + number * 3_600_000_000)
    }

    @Test func `entries are shown newest first, whether or not the table has them`() throws {
        let bench = try Bench()
        for _ in 0..<3 { bench.commit { [.audit(Fleet.entry($0))] } }
        #expect(try revisions(bench) == [3, 2, 1])
        bench.drain()
        bench.commit { [.audit(Fleet.entry($0))] }
        #expect(try revisions(bench) == [4, 3, 2, 1])
        try bench.reopen()
        #expect(try revisions(bench) == [4, 3, 2, 1])
        #expect(try bench.store.audit(all, isVisible: { _ in true }).entries.last == Fleet.entry(1))
    }

    @Test func `a part tells where the next one begins`() throws {
        let bench = try Bench()
        for _ in 0..<7 { bench.commit { [.audit(Fleet.entry($0))] } }
        var filter = AuditFilter(limit: 3)
        var parts: [[Revision]] = []
        repeat {
            let page = try bench.store.audit(filter, isVisible: { _ in true })
            parts.append(page.entries.map(\.revision))
            filter.before = page.next
        } while filter.before != nil
        #expect(parts == [[7, 6, 5], [4, 3, 2], [1]])
    }

    @Test func `filters and namespaces choose, and a long search comes in parts`() throws {
        let bench = try Bench()
        bench.commit { [.audit(Fleet.entry($0, .unmark, in: "release"))] }
        for _ in 0..<(SQLiteStore.auditScanMax + 10) { bench.commit { [.audit(Fleet.entry($0))] } }
        bench.drain()
        var filter = all
        filter.namespace = "release"
        let first = try bench.store.audit(filter, isVisible: { _ in true })
        #expect(first.entries.isEmpty && first.next != nil)
        filter.before = first.next
        let second = try bench.store.audit(filter, isVisible: { _ in true })
        #expect(second.entries.map(\.verb) == [.unmark] && second.next == nil)
        #expect(try revisions(bench, filter, sees: { $0 == "ci" }) == [])
        filter = AuditFilter(limit: 5)
        filter.identity = "nobody"
        #expect(try revisions(bench, filter) == [])
    }

    @Test func `a search ends where the time does`() throws {
        let bench = try Bench()
        for index in 0..<5 { bench.commit { [.audit(Fleet.entry($0, after: .hours(Int64(index) * 10)))] } }
        var filter = all
        filter.since = hour(20)
        #expect(try revisions(bench, filter) == [5, 4, 3])
        filter.until = hour(40)
        #expect(try revisions(bench, filter) == [4, 3])
    }

    @Test func `what the journal had and the table had not is there once after a crash`() throws {
        let bench = try Bench()
        for _ in 0..<3 { bench.commit { [.audit(Fleet.entry($0))] } }
        bench.drain()
        for _ in 0..<3 { bench.commit { [.audit(Fleet.entry($0))] } }
        let left = Bench.temporary()
        try bench.copyFiles(to: left)
        let after = try Bench(directory: left)
        #expect(try revisions(after) == [6, 5, 4, 3, 2, 1])
        after.drain()
        #expect(try revisions(after) == [6, 5, 4, 3, 2, 1])
    }

    @Test func `a database of version 1 gets the record at its next start`() throws {
        let bench = try Bench()
        bench.commit { [.marker(Fleet.marker(Key(namespace: "ci", name: "old"), $0))] }
        bench.store.close()
        let raw = try Connection(path: Opening.file(in: bench.directory), access: .write)
        try raw.goBack(to: 1)
        raw.close()
        try bench.reopen()
        #expect(try revisions(bench) == [])
        bench.commit { [.audit(Fleet.entry($0))] }
        #expect(try revisions(bench) == [2])
        #expect(try bench.store.markers(namespace: "ci", limit: 10).map(\.key.name) == ["old"])
    }

    @Test func `entries leave by age`() throws {
        let bench = try Bench()
        for index in 0..<6 { bench.commit { [.audit(Fleet.entry($0, after: .hours(Int64(index))))] } }
        bench.maintain(now: hour(90 * 24 + 3))
        #expect(try revisions(bench) == [6, 5, 4])
        bench.maintain(now: nil)
        #expect(try revisions(bench) == [6, 5, 4])
    }

    @Test func `when there are too many, refusals go before acts, and the oldest first`() throws {
        var settings = StoreSettings()
        settings.auditRows = 5
        let bench = try Bench(settings)
        for index in 0..<8 {
            bench.commit { [.audit(Fleet.entry($0, .revoke, index % 2 == 0 ? .done : .refused))] }
        }
        bench.maintain(now: nil)
        #expect(try revisions(bench) == [8, 7, 5, 3, 1])
        for _ in 0..<4 { bench.commit { [.audit(Fleet.entry($0))] } }
        bench.maintain(now: nil)
        #expect(try revisions(bench) == [12, 11, 10, 9, 7])
    }
}
