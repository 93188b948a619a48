import API
import CLinux
import Coordination
import Dispatch
import Glibc
import Identity
import Logging
import Sockets
import Store

/// The whole: store, core, turns, door and sockets, put together and kept running.
///
/// Everything lives on one loop's queue. The store has its own threads for commits and
/// checkpoints. `run` returns when a signal has ended the daemon in good order.
public final class Daemon: @unchecked Sendable {
    private let configuration: Configuration
    private let log: Logger
    private let loop: EventLoop
    private let store: SQLiteStore
    private let turns: Turns
    private let door: Door
    private let server: HTTPServer
    private let clocks: Clocks
    private let sweeper: Sweeper
    private var certificates: Certificates?
    private let desk: AuditDesk
    /// What the audit record is told of the start.
    private let started: [AuditEntry]
    private var signals: [any DispatchSourceSignal] = []
    private var isStopping = false
    private let stopped = DispatchSemaphore(value: 0)

    /// How long what is under way may take after a signal, before it is cut off.
    static let drainTime = Interval.milliseconds(1500)

    /// Opens the store and binds the sockets; serves from `run` on.
    public init(_ configuration: Configuration, log: Logger) throws {
        self.configuration = configuration
        self.log = log
        let gate = try Gate(tokensFile: configuration.tokensFile)
        certificates = try Certificates(
            configuration.tls, at: Timestamp(microseconds: loop_walltime() / 1000), log: log)
        _ = raiseDescriptorLimit()
        loop = try EventLoop(label: "baton.loop")
        clocks = Clocks(loop: loop)
        let loop = loop
        let (store, recovered, names) = try loop.sync {
            let (store, recovered) = try SQLiteStore.open(
                directory: configuration.data, settings: configuration.storeSettings,
                onLoop: { dispatchPrecondition(condition: .onQueue(loop.queue)) }, post: { loop.post($0) })
            let alive = Set(recovered.heldLeases.map(\.key) + recovered.expiringMarkers.map(\.key))
            return (store, recovered, try store.fetch(Array(alive)))
        }
        self.store = store
        let now = clocks.now
        let isRestored = recovered.restoredAt != nil
        let incarnation = UInt64(recovered.incarnation.prefix(16), radix: 16) ?? 0
        let core = Coordinator(
            settings: configuration.core, revision: recovered.revision, names: names,
            usage: recovered.usage, scale: SQLiteStore.scale,
            quarantineUntil: isRestored ? now.instant + configuration.effectiveQuarantine : nil,
            at: now)
        turns = Turns(core: core, store: store, clock: clocks, log: log)
        desk = AuditDesk(turns: turns)
        turns.onUnrecorded = { [unowned desk] in desk.takeBack($0) }
        started = AuditEntry.start(configuration, recovered, at: now.wall)
        let reference = Door.ServerReference()
        door = Door(
            server: reference, turns: turns,
            elections: Elections(settings: configuration.api, incarnation: incarnation),
            facts: ServerFacts(startedAt: now, walBytesMax: configuration.walBytesMax), gate: gate,
            desk: desk, limiter: configuration.limiter, limitsAddresses: configuration.limitsAddresses,
            requests: configuration.requestLog, log: log)
        server = HTTPServer(loop: loop, limits: configuration.serverLimits, handler: door)
        server.tls = certificates?.context
        reference.server = server
        turns.door = door
        sweeper = Sweeper(turns: turns, configuration: configuration, log: log)
        if isRestored {
            log.notice(
                "the data was restored from a backup; nobody is elected for a while, since holders that it doesn't know may be at work",
                metadata: ["until": "\(configuration.effectiveQuarantine.text) from now"])
        }
        if let tokens = gate.tokens {
            log.notice("requests need a token", metadata: ["tokens": "\(tokens.entries.count)"])
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
        loop.start()
        do {
            try loop.sync { try listen() }
        } catch {
            loop.sync {
                server.stop()
                store.close()
                loop.stop()
            }
            throw error
        }
        watchSignals()
        stopped.wait()
        return !isDeposed
    }

    private func listen() throws {
        for text in configuration.listen {
            guard let address = ListenAddress(text) else { continue }
            let bound = try server.listen(on: address)
            log.notice("listening", metadata: ["address": "\(bound)"])
        }
        sweeper.start()
        // Who can't listen hasn't started.
        turns.submit(.record(started))
        loop.post {}
    }

    /// One round of the loop: everything that arrived is in the inbox.
    private func turn() {
        clocks.runErrands()
        desk.tend()
        turns.run()
        door.tendStreams()
        if isStopping, turns.isIdle, !isDrained { drain() }
        let wake = [turns.nextWake, door.nextWake, clocks.nextErrand, desk.nextWake].compactMap { $0 }.min()
        loop.setWakeUp(wake?.nanoseconds)
    }

    // MARK: The end

    private var isDrained = false
    private var isDeposed = false

    private func watchSignals() {
        signal(SIGPIPE, SIG_IGN)
        for number in [SIGTERM, SIGINT, SIGHUP] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: loop.queue)
            source.setEventHandler { [unowned self] in signalled(number) }
            source.activate()
            signals.append(source)
        }
    }

    private func signalled(_ number: Int32) {
        guard number != SIGHUP else {
            reload()
            return
        }
        log.notice("stopping: waiters are told to come back", metadata: ["signal": "\(number)"])
        stop(because: "signal \(number)")
    }

    private func reload() {
        if let entry = certificates?.reload(at: clocks.now.wall, log: log) { desk.happened(entry) }
        server.tls = certificates?.context
        // Without tokens it says that there is nothing to reload, which isn't so with certificates.
        if certificates == nil || configuration.tokensFile != nil { door.reload() }
    }

    /// Somebody else wrote to the database: what memory has may be wrong, and nothing more may be said or written.
    private func deposed(_ detail: String) {
        log.critical("another process wrote to the database; batond stops", metadata: ["reason": "\(detail)"])
        isDeposed = true
        stop(because: detail)
    }

    private func stop(because reason: String) {
        guard !isStopping else { return }
        isStopping = true
        turns.isStopping = true
        desk.close(with: .stop(configuration, because: reason, at: clocks.now.wall))
        // A disk that doesn't answer must not keep the daemon from ending.
        clocks.after(.seconds(1)) { [unowned self] in if !isDrained { drain() } }
        loop.post {}
    }

    /// What was under way is committed and answered: nothing is left but to close.
    private func drain() {
        isDrained = true
        door.sendWaitersAway()
        server.drain(deadline: loop.now + Self.drainTime.nanoseconds) { [unowned self] in
            if isDeposed {
                log.notice("stopped; start batond again when nobody else writes")
            } else if turns.isCommitting {
                log.error("the disk did not answer: what was being written is unknown")
            } else {
                store.close()
                log.notice("stopped")
            }
            stopped.signal()
        }
    }
}

/// What is told of the daemon as a whole.
struct ServerFacts: Sendable {
    var startedAt: Now
    /// Above it the daemon is not ready.
    var walBytesMax: Int64
}
