import API
import Coordination
import Logging
import Store

/// Gathers commands, applies them as a turn, commits the turn, and only then lets its
/// answers out.
///
/// One turn is in flight at a time. While it is in its flush, what arrives is gathered
/// for the next: a hundred runs cost one flush. Renewals don't wait: they are answered
/// from memory at once, as long as their hold's beginning is on disk. Reads run at the
/// end of a turn, and their answers leave with it: no reply reveals a state that a crash
/// could take back.
///
/// If the commit fails, the core takes the turn back. Those whose commands were in it
/// are told 503: unknown, ask again. What only reads (waits, peers that went) is put
/// into the next turn, which then holds nothing else, so that a full disk stops no reader.
///
/// Everything here runs on the loop's queue. `Turns+Trouble` has what happens when the disk fails.
final class Turns: @unchecked Sendable {
    /// Where answers go. Set once, before the first turn.
    unowned(unsafe) var door: (any TurnOutlet)!
    var core: Coordinator
    let store: SQLiteStore
    let clock: Clocks
    let log: Logger

    var inbox: [Command] = []
    var writes: [PlannedWrite] = []
    var reads: [Read] = []
    private var inFlight: InFlight?
    /// The revision of the newest turn that the store has.
    private var storedRevision: Revision
    var trouble: Trouble?
    private var lastBeat: Instant
    var statistics = TurnStatistics()
    let meters = Meters()
    var isStopping = false
    /// What was to be recorded and wasn't comes back here. Set once, before the first turn.
    var onUnrecorded: ([AuditEntry]) -> Void = { _ in }
    /// A turn is on disk, with so many bytes, and its answers are out. Set once, before the first turn.
    var onCommitted: (_ turn: Turn, _ bytes: Int) -> Void = { _, _ in }
    /// How many wait for a marker by its labels, whom the core doesn't know. Set once, before the first turn.
    var waitingByLabels: (DoneMarker) -> Int = { _ in 0 }
    /// Somebody else writes to the store: this daemon must stop.
    var onDeposed: (String) -> Void = { _ in }

    /// Holds are watched over this often, so that time lost to a stall is noticed.
    static let beat = Interval.milliseconds(250)
    /// A loop that was away for longer than this makes the gap good.
    static let gapMin = Interval.milliseconds(500)
    static let retryAfter = Interval.seconds(1)
    /// For so long a turn answers questions: a hundred long lists at once must not keep the loop from
    /// hearing renewals.
    static let readTime = Interval.milliseconds(10)

    init(core: Coordinator, store: SQLiteStore, clock: Clocks, log: Logger) {
        self.core = core
        self.store = store
        self.clock = clock
        self.log = log
        storedRevision = core.revision
        lastBeat = clock.now.instant
    }

    /// A question that is answered from memory and the store at a turn's end.
    struct Read {
        var keys: [Key]
        /// What it asks of memory and store; the answer is said when the turn is durable.
        var body: (Turns, Now) -> () -> Void
    }

    /// What a turn was made of.
    struct Work {
        var commands: [Command]
        var writes: [PlannedWrite]
        var reads: [Read]

        init(_ commands: [Command], _ writes: [PlannedWrite], _ reads: [Read]) {
            self.commands = commands
            self.writes = writes
            self.reads = reads
        }

        /// How many wanted to change something.
        var count: Int { commands.count + writes.count }
    }

    struct InFlight {
        var turn: Turn
        var work: Work
        var effects: [Effect]
        var answers: [() -> Void]
        var answered: Set<RequestID>
        /// On the boot clock, in nanoseconds.
        var handedOver = Meters.moment
    }

    /// Settings of the core, for commands from now on.
    func change(to settings: CoreSettings) { core.settings = settings }

    // MARK: What comes in

    func submit(_ command: Command) {
        if case .renew(let claim) = command, let reply = core.renewAtOnce(claim, at: clock.now) {
            statistics.renewals += 1
            meters.said(reply)
            _ = door.answer(claim.request, reply)
            return
        }
        inbox.append(command)
    }

    func submit(_ write: PlannedWrite) { writes.append(write) }

    func read(_ keys: [Key], _ body: @escaping (Turns, Now) -> () -> Void) {
        reads.append(Read(keys: keys, body: body))
    }

    /// When `run` should be called again, at the latest.
    var nextWake: Instant? {
        var wake = core.hasHolds ? lastBeat + Self.beat : nil
        guard inFlight == nil else { return wake }
        guard isEmpty else { return clock.now.instant }
        var next = core.nextWake
        if let trouble { next = max(next ?? trouble.retryAt, trouble.retryAt) }
        if let next, wake.map({ next < $0 }) ?? true { wake = next }
        return wake
    }

    /// Whether a turn is in its flush.
    var isCommitting: Bool { inFlight != nil }
    /// When that turn was handed to the store, on the boot clock in nanoseconds.
    var handedOver: Int64? { inFlight?.handedOver }
    var isIdle: Bool { inFlight == nil && isEmpty }
    /// Nothing has come in.
    private var isEmpty: Bool { inbox.isEmpty && writes.isEmpty && reads.isEmpty }

    // MARK: A turn

    func run() {
        watchOver(clock.now)
        // An undeliverable election is taken back in a turn of its own, right behind.
        for _ in 0..<4 where hasWork { turn(at: clock.now, ticking: mayWrite) }
    }

    private var mayWrite: Bool {
        guard let trouble else { return true }
        return trouble.kind != .recovering && trouble.retryAt <= clock.now.instant
    }

    private var hasWork: Bool {
        guard inFlight == nil else { return false }
        if !isEmpty { return true }
        return mayWrite && (trouble != nil || core.nextWake.map { $0 <= clock.now.instant } ?? false)
    }

    /// Makes good the time in which the loop could not hear renewals.
    private func watchOver(_ now: Now) {
        let gap = now.instant - lastBeat
        if core.hasHolds, gap > Self.beat + Self.gapMin {
            log.warning(
                "the loop was away; every hold gets the time added",
                metadata: ["seconds": "\(Double(gap.nanoseconds) / 1e9)"])
            core.wasAway(for: gap)
            statistics.gaps += 1
        }
        lastBeat = now.instant
    }

    private func turn(at now: Now, ticking: Bool) {
        var (commands, writes) = takeWork()
        do {
            try fetch(for: commands, writes, at: now)
        } catch {
            log.error("reading the store failed", metadata: ["reason": "\(error)"])
            commands = withoutUnknown(commands)
            writes = withoutUnknown(writes)
        }
        var effects: [Effect] = []
        for command in commands {
            do throws(Rejection) {
                try core.apply(command, at: now, effects: &effects)
            } catch {
                guard let request = command.request else { continue }
                effects.append(.answer(request, .refused(error), after: core.revision))
            }
        }
        let written = writes.map { $0.body(&core, now, &effects) }
        // After what has arrived: a renewal comes before the expiry that it prevents.
        if ticking { core.tick(at: now, effects: &effects) }
        // Only a commit can show that writing works again.
        if trouble != nil, ticking, !core.isTurnOpen { core.skipRevision() }
        let (readers, answers) = answerReads(now)
        finish(Work(commands, writes, readers), effects, written + answers, now)
    }

    /// As many as fit this turn, and at least one; the others come with the next.
    private func answerReads(_ now: Now) -> ([Read], [() -> Void]) {
        let end = Meters.moment + Self.readTime.nanoseconds
        var answers: [() -> Void] = []
        for read in reads {
            answers.append(read.body(self, now))
            if Meters.moment >= end { break }
        }
        let readers = Array(reads[..<answers.count])
        reads.removeFirst(answers.count)
        return (readers, answers)
    }

    private func fetch(for commands: [Command], _ writes: [PlannedWrite], at now: Now) throws {
        var needs = Coordinator.Needs()
        for command in commands { core.needs(command, into: &needs) }
        for write in writes { for key in write.keys { core.need(key, &needs) } }
        for read in reads { for key in read.keys { core.need(key, &needs) } }
        guard !needs.isEmpty else { return }
        try fetch(needs, at: now)
        guard !needs.moves.isEmpty else { return }
        // Where an alias goes back to is known only now. A move that isn't there stays a need.
        var more = Coordinator.Needs()
        for command in commands { core.needs(command, into: &more) }
        more.moves = []
        try fetch(more, at: now)
    }

    private func fetch(_ needs: Coordinator.Needs, at now: Now) throws {
        if !needs.names.isEmpty {
            for records in try store.fetch(Array(needs.names)) { core.learn(records, at: now) }
        }
        for token in needs.holds {
            if let hold = try store.endedHold(token: token) { core.learn(hold) }
        }
        for key in needs.histories {
            let history = try store.history(
                namespace: key.namespace, name: key.name, limit: Coordinator.historyMax)
            core.learn(history, of: key)
        }
        for revision in needs.moves {
            if let move = try store.aliasMove(revision: revision) { core.learn(move) }
        }
    }

    private func finish(_ work: Work, _ effects: [Effect], _ answers: [() -> Void], _ now: Now) {
        guard core.isTurnOpen else {
            core.committed(at: now)
            for effect in effects { perform(effect) }
            for answer in answers { answer() }
            return
        }
        var held: [Effect] = []
        var answered: Set<RequestID> = []
        let durable = core.durableRevision
        var changes: [Change] = []
        for effect in effects {
            switch effect {
            case .persist(let change): changes.append(change)
            case .answer(let request, _, let after) where after <= durable,
                .parked(let request, _, let after) where after <= durable,
                .parkedFor(let request, _, let after) where after <= durable:
                answered.insert(request)
                perform(effect)
            default: held.append(effect)
            }
        }
        let turn = Turn(revision: core.revision, time: now.wall, changes: changes)
        inFlight = InFlight(
            turn: turn, work: work, effects: held, answers: answers, answered: answered)
        store.commit(turn, expecting: storedRevision) { [self] result in finished(result) }
    }

    private func finished(_ result: CommitResult) {
        guard let flight = inFlight else { return }
        inFlight = nil
        switch result {
        case .committed:
            storedRevision = flight.turn.revision
            statistics.commits += 1
            statistics.commands += flight.work.count
            // One turn is in flight at a time: these are its own.
            let figures = store.figures
            meters.committed(
                flight.turn.changes, commands: flight.work.count, handedOver: flight.handedOver,
                flush: figures.flush, bytes: figures.turnBytes)
            if trouble != nil {
                log.notice("writing works again")
                trouble = nil
            }
            core.committed(at: clock.now)
            for effect in flight.effects { perform(effect) }
            for answer in flight.answers { answer() }
            onCommitted(flight.turn, figures.turnBytes)
        case .noSpace(let detail): takeBack(flight, .noSpace, detail)
        case .busy(let detail): takeBack(flight, .storageFailed, detail)
        case .failed(let detail):
            takeBack(flight, .storageFailed, detail)
            recover()
        case .deposed(let detail):
            takeBack(flight, .storageFailed, detail)
            trouble?.kind = .recovering
            onDeposed(detail)
        }
    }

    private func perform(_ effect: Effect) {
        switch effect {
        case .persist: break
        case .answer(let request, let reply, _):
            meters.said(reply)
            guard !door.answer(request, reply), case .elected(let election) = reply else { return }
            for lost in [election] + election.also { submit(.takeBack(lost.lease.key, lost.hold.token)) }
        case .parked(let request, let standing, _): door.parked(request, standing)
        case .parkedFor(let request, let view, _): door.parked(request, for: view)
        case .standingsChanged(let key): door.standingsChanged(key)
        case .waitEnded(let end, let time): meters.waitEnded(end, after: time)
        }
    }
}

/// What turns say goes out here.
protocol TurnOutlet: AnyObject {
    /// False if the peer was gone before the first byte was written.
    func answer(_ request: RequestID, _ reply: Reply) -> Bool
    func unavailable(_ request: RequestID, _ reason: Unavailable)
    func parked(_ request: RequestID, _ standing: Standing?)
    func parked(_ request: RequestID, for view: ConditionView)
    func standingsChanged(_ key: Key)
}

/// What has been counted since the start.
struct TurnStatistics {
    var commits = 0
    var commands = 0
    var failedCommits = 0
    var renewals = 0
    var gaps = 0
}
