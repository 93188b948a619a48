@testable import Coordination

/// Many clients on a few names, by the dice of one seed: on the core and on the model at once.
///
/// Every step is a turn of a few commands at some moment. The core must say what the model
/// says, in the same order, and end in the same state; the stage and the ledger check what
/// must hold whatever the model thinks. The first fault ends the run.
struct Simulation {
    var dice: Dice
    var stage: Stage
    var model: Model
    var ledger = Ledger()
    let settings: CoreSettings
    /// Who was elected lately: those who renew, complete, resign, and do so too late.
    var elections: [Election] = []

    private(set) var step = 0
    /// How often each limit was met.
    private(set) var refusals: [Bound: Int] = [:]
    /// How often a deletion of the namespace began, refused something, revoked somebody, and ended.
    private(set) var deletions = (begun: 0, refusals: 0, revoked: 0, ended: 0)
    private(set) var trail: [String] = []
    var keepsTrail = false
    /// Whether Kubernetes clients write the same leases.
    let hasWriters: Bool
    /// Whether some names are shared, or have permits.
    let hasModes: Bool

    /// Whether some campaigns ask for several names at once.
    let hasSeveral: Bool

    init(seed: UInt64, writers: Bool = false, modes: Bool = false, several: Bool = false) {
        hasWriters = writers
        hasModes = modes || several
        hasSeveral = several
        dice = Dice(seed: seed)
        var settings = CoreSettings(
            reconnectGrace: .seconds(10), defaultMaxAttempts: 2, failedRetention: .seconds(60),
            contendersMax: 5, idleNamesMax: 2)
        if seed % 5 == 3 { Self.tighten(&settings, seed) }
        self.settings = settings
        let quarantine: Interval? = dice.oneIn(8) ? .seconds(45) : nil
        stage = Stage(settings, quarantine: quarantine)
        stage.recordsIssues = false
        model = Model(settings, quarantineUntil: stage.core.quarantineUntil)
    }

    /// Every limit within reach of four names and four holders. Not by the dice: the seeds that found
    /// something play as they did.
    private static func tighten(_ settings: inout CoreSettings, _ seed: UInt64) {
        if seed % 2 == 0 { settings.contendersMax = 2 }
        settings.nameWaitersMax = 2 + Int(seed % 3)
        settings.namespaceWaitersMax = 4 + Int(seed % 4)
        settings.clientWaitersMax = 2
        settings.namespaceLeasesMax = 2 + Int(seed % 2)
        settings.namespaceMarkersMax = 2
        settings.namespaceBytesMax = seed % 3 == 0 ? 500 : 10_000
    }

    /// Plays; returns what went wrong, if anything did.
    mutating func run(steps: Int) -> String? {
        while step < steps {
            step += 1
            playStep()
            if let fault = stage.faults.first {
                return "step \(step): \(fault)" + (keepsTrail ? "\n" + trail.joined(separator: "\n") : "")
            }
        }
        return nil
    }

    private mutating func playStep() {
        passTime()
        if dice.oneIn(150) { restart() }
        for _ in 0..<(1 + dice.below(4)) {
            if hasModes, dice.oneIn(5), let command = someModeCommand() { play(command) }
            if hasWriters, dice.oneIn(3), let command = someObjectCommand() { play(command) }
            if let command = someCommand() { play(command) }
            if dice.oneIn(6) { stage.pass(.milliseconds(Int64(dice.below(200)))) }
        }
        if !dice.oneIn(4) { tick() }
        endTurn()
        for (key, token) in stage.takeUndelivered() {
            play(.takeBack(key, token))
            commit()
        }
        compareStates()
        for fault in ledger.faults(on: stage) { stage.fault(fault) }
    }

    // MARK: Each on both

    private mutating func play(_ command: Command) {
        log("\(command)")
        model.apply(command, at: stage.now)
        let effects = stage.collect(command)
        if case .campaign(let campaign) = command { ledger.noteAsked(campaign, effects) }
        compare(effects)
    }

    private mutating func tick() {
        let (order, effects) = stage.collectTick()
        model.tick(at: stage.now, order: order)
        log("tick \(order)")
        compare(effects)
        ledger.noteTick(stage)
    }

    /// The flush takes its time, in which renewals are answered and gaps may occur. Then it fails or not.
    private mutating func endTurn() {
        if dice.oneIn(3) { stage.pass(.milliseconds(Int64(dice.below(2_000)))) }
        while dice.oneIn(3) { renewAtOnce() }
        if dice.oneIn(20) { gap(.milliseconds(500 + Int64(dice.below(20_000)))) }
        while dice.oneIn(3) { renewAtOnce() }
        if stage.core.isTurnOpen && dice.oneIn(6) {
            log("the commit fails")
            ledger.burn(after: stage.disk.revision, upTo: stage.core.revision)
            stage.fail()
            model.undo()
            listen()
        } else {
            commit()
        }
    }

    private mutating func commit() {
        stage.commit()
        model.committed(at: stage.now)
        ledger.noteCommit(stage)
        listen()
    }

    private mutating func listen() {
        ledger.note(stage.heard, on: stage)
        elections += stage.heard.compactMap(\.reply.election).flatMap { [$0] + $0.also }
        if elections.count > 12 { elections.removeFirst(elections.count - 12) }
        stage.forgetAnswered()
        ledger.noteStep(stage)
    }

    private mutating func renewAtOnce() {
        guard let election = dice.pickAny(elections) else { return }
        let claim = dice.oneIn(2) || !hasModes ? stage.claim(election) : stage.claim(election, byName: true)
        log("at once: \(claim)")
        let reply = stage.core.renewAtOnce(claim, at: stage.now)
        let expected = model.renewAtOnce(claim, at: stage.now)
        if reply != expected { stage.fault("renewAtOnce said \(reply as Any), the model \(expected as Any)") }
        if let reply { ledger.noteRenewal(reply, at: stage.now.instant) }
    }

    private mutating func gap(_ gap: Interval) {
        log("away for \(gap)")
        stage.pass(gap)
        stage.core.wasAway(for: gap)
        model.wasAway(for: gap)
        ledger.wasAway(for: gap)
    }

    private mutating func restart() {
        log("restart")
        stage.restart(quarantine: dice.oneIn(3) ? .seconds(45) : nil)
        model.restart(
            at: stage.now, revision: stage.disk.revision, quarantineUntil: stage.core.quarantineUntil)
        ledger.noteRestart(stage)
    }

    private mutating func passTime() {
        let jitter = Interval(nanoseconds: Int64(dice.below(1_000_000_000)))
        switch dice.below(20) {
        case 0..<6: break
        case 6..<11: stage.pass(.milliseconds(Int64(dice.below(400))) + jitter)
        case 11..<16: stage.pass(.seconds(Int64(dice.below(12))) + jitter)
        case 16..<18:
            // A daemon that wakes when something is due.
            for _ in 0..<8 {
                guard let wake = stage.core.nextWake, wake - stage.now.instant < .minutes(3) else { break }
                stage.pass(max(.zero, wake - stage.now.instant))
                tick()
                commit()
            }
        case 18: gap(.seconds(Int64(dice.below(60))) + jitter)
        default: stage.pass(.seconds(Int64(dice.below(120))) + jitter)
        }
    }

    // MARK: Compare

    private mutating func compare(_ effects: [Effect]) {
        let said = effects.compactMap { effect -> Model.Said? in
            switch effect {
            case .answer(let request, let reply, let after):
                Model.Said(request: request, reply: reply, after: after)
            case .parked(let request, let standing, let after):
                Model.Said(request: request, standing: standing, after: after)
            case .persist, .standingsChanged, .waitEnded, .parkedFor: nil
            }
        }
        if said != model.said {
            stage.fault("the core said\n  \(said)\nthe model\n  \(model.said)")
        }
        if stage.core.revision != model.revision {
            stage.fault("revision \(stage.core.revision), the model has \(model.revision)")
        }
        if stage.core.usage(of: "ci") != model.usage {
            stage.fault("the core counts \(stage.core.usage(of: "ci")), the model \(model.usage)")
        }
        for effect in effects {
            switch effect {
            case .persist(.namespace(let record, _)) where record.isTerminating: deletions.begun += 1
            case .persist(.namespaceDeleted(let record, _)) where record.isTerminating: deletions.ended += 1
            case .answer(_, .refused(.namespaceTerminating), _): deletions.refusals += 1
            case .persist(.hold(let hold)) where hold.end?.reason == "the namespace was deleted":
                deletions.revoked += 1
            default: break
            }
            if case .answer(_, .refused(let rejection), _) = effect, let bound = rejection.bound {
                refusals[bound, default: 0] += 1
            }
        }
        model.said = []
    }

    private mutating func compareStates() {
        if !stage.core.isTurnOpen, stage.disk.waits != model.endedWaits {
            stage.fault("the history has the waits \(stage.disk.waits), the model \(model.endedWaits)")
        }
        if stage.core.namespaces != model.namespaces {
            stage.fault("the core has \(stage.core.namespaces), the model \(model.namespaces)")
        }
        for (key, name) in model.names {
            guard let core = stage.core.names[key] else {
                if name.hold != nil || !name.queue.isEmpty { stage.fault("\(key.name) was forgotten") }
                continue
            }
            let same =
                core.lease == name.lease && core.marker == name.marker && core.given == name.given
                && core.lastRenewal == name.renewed && core.confirmBy == name.confirmBy
                && core.markerExpiry == name.markerExpiry && core.publishAt == name.showAt
                && (name.hold == nil || core.deadline == name.deadline)
                && core.members.map { key.member($0.token) } == model.members(key)
                && core.observers.map { key.member($0.token) } == model.observers(key)
                && core.queue.map(\.requests) == name.queue.map(\.requests)
                && core.queue.map(\.campaign.holder) == name.queue.map(\.campaign.holder)
                && core.queue.map(\.graceUntil) == name.queue.map(\.graceUntil)
                && core.queue.map(\.names) == name.queue.map(\.names)
            if !same { stage.fault("\(key.name): the core has\n  \(core)\nthe model\n  \(name)") }
        }
    }

    private mutating func log(_ text: @autoclosure () -> String) {
        if keepsTrail { trail.append("\(step) @\(stage.now.instant.nanoseconds): \(text())") }
    }
}

extension Model {
    mutating func renewAtOnce(_ asked: Claim, at now: Now) -> Reply? {
        let claim = homed(asked)
        guard let hold = names[claim.key]?.hold, hold.token == claim.token, hold.token <= durable,
            hold.holder == claim.holder, hold.principal == claim.principal
        else { return nil }
        extend(claim.key, now)
        return .renewed(renewalView(claim, now))
    }
}
