import CSQLite
import Coordination
import Glibc
import Testing

@testable import Store

@Suite struct BackupTests {
    private let key = Key(namespace: "ci", name: "import")

    @Test func `a backup made while turns are committed has every one acknowledged before it`() throws {
        var settings = StoreSettings()
        settings.lagMilliseconds = 0
        let bench = try Bench(settings)
        let other = Bench.temporary()
        defer { Bench.remove(other) }
        var workload = Workload(seed: 1)
        var history: [Revision: Model] = [:]
        var model = Model()
        let stop = Box<Bool>()
        let reports = Box<[Backup.Report]>()
        reports.value = []
        let failures = Box<[String]>()
        failures.value = []
        let known = Box<Revision>()
        let source = bench.directory
        let thread = Thread(name: "backup") {
            for number in 0..<6 {
                let before = known.value ?? 0
                do throws(StoreError) {
                    let report = try Backup.write(from: source, to: "\(other)/copy-\(number)")
                    reports.value!.append(report)
                    if report.revision < before { failures.value!.append("\(report.revision) < \(before)") }
                } catch {
                    failures.value!.append("\(number): \(error)")
                }
            }
            stop.value = true
        }
        while stop.value != true {
            bench.commit { revision in
                let changes = workload.changes(revision)
                model.apply(changes)
                history[revision] = model
                return changes
            }
            known.value = bench.revision
        }
        thread.join()
        #expect(failures.value! == [])
        for (number, report) in reports.value!.enumerated() where report.revision > 0 {
            let directory = Bench.temporary()
            try Files.rename("\(other)/copy-\(number)", Opening.file(in: directory))
            let copy = try Bench(directory: directory)
            #expect(copy.recovered.revision == report.revision)
            #expect(try history[report.revision]!.matches(copy.store, workload.keys))
            #expect(copy.recovered.usage == history[report.revision]!.usage)
        }
    }

    @Test func `a backup replaces a file only when asked to`() throws {
        let bench = try Bench()
        let path = bench.directory + "/copy"
        try Backup.write(from: bench.directory, to: path)
        #expect(throws: StoreError.exists(path: path)) { try Backup.write(from: bench.directory, to: path) }
        bench.commit { [.marker(Fleet.marker(key, $0))] }
        #expect(try Backup.write(from: bench.directory, to: path, replacing: true).revision == 1)
        #expect(!Files.exists("\(path).partial-\(getpid())"))
    }

    @Test func `a restore gives back the records, and revisions beyond any before`() throws {
        let bench = try Bench()
        let spare = Bench.temporary()
        defer { Bench.remove(spare) }
        bench.commit { [.lease(Fleet.lease(key, $0, held: true)), .hold(Fleet.record(key, $0))] }
        try Backup.write(from: bench.directory, to: spare + "/copy")
        for _ in 0..<20 { bench.commit { [.marker(Fleet.marker(key, $0))] } }
        #expect(throws: StoreError.locked(directory: bench.directory, by: getpid())) {
            try Restore.run(from: spare + "/copy", into: bench.directory, now: Fleet.began)
        }
        let incarnation = bench.recovered.incarnation

        let directory = Bench.temporary()
        bench.store.close()
        try bench.copyFiles(to: directory)
        let report = try Restore.run(from: spare + "/copy", into: directory, now: Fleet.began)
        #expect(report.revision == 21 + (1 << 40))
        #expect(report.kept.map { Files.exists($0) } == true)
        let restored = try Bench(directory: directory)
        #expect(restored.recovered.revision == report.revision)
        #expect(restored.recovered.incarnation == report.incarnation)
        #expect(report.incarnation != incarnation)
        #expect(restored.recovered.restoredAt == Fleet.began)
        #expect(restored.recovered.heldLeases == [Fleet.lease(key, 1, held: true)])
        let bytes = RecordCodec.size(Fleet.lease(key, 1, held: true))
        #expect(restored.recovered.usage == ["ci": NamespaceUsage(leases: 1, bytes: bytes)])
        #expect(throws: StoreError.compacted(report.revision)) {
            try restored.store.journal(after: 1, limit: 1)
        }
        restored.store.endQuarantine()
        #expect(restored.commit { [.marker(Fleet.marker(key, $0))] } == .committed)
        try restored.reopen()
        #expect(restored.recovered.restoredAt == nil)
        #expect(restored.recovered.revision == report.revision + 1)
        try bench.reopen()
    }

    @Test func `an unreadable old file is kept aside with its log`() throws {
        let bench = try Bench()
        bench.commit { [.marker(Fleet.marker(key, $0))] }
        let directory = Bench.temporary()
        try Backup.write(from: bench.directory, to: directory + "/copy")
        for name in ["/baton.db", "/baton.db-wal"] {
            let file = fopen(directory + name, "w")!
            fputs(String(repeating: "rubbish ", count: 1000), file)
            fclose(file)
        }
        let report = try Restore.run(from: directory + "/copy", into: directory, now: Fleet.began)
        #expect(!report.oldWasReadable)
        #expect(Files.exists(report.kept! + "-wal"))
        let restored = try Bench(directory: directory)
        #expect(try restored.store.fetch([key])[0].marker == Fleet.marker(key, 1))
    }

    @Test func `a restore that was interrupted must be run again`() throws {
        let directory = Bench.temporary()
        defer { Bench.remove(directory) }
        try Files.create(directory + "/restore-unfinished")
        #expect(throws: StoreError.restoreUnfinished(directory: directory)) {
            try SQLiteStore.open(directory: directory) { _ in }
        }
    }

    @Test func `revisions that come near 2^53 are refused`() throws {
        let bench = try Bench()
        bench.revision = (1 << 53) - 5
        bench.commit { [.marker(Fleet.marker(key, $0))] }
        let directory = Bench.temporary()
        defer { Bench.remove(directory) }
        try Backup.write(from: bench.directory, to: directory + "/copy")
        #expect(throws: StoreError.self) {
            try Restore.run(from: directory + "/copy", into: directory, now: Fleet.began)
        }
        #expect(!Files.exists(Opening.file(in: directory)))
    }
}
