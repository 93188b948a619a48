import CSQLite
import Coordination
import Glibc
import Testing

@testable import Store

@Suite struct OpeningTests {
    private let key = Key(namespace: "ci", name: "import")

    @Test func `a second daemon is refused and told who the first is`() throws {
        let bench = try Bench()
        #expect(throws: StoreError.locked(directory: bench.directory, by: getpid())) {
            try SQLiteStore.open(directory: bench.directory) { _ in }
        }
    }

    @Test func `a reader beside the daemon is welcome`() throws {
        let bench = try Bench()
        bench.commit { [.lease(Fleet.lease(key, $0, held: true))] }
        bench.drain()
        let shell = try Connection(path: Opening.file(in: bench.directory), access: .read)
        defer { shell.close() }
        #expect(try shell.text("SELECT holder FROM leases WHERE name = 'import'") == "prow-4711-import-1")
        #expect(try shell.text("SELECT held_since FROM leases") == "2026-11-18T11:06:40.000000Z")
        shell.close()
    }

    @Test func `another program's file is left as it is`() throws {
        let directory = Bench.temporary()
        defer { Bench.remove(directory) }
        let path = Opening.file(in: directory)
        let other = try Connection(path: path, access: .create)
        defer { other.close() }
        try other.run("CREATE TABLE t(a)")
        other.close()
        #expect(throws: StoreError.foreign(path: path, detail: "application id 0")) {
            try SQLiteStore.open(directory: directory) { _ in }
        }
        let again = try Connection(path: path, access: .read)
        defer { again.close() }
        #expect(try again.text("PRAGMA journal_mode") == "delete")
        again.close()
    }

    @Test func `a file that is not a database is refused`() throws {
        let directory = Bench.temporary()
        defer { Bench.remove(directory) }
        let path = Opening.file(in: directory)
        let file = fopen(path, "w")!
        fputs(String(repeating: "not a database\n", count: 100), file)
        fclose(file)
        #expect(throws: StoreError.foreign(path: path, detail: "not an SQLite database")) {
            try SQLiteStore.open(directory: directory) { _ in }
        }
    }

    @Test func `a newer file is refused`() throws {
        let bench = try Bench()
        let directory = Bench.temporary()
        defer { Bench.remove(directory) }
        let path = Opening.file(in: directory)
        try Backup.write(from: bench.directory, to: path)
        let later = try Connection(path: path, access: .write)
        defer { later.close() }
        later.wait(milliseconds: 10_000)
        try later.run("PRAGMA user_version=11")
        later.close()
        #expect(throws: StoreError.newer(path: path, version: 11, supported: 10)) {
            try SQLiteStore.open(directory: directory) { _ in }
        }
    }

    @Test func `a foreign write deposes the daemon`() throws {
        let bench = try Bench()
        bench.commit { [.lease(Fleet.lease(key, $0, held: true))] }
        let shell = try Connection(path: Opening.file(in: bench.directory), access: .write)
        defer { shell.close() }
        shell.wait(milliseconds: 10_000)
        try shell.run("INSERT INTO meta VALUES('mine', 1)")
        shell.close()
        let result = bench.commit { [.marker(Fleet.marker(key, $0))] }
        guard case .deposed = result else { return #expect(Bool(false), "\(result)") }
    }

    @Test func `a record that does not decode is told with its place`() throws {
        let bench = try Bench()
        bench.commit { [.lease(Fleet.lease(key, $0, held: true))] }
        bench.store.close()
        let shell = try Connection(path: Opening.file(in: bench.directory), access: .write)
        defer { shell.close() }
        shell.wait(milliseconds: 10_000)
        try shell.run("UPDATE leases SET body = x'0103'")
        shell.close()
        #expect {
            try SQLiteStore.open(directory: bench.directory) { _ in }
        } throws: { error in
            if case StoreError.damaged(let detail)? = error as? StoreError {
                detail.contains("truncated")
            } else {
                false
            }
        }
    }

    @Test func `a turn that expects another revision is refused`() throws {
        let bench = try Bench()
        let result = Box<CommitResult>()
        let turn = Turn(revision: 9, time: Fleet.began, changes: [])
        bench.store.commit(turn, expecting: 8) { result.value = $0 }
        bench.loop.turn { result.value != nil }
        guard case .deposed? = result.value else { return #expect(Bool(false), "\(result)") }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `a process killed at any moment leaves all that was acknowledged`(seed: UInt64) throws {
        var settings = StoreSettings()
        settings.lagMilliseconds = 0
        settings.checkpointBytes = 60_000
        let bench = try Bench(settings)
        var workload = Workload(seed: seed)
        var model = Model()
        for _ in 0..<60 {
            bench.commit { revision in
                let changes = workload.changes(revision)
                model.apply(changes)
                return changes
            }
            // The write-behind may be in the middle of a slice; a checkpoint is not.
            guard workload.random.pick(0..<8) == 0 else { continue }
            let copy = Bench.temporary()
            bench.checkpoint()
            try bench.copyFiles(to: copy)
            let after = try Bench(directory: copy)
            #expect(after.recovered.revision == bench.revision)
            #expect(try model.matches(after.store, workload.keys))
            #expect(after.recovered.usage == model.usage)
        }
    }
}
