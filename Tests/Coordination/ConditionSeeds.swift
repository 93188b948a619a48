import Testing

@testable import Coordination

/// Waits for conditions, held against what the disk alone shows: a wait is over as soon as its condition is met, and
/// never before; over restarts and failed turns, with what the first answer named.
@Suite struct ConditionSeeds {
    @Test(arguments: Array(1...60 as ClosedRange<UInt64>)) func `a wait is over when its condition is met`(
        seed: UInt64
    ) {
        var play = Play(seed: seed)
        for _ in 1...250 { play.step() }
        let faults = play.faults + play.stage.faults
        #expect(faults == [], "seed \(seed)")
        #expect(play.met > 10, "seed \(seed) met \(play.met)")
    }

    struct Play {
        var stage = Stage()
        var dice: Dice
        var elections: [Election] = []
        var waits: [(request: RequestID, condition: NameCondition)] = []
        var faults: [String] = []
        var met = 0
        /// When a hold began or ended last, or memory began; and the same before the present step, in which it may
        /// have been quiet for long enough before something happened.
        var stirred: Instant
        var stirredBefore: Instant
        var holds: [FencingToken: Bool] = [:]

        init(seed: UInt64) {
            dice = Dice(seed: seed)
            stage.recordsIssues = false
            stirred = stage.now.instant
            stirredBefore = stirred
        }

        mutating func step() {
            stirredBefore = stirred
            let began = stage.now.instant
            switch dice.below(14) {
            case 0..<4: begin()
            case 4..<6: if let one = present() { stage.resign(one, dice.oneIn(3) ? .abandoned : .released) }
            case 6..<8: if let one = present() { stage.enter(dice.pick(["pushing", "pushed"]), one) }
            case 8..<11: wait()
            case 11:
                guard let one = present() else { break }
                stage.failedTurn { $0.resign(one) }
            case 12: restart()
            default: if dice.oneIn(2) { stage.after(.seconds(Int64(dice.below(20)))) }
            }
            stage.after(.seconds(Int64(dice.below(3))))
            notice(since: began)
            judge()
        }

        private mutating func begin() {
            let mode: Mode = dice.oneIn(4) ? .exclusive : .shared
            var campaign = stage.aCampaign(
                "build", by: dice.pick(["anna", "bela", "caro"]), id: "\(dice.below(1_000))",
                for: .seconds(15), way: .lock)
            campaign.mode = mode
            if let election = stage.ask(campaign)?.election { elections.append(election) }
        }

        private mutating func present() -> Election? {
            elections.removeAll { stage.disk.holds[$0.token]?.end != nil }
            return dice.pickAny(elections)
        }

        private mutating func wait() {
            let condition: NameCondition
            switch dice.below(4) {
            case 0: condition = .idle
            case 1: condition = .drained(nil)
            case 2: condition = .quiet(.seconds(Int64(1 + dice.below(12))))
            default: condition = .phase(dice.pick(["pushing", "pushed"]), holder: nil, since: nil)
            }
            ask(condition)
        }

        private mutating func ask(_ condition: NameCondition) {
            let request = stage.waitFor(condition, waiting: .hours(10))
            let told = stage.views[request]?.condition ?? stage.reply(to: request)?.condition?.condition
            waits.append((request, told ?? condition))
        }

        /// Whoever waits asks again.
        private mutating func restart() {
            stage.restart()
            stirred = stage.now.instant
            stirredBefore = stirred
            let before = waits
            waits = []
            for wait in before { ask(wait.condition) }
        }

        private var open: [HoldRecord] { stage.disk.holds.values.filter { $0.end == nil } }

        /// When within the step it happened isn't known here: not before it began, not after it ended.
        private mutating func notice(since began: Instant) {
            let now = stage.disk.holds.mapValues { $0.end != nil }
            if now != holds { stirred = max(stirred, began) }
            holds = now
        }

        private mutating func judge() {
            var left: [(request: RequestID, condition: NameCondition)] = []
            for wait in waits {
                if stage.isWaiting(wait.request) {
                    if isMet(wait.condition) == true {
                        faults.append("\(wait.condition) is met, and nobody was told")
                    }
                    left.append(wait)
                } else if stage.reply(to: wait.request)?.condition?.verdict == .met {
                    met += 1
                    if isMet(wait.condition) == false { faults.append("\(wait.condition) isn't met") }
                } else {
                    faults.append("\(wait.condition): \(stage.fates[wait.request]!)")
                }
            }
            waits = left
        }

        /// Nil: it may have been meanwhile, and isn't any more; or the disk can't say.
        private func isMet(_ condition: NameCondition) -> Bool? {
            switch condition {
            case .idle: return open.isEmpty ? true : nil
            case .drained(let token): return !open.contains { $0.token <= token ?? .max }
            case .quiet(let interval):
                // The latest beginning or end was up to a step's time later than `stirred`.
                if stage.now.instant - stirredBefore < interval { return false }
                return stage.now.instant - stirred >= interval + .seconds(25) ? true : nil
            case .phase(let phase, _, let since):
                let entered = stage.disk.holds.values.contains { hold in
                    hold.phases.contains { $0.name == phase && (hold.end == nil || $0.revision > since ?? 0) }
                }
                // Met by one that lived when it was asked, and has ended since.
                return entered ? true : nil
            }
        }
    }
}
