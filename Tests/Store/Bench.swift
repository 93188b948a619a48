import Coordination
import Glibc
import StoreDirectory

@testable import Store

/// The loop's thread in a test: closures wait here until the test turns the loop.
final class Loop: @unchecked Sendable {
    private let monitor = Monitor()
    private var queue: [@Sendable () -> Void] = []

    func post(_ body: @escaping @Sendable () -> Void) { monitor.signal { queue.append(body) } }

    /// Runs closures as they come, until the condition holds.
    func turn(until done: () -> Bool) {
        while !done() {
            let next = monitor.wait { queue.isEmpty ? nil : queue.removeFirst() }
            next()
        }
    }
}

/// A value that a `done`, or another thread, leaves for the test.
final class Box<Value: Sendable>: @unchecked Sendable {
    private let monitor = Monitor()
    private var stored: Value?

    var value: Value? {
        get { monitor.locked { stored } }
        set { monitor.locked { stored = newValue } }
    }
}

/// A store on a real directory, with a loop and a revision.
final class Bench {
    let directory: String
    let loop = Loop()
    var settings: StoreSettings
    private(set) var store: SQLiteStore
    private(set) var recovered: Recovered
    var revision: Revision

    /// Called on the commit thread just before an answer is handed to the loop.
    private let beforePost: @Sendable () -> Void

    init(
        _ settings: StoreSettings = StoreSettings(), directory: String? = nil,
        beforePost: @escaping @Sendable () -> Void = {}
    ) throws {
        self.settings = settings
        self.directory = directory ?? Bench.temporary()
        self.beforePost = beforePost
        let loop = loop
        (store, recovered) = try SQLiteStore.open(directory: self.directory, settings: settings) {
            beforePost()
            loop.post($0)
        }
        revision = recovered.revision
    }

    deinit {
        store.close()
        Bench.remove(directory)
    }

    static func temporary() -> String { StoreDirectory.make() }

    static func remove(_ directory: String) { StoreDirectory.remove(directory) }

    func reopen() throws {
        store.close()
        let (loop, beforePost) = (loop, beforePost)
        (store, recovered) = try SQLiteStore.open(directory: directory, settings: settings) {
            beforePost()
            loop.post($0)
        }
        revision = recovered.revision
    }

    /// What a killed process leaves: its files as the kernel has them.
    func copyFiles(to other: String) throws { StoreDirectory.copyFiles(from: directory, to: other) }

    /// Commits changes that are made for the next revisions, and waits for the answer.
    @discardableResult
    func commit(time: Int64 = 1_000_000, _ make: (Revision) -> [Change]) -> CommitResult {
        let changes = make(revision + 1)
        let previous = store.acknowledged
        revision += 1
        let result = Box<CommitResult>()
        store.commit(
            Turn(revision: revision, time: Timestamp(microseconds: time), changes: changes),
            expecting: previous
        ) { result.value = $0 }
        loop.turn { result.value != nil }
        return result.value!
    }

    func recover() -> Result<Recovered, StoreError> {
        let result = Box<Result<Recovered, StoreError>>()
        store.recover { result.value = $0 }
        loop.turn { result.value != nil }
        return result.value!
    }

    /// Waits until the tables have all that is acknowledged.
    func drain() {
        while !store.overlay.isEmpty {
            store.writeBehind()
            loop.turn { !store.batchOutstanding }
        }
    }

    /// Runs upkeep to its end.
    func maintain(now: Timestamp?) {
        drain()
        store.maintain(now: now)
        // Each piece queues the next one behind the errand that waits for it.
        for _ in 0...Upkeep.piecesMax { errand { _ in } }
    }

    /// Waits for the checkpoints that are due.
    func checkpoint() { errand { $0.settleCheckpoints() } }

    /// Runs something on the commit thread, and waits for it.
    func errand(_ body: @escaping @Sendable (Committer) -> Void) {
        let done = Box<Bool>()
        let loop = loop
        store.committer.errand { committer in
            body(committer)
            loop.post { done.value = true }
        }
        loop.turn { done.value == true }
    }
}
