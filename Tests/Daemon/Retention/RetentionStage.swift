import API
import Coordination
import Logging
import Sockets
import StoreDirectory

@testable import Daemon
@testable import Store

/// A daemon without its doors: core, turns, retention, and a store in a directory. The test tells the time, and says
/// when errands run, when a turn begins, and when its commit comes back.
final class RetentionStage: TurnOutlet {
    var now = Now(
        instant: Instant(nanoseconds: 1_000_000_000_000),
        wall: Timestamp(microseconds: 1_700_000_000_000_000))
    private(set) var turns: Turns!
    private(set) var retention: Retention!
    private(set) var clocks: Clocks!
    let face = Kubernetes(incarnation: 7, version: "test")
    /// Requests that wait, and what others were told.
    private(set) var parked: Set<RequestID> = []
    private(set) var replies: [RequestID: Reply] = [:]
    private(set) var lastRequest: RequestID = 0
    /// When the turn that is in its flush was applied.
    private(set) var appliedAt = Now(instant: Instant(nanoseconds: 0), wall: Timestamp(microseconds: 0))
    var onCommitted: ([Change], Now) -> Void = { _, _ in }
    /// How many wait for markers of this label.
    var wantedLabel = 0

    private let loop: EventLoop
    private let policies: RetentionPolicies
    private var directory: String
    private var mail = Mail()
    private var store: SQLiteStore { turns.store }

    /// What the commit thread hands to the loop.
    private final class Mail: @unchecked Sendable {
        private let monitor = Monitor()
        private var letters: [@Sendable () -> Void] = []

        func post(_ letter: @escaping @Sendable () -> Void) { monitor.signal { letters.append(letter) } }
        func next() -> @Sendable () -> Void { monitor.wait { letters.isEmpty ? nil : letters.removeFirst() } }
    }

    init(policies text: String) throws {
        loop = try EventLoop(label: "retention")
        policies = try PoliciesFile.read(Array(text.utf8), path: "policies.yaml")
        directory = StoreDirectory.make()
        try open()
    }

    deinit {
        store.close()
        StoreDirectory.remove(directory)
    }

    private func open() throws {
        mail = Mail()
        var settings = StoreSettings()
        // The tables get what the test says, when it says so.
        (settings.batchRecords, settings.lagMilliseconds) = (.max, .max)
        let (store, recovered) = try SQLiteStore.open(directory: directory, settings: settings) {
            [mail] in mail.post($0)
        }
        let alive = Set(
            recovered.heldLeases.flatMap { [$0.key, $0.nameKey] } + recovered.expiringMarkers.map(\.key))
        var core = CoreSettings()
        core.idleNamesMax = 1
        let clocks = Clocks(loop: loop) { [unowned self] in now }
        let log = Logger(label: "retention") { _ in SwiftLogNoOpLogHandler() }
        turns = Turns(
            core: Coordinator(
                settings: core, revision: recovered.revision, names: try store.fetch(Array(alive)),
                usage: recovered.usage, namespaces: recovered.namespaces, aliases: recovered.aliases,
                scale: SQLiteStore.scale, pins: { [face] in face.object($0).hasFinalizers }, at: now),
            store: store, clock: clocks, log: log)
        self.clocks = clocks
        turns.door = self
        turns.onCommitted = { [unowned self] turn, _ in
            retention.committed(turn.changes)
            onCommitted(turn.changes, appliedAt)
        }
        turns.waitingByLabels = { [unowned self] in wantedLabel > 0 && $0.isWanted ? wantedLabel : 0 }
        var configuration = Configuration()
        configuration.retentionInterval = .minutes(10)
        retention = Retention(
            turns: turns, face: face, configuration: configuration, policies: policies,
            clocks: ClockAgreement(began: now, meters: turns.meters, log: log), log: log)
        retention.start()
    }

    // MARK: Steps

    func newRequest() -> RequestID {
        lastRequest += 1
        return lastRequest
    }

    func pass(_ interval: Interval) {
        now.instant = now.instant + interval
        now.wall.microseconds += interval.nanoseconds / 1000
    }

    /// A turn begins, if there is something to do and none is in its flush.
    func beginTurn() {
        if !turns.isCommitting { appliedAt = now }
        turns.run()
    }

    /// The commit comes back, if there is one.
    func endTurn() {
        while turns.isCommitting { mail.next()() }
    }

    /// All that is to be done now.
    func settle() {
        for _ in 0..<1_000 {
            clocks.runErrands()
            beginTurn()
            endTurn()
            if turns.isIdle, clocks.nextErrand.map({ $0 > now.instant }) ?? true { return }
        }
        preconditionFailure("it never comes to rest")
    }

    /// Whether a pass has begun and isn't over.
    var isPassUnderWay: Bool { retention.isUnderWay }

    /// The readable tables get all that is durable.
    func writeBehindWhenIdle() {
        endTurn()
        store.writeBehind()
        while store.batchOutstanding { mail.next()() }
    }

    /// Stopped in order, or killed: then it finds its files as the kernel has them.
    func restart(killed: Bool) throws {
        endTurn()
        let old = directory
        if killed {
            let other = StoreDirectory.make()
            StoreDirectory.copyFiles(from: old, to: other)
            store.close()
            directory = other
            StoreDirectory.remove(old)
        } else {
            store.close()
        }
        parked = []
        try open()
    }

    // MARK: What turns say

    func answer(_ request: RequestID, _ reply: Reply) -> Bool {
        parked.remove(request)
        replies[request] = reply
        return true
    }
    func unavailable(_ request: RequestID, _ reason: Unavailable) {
        preconditionFailure("no commit fails here: \(reason)")
    }
    func parked(_ request: RequestID, _ standing: Standing?) { parked.insert(request) }
    func parked(_ request: RequestID, for view: ConditionView) { parked.insert(request) }
    func standingsChanged(_ key: Key) {}
}

extension DoneMarker {
    private var text: String { String(decoding: metadata, as: UTF8.self) }

    /// What the play attaches.
    var isWanted: Bool { text.contains(#""want":"yes""#) }
    var isProtected: Bool { text.contains(#""keep":"yes""#) }
    var hasFinalizer: Bool { text.contains("finalizers") }
}
