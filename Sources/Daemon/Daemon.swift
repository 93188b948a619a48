import API
import CLinux
import Coordination
import Dispatch
import Glibc
import Identity
import Logging
import ServiceManager
import Sockets
import Store

/// The whole: store, core, turns, door and sockets, put together and kept running.
///
/// Everything lives on one loop's queue. The store has its own threads for commits and
/// checkpoints. `run` returns when a signal has ended the daemon in good order.
public final class Daemon: @unchecked Sendable {
    private(set) var configuration: Configuration
    let manager: ServiceManager
    let log: Logger
    private let style: LogStyle
    private let reread: () throws -> Configuration
    let loop: EventLoop
    let store: SQLiteStore
    let turns: Turns
    let gate: Gate
    let door: Door
    let server: HTTPServer
    let clocks: Clocks
    let sweeper: Sweeper
    let retention: Retention
    let emptier: NamespaceEmptier
    private(set) var certificates: Certificates?
    let desk: AuditDesk
    /// What the audit record is told of the start.
    private let started: [AuditEntry]
    private(set) var herald: Herald!
    let signals = Signals()
    /// Set once the daemon is about to end.
    var stopping: Stopping?
    let stopped = DispatchSemaphore(value: 0)

    /// Opens the store; binds the sockets and serves from `run` on. `reread` reads the configuration
    /// again, for SIGHUP.
    public init(
        _ configuration: Configuration, manager: ServiceManager, log: Logger, style: LogStyle,
        reread: @escaping () throws -> Configuration
    ) throws {
        self.configuration = configuration
        self.manager = manager
        self.log = log
        self.style = style
        self.reread = reread
        certificates = try Certificates(
            configuration.tls, at: Timestamp(microseconds: loop_walltime() / 1000), log: log)
        _ = raiseDescriptorLimit()
        loop = try EventLoop(label: "baton.loop")
        clocks = Clocks(loop: loop)
        gate = try Gate(configuration, clocks, log)
        let policies = try PoliciesFile.read(configuration.policiesFile)
        let loop = loop
        let (store, recovered, names) = try loop.sync {
            let (store, recovered) = try SQLiteStore.open(
                directory: configuration.data, settings: configuration.storeSettings,
                onLoop: { dispatchPrecondition(condition: .onQueue(loop.queue)) }, post: { loop.post($0) })
            // A hold that shares a name brings the name along.
            let held = recovered.heldLeases.flatMap { [$0.key, $0.nameKey] }
            let alive = Set(held + recovered.expiringMarkers.map(\.key))
            return (store, recovered, try store.fetch(Array(alive)))
        }
        self.store = store
        let now = clocks.now
        let isRestored = recovered.restoredAt != nil
        let incarnation = UInt64(recovered.incarnation.prefix(16), radix: 16) ?? 0
        let kubernetes = Kubernetes(
            incarnation: incarnation, version: batonVersion, settings: configuration.api)
        let core = Coordinator(
            settings: configuration.coreSettings, revision: recovered.revision, names: names,
            usage: recovered.usage, namespaces: recovered.namespaces, aliases: recovered.aliases,
            scale: SQLiteStore.scale, pins: { kubernetes.object($0).hasFinalizers },
            quarantineUntil: isRestored ? now.instant + configuration.effectiveQuarantine : nil,
            at: now)
        turns = Turns(core: core, store: store, clock: clocks, log: log)
        desk = AuditDesk(turns: turns)
        turns.onUnrecorded = { [unowned desk] in desk.takeBack($0) }
        started = AuditEntry.start(configuration, recovered, at: now.wall)
        let reference = Door.ServerReference()
        let hub = WatchHub(
            server: reference, store: store, face: kubernetes, meters: turns.meters,
            limits: configuration.watches)
        let agreement = ClockAgreement(began: clocks.now, meters: turns.meters, log: log)
        retention = Retention(
            turns: turns, face: kubernetes, configuration: configuration, policies: policies,
            clocks: agreement, log: log)
        door = Door(
            server: reference, turns: turns,
            elections: Elections(settings: configuration.api, incarnation: incarnation),
            kubernetes: kubernetes, hub: hub,
            facts: ServerFacts(startedAt: now, walBytesMax: configuration.walBytesMax), gate: gate,
            retention: retention, desk: desk, limiter: configuration.limiter,
            limitsAddresses: configuration.limitsAddresses,
            requests: configuration.requestLog, signOfLife: configuration.signOfLife, log: log)
        turns.onCommitted = {
            [unowned hub, unowned retention, unowned selections = door.selections] turn, bytes in
            hub.committed(turn.changes, revision: turn.revision, bytes: bytes)
            selections.committed(turn.changes)
            retention.committed(turn.changes)
        }
        turns.waitingByLabels = { [unowned selections = door.selections] in selections.waiting(for: $0) }
        server = HTTPServer(loop: loop, limits: configuration.serverLimits, handler: door)
        server.tls = certificates?.context
        reference.server = server
        turns.door = door
        emptier = NamespaceEmptier(turns: turns, face: door.kubernetes, log: log)
        sweeper = Sweeper(turns: turns, configuration: configuration, clocks: agreement, log: log)
        herald = Herald(manager, clocks: clocks) { [door] in door.statusLine }
        if isRestored {
            log.notice(
                "the data was restored from a backup; nobody is elected for a while, since holders that it doesn't know may be at work",
                metadata: ["until": "\(configuration.effectiveQuarantine.text) from now"])
        }
        if !gate.isOpen {
            log.notice(
                "requests have to prove whose they are",
                metadata: ["tokens": "\(gate.tokens.count)", "issuers": "\(gate.issuers.issuers.count)"])
        }
        log.info(
            "the store is open",
            metadata: [
                "data": "\(configuration.data)", "revision": "\(recovered.revision)",
                "holds": "\(core.figures.holds)",
            ])
    }

    /// Serves until SIGTERM or SIGINT: true. False if it had to stop, because another process wrote to
    /// the database. Throws if it can't listen.
    public func run() throws -> Bool {
        turns.onDeposed = { [unowned self] detail in deposed(detail) }
        loop.turn = { [unowned self] in turn() }
        do {
            // Before the first turn: no flush is under way if this fails, and who is served finds the daemon
            // listening to signals, too.
            try loop.sync {
                try listen()
                prepare()
            }
        } catch {
            loop.sync {
                server.stop()
                store.close()
                gate.issuers.stop()
                loop.stop()
            }
            throw error
        }
        loop.start()
        stopped.wait()
        return stopping?.isDeposed != true
    }

    private func prepare() {
        turns.submit(.record(started))
        sweeper.start()
        retention.start()
        emptier.start()
        watchSignals()
        herald.start()
        loop.post { [self] in herald.ready() }
    }

    /// The configuration, and then what it only names, are read again. What is wrong changes nothing.
    func reload() {
        herald.reloading()
        defer { herald.ready() }
        var failure: String?
        var changes: [Reload.Change] = []
        do {
            let reload = try Reload(from: configuration, to: reread())
            change(reload)
            changes = reload.changed
        } catch {
            log.error(
                "the configuration can't be read again; everything stays as it was",
                metadata: ["reason": "\(error)"])
            failure = "\(error)"
        }
        if let fault = rereadPolicies() {
            failure = [failure, fault].compactMap(\.self).joined(separator: "; ")
        }
        if let entry = certificates?.reload(at: clocks.now.wall, log: log) { desk.happened(entry) }
        server.tls = certificates?.context
        desk.happened(door.reload().with(settings: changes, failure: failure))
    }

    /// What is wrong with them leaves the old ones; nil: nothing.
    private func rereadPolicies() -> String? {
        guard configuration.policiesFile != nil else { return nil }
        do throws(ConfigurationError) {
            let policies = try PoliciesFile.read(configuration.policiesFile)
            guard policies != retention.policies else { return nil }
            retention.change(to: policies)
            log.notice("the retention policies were read again", metadata: ["count": "\(policies.all.count)"])
            return nil
        } catch {
            log.error(
                "the retention policies can't be read again; those from before stay",
                metadata: ["reason": "\(error)"])
            return "\(error)"
        }
    }

    private func change(_ reload: Reload) {
        configuration = reload.configuration
        style.change(to: configuration)
        turns.change(to: configuration.coreSettings)
        door.change(to: configuration)
        sweeper.leaseRetention = configuration.leaseRetention
        retention.change(interval: configuration.retentionInterval)
        store.settings = configuration.storeSettings
        server.limits = configuration.serverLimits
        for change in reload.changed { log.notice("\(change)") }
        for change in reload.deferred { log.warning("\(change) needs a restart; the old value stays") }
        if reload.changed.isEmpty, reload.deferred.isEmpty {
            log.notice("the configuration was read again: nothing changed")
        }
    }

    /// One round of the loop: everything that arrived is in the inbox.
    private func turn() {
        // The store is closed, and the process about to exit: whatever is due now is so after a start, too.
        guard stopping?.isOver != true else { return }
        clocks.runErrands()
        desk.tend()
        turns.run()
        door.tend()
        if stopping != nil { goOnStopping() }
        let wake = [turns.nextWake, door.nextWake, clocks.nextErrand, desk.nextWake].compactMap { $0 }.min()
        loop.setWakeUp(wake?.nanoseconds)
    }
}

/// What is told of the daemon as a whole.
struct ServerFacts: Sendable {
    var startedAt: Now
    /// Above it the daemon is not ready.
    var walBytesMax: Int64
}
