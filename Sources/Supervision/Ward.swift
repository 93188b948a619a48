/// What the guardian does about one command, from its start to the end of its
/// tree. A pure state machine: the time is an argument, what is to be done is a
/// list.
///
///     idle → running → lingering → ending → killing → idle
///                └──────────────────┘ └ (outlived)
///
/// The hold ends with the run, so nothing of the run may outlast it. When the
/// direct child ends by itself, what it left gets a moment to finish (`tee` still
/// writes what is in its pipe); then it is ended too. Ending is SIGTERM, a grace,
/// then SIGKILL in rounds until no descendant is left. It starts when baton asks,
/// when the deadman's time comes, or when baton is gone, and nothing takes it
/// back: the earliest moment to kill that anyone named stands.
struct Ward {
    enum Phase: Equatable {
        case idle
        case running
        case lingering(until: UInt64)
        case ending(killAt: UInt64)
        case killing(nextRound: UInt64, giveUpAt: UInt64)
        /// SIGKILL didn't reach all; said so, still trying.
        case outlived(nextRound: UInt64)
    }

    enum Deadman: Equatable {
        case disarmed
        case armed(termAt: UInt64, killAt: UInt64)
        case fired
    }

    enum Link: Equatable {
        case open
        /// Baton said goodbye: leave when the tree is gone.
        case closed
        /// Baton is dead: report, then leave, when the tree is gone.
        case lost
    }

    enum Action: Equatable {
        case say(Word)
        /// SIGTERM to the tree.
        case terminate
        /// One round of SIGKILL.
        case kill
        /// Say who is left.
        case confess
        case report
        case leave
    }

    private(set) var phase = Phase.idle
    private(set) var deadman = Deadman.disarmed
    private(set) var link = Link.open
    private(set) var actions: [Action] = []

    mutating func takeActions() -> [Action] {
        defer { actions = [] }
        return actions
    }

    // MARK: The command

    /// Why a command can't begin now, as an errno-like reason.
    enum Refusal { case busy, deadmanFired }
    var refusal: Refusal? {
        if phase != .idle || link != .open { return .busy }
        return deadman == .fired ? .deadmanFired : nil
    }

    mutating func began() { phase = .running }

    /// The exec failed; there never was a tree.
    mutating func neverBegan() {
        phase = .idle
        departIfDone()
    }

    mutating func childEnded(_ status: ChildStatus, at now: UInt64) {
        actions.append(.say(.childExited(status)))
        if phase == .running { phase = .lingering(until: BootClock.later(now, Limits.linger)) }
    }

    mutating func treeEmptied() {
        guard phase != .idle else { return }
        phase = .idle
        actions.append(.say(.treeGone))
        departIfDone()
    }

    // MARK: Its end

    mutating func end(grace: UInt64, at now: UInt64) {
        guard phase != .idle else { return }
        if grace > 0 { actions.append(.terminate) }
        hasten(killAt: BootClock.later(now, grace))
        tick(at: now)
    }

    mutating func arm(termAt: UInt64, killAt: UInt64, at now: UInt64) {
        deadman = .armed(termAt: termAt, killAt: max(termAt, killAt))
        tick(at: now)
    }

    mutating func disarm() { deadman = .disarmed }

    mutating func linkEnded(byGoodbye: Bool, at now: UInt64) {
        guard link == .open else { return }
        link = byGoodbye ? .closed : .lost
        switch phase {
        case .idle, .outlived: departIfDone()
        default: end(grace: Limits.orphanGrace, at: now)
        }
    }

    /// Does what is due.
    mutating func tick(at now: UInt64) {
        if case .armed(let termAt, let killAt) = deadman, now >= termAt { fire(killAt: killAt) }
        if case .lingering(let until) = phase, now >= until {
            end(grace: Limits.orphanGrace, at: now)
        }
        if case .ending(let killAt) = phase, now >= killAt {
            phase = .killing(nextRound: now, giveUpAt: BootClock.later(now, Limits.killing))
        }
        killIfDue(at: now)
    }

    /// When `tick` has something to do next.
    var wakeAt: UInt64? {
        var moments: [UInt64] = []
        if case .armed(let termAt, _) = deadman { moments.append(termAt) }
        switch phase {
        case .idle, .running: break
        case .lingering(let until): moments.append(until)
        case .ending(let killAt): moments.append(killAt)
        case .killing(let nextRound, _), .outlived(let nextRound): moments.append(nextRound)
        }
        return moments.min()
    }

    private mutating func fire(killAt: UInt64) {
        deadman = .fired
        actions.append(.say(.deadmanFired))
        guard phase != .idle else { return }
        actions.append(.terminate)
        hasten(killAt: killAt)
    }

    private mutating func hasten(killAt: UInt64) {
        switch phase {
        case .running, .lingering: phase = .ending(killAt: killAt)
        case .ending(let earlier): phase = .ending(killAt: min(earlier, killAt))
        case .idle, .killing, .outlived: break
        }
    }

    private mutating func killIfDue(at now: UInt64) {
        switch phase {
        case .killing(let nextRound, let giveUpAt) where now >= nextRound:
            actions.append(.kill)
            phase = .killing(nextRound: BootClock.later(now, Limits.killRound), giveUpAt: giveUpAt)
            if now >= giveUpAt { outlive(at: now) }
        case .outlived(let nextRound) where now >= nextRound:
            actions.append(.kill)
            phase = .outlived(nextRound: BootClock.later(now, Limits.outlivedRound))
        default: break
        }
    }

    private mutating func outlive(at now: UInt64) {
        phase = .outlived(nextRound: BootClock.later(now, Limits.outlivedRound))
        actions.append(.confess)
        departIfDone()
    }

    private mutating func departIfDone() {
        switch link {
        case .open: return
        case .closed: actions.append(.leave)
        case .lost: actions += [.report, .leave]
        }
    }
}
