@testable import Coordination

/// The core with a disk, a clock and an audience: what a story is played on.
///
/// The clock is a value. Every command is a turn of its own, committed at once, unless
/// it is played within `turn` or `failedTurn`. What is named is fetched from the disk
/// first, as the daemon does. Whatever the story is about, the stage checks after each
/// turn that every request has exactly one fate, and that the disk has what memory has.
struct Stage {
    /// What became of a request.
    enum Fate: Hashable {
        /// Asked in the present turn; nothing was said yet.
        case asked
        case parked(Standing?)
        case told(Reply)
        /// Its turn failed: 503, "ask again".
        case unknown
        /// Its peer went.
        case gone
    }

    var core: Coordinator
    var disk = Disk()
    var now = Now(
        instant: Instant(nanoseconds: 1_000_000_000_000),
        wall: Timestamp(microseconds: 1_700_000_000_000_000))
    var fates: [RequestID: Fate] = [:]
    /// What those were told at first who wait for a condition.
    var views: [RequestID: ConditionView] = [:]
    /// Elected, but the peer was gone: the daemon would take these back.
    var undelivered: [(key: Key, token: FencingToken)] = []
    /// Where the stage saw a promise broken.
    var faults: [String] = []
    /// In a story a fault is an issue at once; a simulation collects them with its seed.
    var recordsIssues = true
    /// What was said, in order, since the audience last listened. For the simulation.
    var heard: [(request: RequestID, reply: Reply, applied: Instant)] = []

    private var isInTurn = false
    var changes: [Change] = []
    var unsaid: [Unsaid] = []
    var lastRequest: RequestID = 0
    private let settings: CoreSettings

    struct Unsaid {
        var request: RequestID
        var reply: Reply?
        var standing: Standing?
        var view: ConditionView?
        var after: Revision
        var applied: Instant
    }

    /// What a finalizer is to the core.
    static let pinned = Array("finalizers".utf8)
    private static let pins: @Sendable (DoneMarker) -> Bool = { $0.metadata == pinned }

    init(_ settings: CoreSettings = CoreSettings(), quarantine: Interval? = nil) {
        self.settings = settings
        core = Coordinator(
            settings: settings, revision: 0, names: [], usage: [:], namespaces: [], scale: Disk.scale,
            pins: Self.pins, quarantineUntil: quarantine.map { [now] in now.instant + $0 }, at: now)
    }

    // MARK: Turns

    /// Plays several commands as one turn, and commits it.
    mutating func turn(_ play: (inout Stage) throws -> Void) rethrows {
        isInTurn = true
        defer { isInTurn = false }
        try play(&self)
        commit()
    }

    /// Plays several commands as one turn, and the disk refuses it.
    mutating func failedTurn(_ play: (inout Stage) throws -> Void) rethrows {
        isInTurn = true
        defer { isInTurn = false }
        try play(&self)
        fail()
    }

    /// Applies a command, as the daemon does: fetch, learn, apply.
    @discardableResult
    mutating func send(_ command: Command, from request: RequestID? = nil) -> [Effect] {
        if let request { fates[request] = .asked }
        if case .forsake(let gone) = command { leave(gone) }
        var needs = Coordinator.Needs()
        core.needs(command, into: &needs)
        learn(needs)
        if !needs.moves.isEmpty {
            var more = Coordinator.Needs()
            core.needs(command, into: &more)
            learn(more)
        }
        var effects: [Effect] = []
        do {
            try core.apply(command, at: now, effects: &effects)
        } catch {
            effects.append(.answer(request!, .refused(error), after: core.revision))
        }
        take(effects)
        if !isInTurn { commit() }
        return effects
    }

    private mutating func learn(_ needs: Coordinator.Needs) {
        for key in needs.names { core.learn(disk.records(key), at: now) }
        for token in needs.holds {
            if let hold = disk.holds[token], hold.end != nil { core.learn(hold) }
        }
        for revision in needs.moves { if let move = disk.moves[revision] { core.learn(move) } }
        for key in needs.histories {
            let history = disk.holds.values.filter { $0.key == key }.sorted { $0.token > $1.token }
            core.learn(history, of: key)
        }
    }

    /// Applies a command or a tick, and leaves the turn open.
    mutating func collect(_ command: Command) -> [Effect] {
        isInTurn = true
        defer { isInTurn = false }
        return send(command, from: command.request)
    }

    /// What was due, in the order in which it was done, and what came of it. Leaves the turn open.
    mutating func collectTick() -> (order: [Timers.Subject], effects: [Effect]) {
        var order: [Timers.Subject] = []
        var effects: [Effect] = []
        while let subject = core.doNextDue(at: now, &effects) { order.append(subject) }
        take(effects)
        return (order, effects)
    }

    @discardableResult
    mutating func tick() -> [Effect] {
        var effects: [Effect] = []
        core.tick(at: now, effects: &effects)
        take(effects)
        if !isInTurn { commit() }
        return effects
    }

    mutating func commit() {
        disk.commit(changes, upTo: changes.isEmpty ? disk.revision : core.revision)
        changes = []
        core.committed(at: now)
        let due = unsaid
        unsaid = []
        for one in due { say(one) }
        check()
    }

    mutating func fail() {
        core.undo()
        changes = []
        // Whoever was parked before this turn stays parked; the others are told to ask again.
        for one in unsaid where fates[one.request] == .asked { fates[one.request] = .unknown }
        unsaid = []
        check()
    }

    /// The daemon is killed and started again: memory is lost, the disk isn't. With a quarantine
    /// it is started on a backup.
    mutating func restart(quarantine: Interval? = nil) {
        for (request, fate) in fates {
            if case .parked = fate { fates[request] = .unknown }
        }
        core = Coordinator(
            settings: settings, revision: disk.revision, names: disk.atStart, usage: disk.usage,
            namespaces: Array(disk.namespaces.values), aliases: Array(disk.aliases.values), scale: Disk.scale,
            pins: Self.pins, quarantineUntil: quarantine.map { [now] in now.instant + $0 }, at: now)
        check()
    }

    // MARK: Time

    /// Time goes by, and the daemon wakes whenever something is due.
    mutating func after(_ interval: Interval) {
        let end = now.instant + interval
        while let wake = core.nextWake, wake < end {
            pass(max(wake, now.instant) - now.instant)
            tick()
        }
        pass(end - now.instant)
        tick()
    }

    /// Time goes by, and nobody looks.
    mutating func pass(_ interval: Interval) {
        now.instant = now.instant + interval
        now.wall.microseconds += interval.nanoseconds / 1000
    }
}
