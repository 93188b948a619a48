import Testing

@testable import Coordination

/// What the history tells of who was there with whom, over restarts and failed turns, against a tape: when the play
/// saw each hold begin and end, and which phases it heard of.
@Suite struct EvidenceSeeds {
    @Test(arguments: 0..<4)
    func `overlaps and reports tell what was to be seen, whatever the dice say`(quarter: UInt64) {
        let from = setting("SIMULATION_FROM", 1)
        var overlaps = 0
        for seed in from..<(from + setting("SIMULATION_SEEDS", 40)) where seed % 4 == quarter {
            var play = EvidencePlay(seed: seed)
            for _ in 1...150 { play.step() }
            let faults = play.stage.faults + play.faults()
            overlaps += play.overlapsOverRestarts
            guard faults.isEmpty else {
                Issue.record("seed \(seed): \(faults.first!)")
                return
            }
        }
        #expect(overlaps > 0 || setting("SIMULATION_SEEDS", 40) < 40)
    }
}

private struct EvidencePlay {
    var stage = Stage()
    var overlapsOverRestarts = 0
    private var dice: Dice
    private var elections: [Election] = []
    private var restarts: [Timestamp] = []
    private var tape: [FencingToken: Seen] = [:]

    private struct Seen {
        var name: String
        var mode: Mode
        var from: Timestamp
        var to: Timestamp?
        var how: HoldEnd?
        var phases: [String] = []
    }

    init(seed: UInt64) {
        dice = Dice(seed: seed)
        stage.recordsIssues = false
    }

    mutating func step() {
        switch dice.below(12) {
        case 0..<4: begin()
        case 4..<6: end()
        case 6: enter()
        case 7: if let one = dice.pickAny(elections) { stage.renew(one) }
        case 8: failSome()
        case 9: if dice.oneIn(2) { restart() }
        default: break
        }
        pass(.milliseconds(Int64(dice.below(9_000))))
    }

    private mutating func begin() {
        var campaign = stage.aCampaign(
            dice.pick(["build", "deploy"]), by: "h\(stage.lastRequest)",
            for: .seconds(Int64(5 + dice.below(40))),
            way: .lock)
        campaign.mode = dice.pick([.exclusive, .exclusive, .shared, .observe, .observe])
        campaign.waitUntil = stage.now.instant + .seconds(20)
        stage.send(.campaign(campaign), from: campaign.request)
        look()
    }

    private mutating func end() {
        guard let one = dice.pickAny(elections) else { return }
        let outcome: Resignation.Outcome = dice.pick([.released, .failed, .abandoned])
        stage.resign(one, outcome)
        look(ended: one.token, Resignation(outcome: outcome).end)
    }

    private mutating func enter() {
        guard let one = dice.pickAny(elections) else { return }
        let phase = dice.pick(["pushing", "pushed"])
        guard stage.enter(phase, one)?.phased != nil, tape[one.token]!.phases.last != phase else { return }
        tape[one.token]!.phases.append(phase)
    }

    /// What a disk refused wasn't.
    private mutating func failSome() {
        guard let one = dice.pickAny(elections) else { return }
        stage.failedTurn {
            $0.enter("never", one)
            $0.resign(one)
        }
    }

    private mutating func restart() {
        stage.restart()
        restarts.append(stage.now.wall)
    }

    /// The daemon wakes whenever something is due, and the play looks.
    private mutating func pass(_ interval: Interval) {
        let end = stage.now.instant + interval
        while let wake = stage.core.nextWake, wake < end {
            stage.pass(max(wake, stage.now.instant) - stage.now.instant)
            stage.tick()
            look()
        }
        stage.pass(end - stage.now.instant)
        stage.tick()
        look()
    }

    /// Who has begun and who is gone, as of now.
    private mutating func look(ended: FencingToken? = nil, _ how: HoldEnd? = nil) {
        for election in stage.heard.compactMap(\.reply.election) where tape[election.token] == nil {
            tape[election.token] = Seen(
                name: election.lease.group ?? election.lease.key.name, mode: election.hold.mode,
                from: stage.now.wall)
            elections.append(election)
        }
        stage.forgetAnswered()
        let open = Set(stage.disk.open.values.flatMap { $0.map(\.token) })
        for election in elections where !open.contains(election.token) {
            tape[election.token]!.to = stage.now.wall
            tape[election.token]!.how = election.token == ended ? how : .expired
        }
        elections.removeAll { !open.contains($0.token) }
    }

    // MARK: At the end

    mutating func faults() -> [String] {
        var found = compareHolds()
        let window = TimeWindow(
            since: Timestamp(microseconds: stage.now.wall.microseconds - Int64(dice.below(600)) * 1_000_000),
            until: stage.now.wall)
        let history = stage.disk.holds.values.sorted {
            ($0.end?.at.microseconds ?? .max, $0.token) > ($1.end?.at.microseconds ?? .max, $1.token)
        }
        var sweep = OverlapSweep(window)
        var told: Set<String> = []
        for hold in history { sweep.add(hold) { told.insert(Self.text($0)) } }
        let expected = pairs(in: window)
        if told != expected { found.append("overlaps \(told.symmetricDifference(expected))") }
        return found + compareReport(history, window)
    }

    private func compareHolds() -> [String] {
        var found: [String] = []
        if Set(tape.keys) != Set(stage.disk.holds.keys) { found.append("other holds than were seen") }
        for (token, seen) in tape {
            guard let hold = stage.disk.holds[token] else { continue }
            let same =
                hold.key.name == seen.name && hold.mode == seen.mode && hold.began == seen.from
                && hold.end?.at == seen.to && hold.end?.how == seen.how
                && hold.phases.map(\.name) == seen.phases
            if !same { found.append("the history has \(hold), and there was \(seen)") }
        }
        return found
    }

    private static func text(_ overlap: Overlap) -> String {
        "\(overlap.first.token) \(overlap.second.token) \(overlap.from.microseconds) \(overlap.to.microseconds)"
    }

    /// Every two of a name that should not have been there together, and were.
    private mutating func pairs(in window: TimeWindow) -> Set<String> {
        var found: Set<String> = []
        for (first, a) in tape {
            for (second, b) in tape where first < second && a.name == b.name {
                let modes = [a.mode, b.mode]
                if modes.contains(.shared), !modes.contains(.exclusive) { continue }
                let from = max(a.from, b.from, window.since)
                let to = min(a.to ?? window.until, b.to ?? window.until, window.until)
                guard from < to else { continue }
                found.insert("\(first) \(second) \(from.microseconds) \(to.microseconds)")
                if restarts.contains(where: { from < $0 && $0 < to }) { overlapsOverRestarts += 1 }
            }
        }
        return found
    }

    private func compareReport(_ history: [HoldRecord], _ window: TimeWindow) -> [String] {
        var sheet = ReportSheet(window, limit: 10)
        for hold in history { sheet.add(hold) }
        var found: [String] = []
        for name in ["build", "deploy"] {
            let there = tape.values.filter {
                $0.name == name && $0.from < window.until && $0.to ?? window.until > window.since
            }
            let held = there.filter { $0.mode != .observe }
            let time = held.reduce(Interval.zero) {
                $0 + (min($1.to ?? window.until, window.until) - max($1.from, window.since))
            }
            let row = sheet.page.rows.first { $0.name == name }
            let told = (row?.holds ?? 0, row?.observed ?? 0, row?.heldTime ?? .zero)
            let expected = (held.count, there.count - held.count, time)
            if told != expected { found.append("\(name): the report tells \(told), there were \(expected)") }
        }
        return found
    }
}
