import Testing

@testable import Coordination

/// Aliases by the dice of one seed, against a model of them that knows nothing of turns, timers or indexes.
///
/// Markers come and go beside them: made for good and for a while, failed, deleted, superseded. Turns fail,
/// the daemon is killed, names leave memory. After each turn the stage compares memory with the disk, and
/// demands that no alias dangles.
@Suite struct AliasSeeds {
    @Test(arguments: 0..<4) func `aliases do what a naive model does, whatever the dice say`(quarter: UInt64)
    {
        for seed in UInt64(1)...48 where seed % 4 == quarter {
            var play = AliasPlay(seed: seed)
            if let fault = play.run(steps: 250) {
                Issue.record("seed \(seed): \(fault)")
                return
            }
        }
    }

    /// An answer that no seed gets would be tested by none.
    @Test func `every answer is met by some seed`() {
        var met: Set<String> = []
        for seed in UInt64(1)...20 {
            var play = AliasPlay(seed: seed)
            if let fault = play.run(steps: 250) { Issue.record("seed \(seed): \(fault)") }
            met.formUnion(play.met)
        }
        let all: Set = [
            "made", "moved", "unchanged", "followed", "deleted", "differs", "backwards", "noTarget",
            "isAlias",
            "targetFailed", "targetGone", "noPrevious", "noMove", "notFound", "aliased", "full", "expired",
        ]
        #expect(met == all)
    }
}

/// What an alias is to the model, and all that it was.
private struct ModelAlias: Equatable {
    var target: AliasTarget
    var previous: AliasTarget?
    var revision: Revision
    /// The rollback that made it so, by the revision that it named.
    var undone: Revision?
}

private struct AliasModel {
    var aliases: [String: ModelAlias] = [:]
    var history: [Revision: (name: String, target: AliasTarget?)] = [:]
    /// The present turn's: nobody can know their revisions yet.
    var unsaid: [Revision: (name: String, target: AliasTarget?)] = [:]
    let limit: Int

    typealias Markers = (String) -> DoneMarker?

    func answer(to command: AliasCommand, _ markers: Markers) -> String {
        let name = command.key.name
        switch command {
        case .wait: return "seen"
        case .delete(let deletion):
            guard let alias = aliases[name] else { return "notFound" }
            return alias.revision == deletion.revision ? "deleted" : "differs"
        case .set(let setting):
            guard let marker = markers(setting.target) else {
                return aliases[setting.target] == nil ? "noTarget" : "isAlias"
            }
            if marker.finding.outcome == .failed { return "targetFailed" }
            let alias = aliases[name]
            if alias?.target == marker.asTarget { return "unchanged" }
            switch setting.expect {
            case nil: break
            case .absent?: if alias != nil { return "differs" }
            case .target(let wanted)?: if alias?.target.name != wanted { return "differs" }
            case .revision(let wanted)?: if alias?.revision != wanted { return "differs" }
            }
            guard let alias else { return aliases.count >= limit ? "full" : "made" }
            return marker.revision < alias.target.revision && !setting.allowOlder ? "backwards" : "moved"
        case .rollBack(let rollback):
            guard let alias = aliases[name] else { return "notFound" }
            if alias.revision != rollback.revision {
                return alias.undone == rollback.revision ? "unchanged" : "differs"
            }
            var wanted = alias.previous
            if let to = rollback.to {
                guard let entry = history[to], entry.name == name, let target = entry.target else {
                    return "noMove"
                }
                wanted = target
            }
            guard let wanted else { return "noPrevious" }
            if wanted == alias.target { return "unchanged" }
            guard let marker = markers(wanted.name), marker.asTarget == wanted else { return "targetGone" }
            return marker.finding.outcome == .failed ? "targetFailed" : "moved"
        }
    }

    mutating func commit() {
        history.merge(unsaid) { $1 }
        unsaid = [:]
    }

    /// What the core says that it did.
    mutating func move(_ name: String, to target: AliasTarget?, at revision: Revision, undoing: Revision?) {
        unsaid[revision] = (name, target)
        guard let target else { return aliases[name] = nil }
        let old = aliases[name]
        let previous = old.map { $0.target.name == target.name ? $0.previous : $0.target } ?? nil
        aliases[name] = ModelAlias(target: target, previous: previous, revision: revision, undone: undoing)
    }
}

extension DoneMarker {
    fileprivate var asTarget: AliasTarget { AliasTarget(name: key.name, revision: revision) }
}

private struct AliasPlay {
    var dice: Dice
    var stage: Stage
    var model = AliasModel(limit: 3)
    var met: Set<String> = []
    private var fault: String?
    private let names = ["w-1", "w-2", "w-3", "w-4"]
    private let aliases = ["latest", "stable", "w-4", "canary"]

    init(seed: UInt64) {
        dice = Dice(seed: seed)
        stage = Stage(
            CoreSettings(
                defaultMaxAttempts: 1, failedRetention: .seconds(60), namespaceAliasesMax: 3, idleNamesMax: 1)
        )
        stage.recordsIssues = false
    }

    mutating func run(steps: Int) -> String? {
        for step in 1...steps {
            playTurn()
            if dice.oneIn(25) { stage.restart() }
            if dice.oneIn(3) { passTime() }
            if let found = fault ?? stage.faults.first { return "step \(step): \(found)" }
        }
        return nil
    }

    /// Markers that are kept for a while go when it is over, and only then.
    private mutating func passTime() {
        let before = stage.disk.markers
        stage.after(.seconds(Int64(dice.below(50))))
        if stage.disk.markers.count < before.count { met.insert("expired") }
    }

    private mutating func playTurn() {
        let before = model
        for _ in 0...dice.below(3) { playOne() }
        if dice.oneIn(6) {
            stage.fail()
            model = before
        } else {
            stage.commit()
            model.commit()
        }
        let disk = stage.disk.aliases.mapKeys(\.name).mapValues(\.target)
        if disk != model.aliases.mapValues(\.target) {
            fail("the disk has \(disk), the model \(model.aliases)")
        }
    }

    private mutating func playOne() {
        switch dice.below(8) {
        case 0: mark()
        case 1: unmark()
        case 2: supersede()
        default: ask(someCommand())
        }
    }

    private mutating func fail(_ what: String) { if fault == nil { fault = what } }

    // MARK: Markers

    private mutating func mark() {
        let request = stage.newRequest()
        let isFailed = dice.oneIn(4)
        play(
            .mark(
                Marking(
                    request: request, key: Stage.key(dice.pick(names)),
                    finding: Finding(outcome: isFailed ? .failed : .succeeded), inputsDigest: nil,
                    holder: "maria", principal: nil, info: [:], retention: dice.oneIn(3) ? .seconds(40) : nil)
            ))
    }

    private mutating func unmark() {
        let key = Stage.key(dice.pick(names))
        guard let marker = stage.core.marker(key) ?? stage.disk.markers[key] else { return }
        let isPointedAt = model.aliases.values.contains { $0.target == marker.asTarget }
        let request = stage.newRequest()
        let effects = play(.unmark(Unmarking(request: request, key: key, revision: marker.revision)))
        guard case .refused(let rejection)? = effects.reply(to: request) else {
            if isPointedAt { fail("\(marker) went, and was pointed at") }
            return
        }
        if case .aliased = rejection {
            met.insert("aliased")
            if !isPointedAt { fail("\(rejection) for nothing") }
        }
    }

    /// Its work is done anew, in one turn; it may fail for good.
    private mutating func supersede() {
        let key = Stage.key(dice.pick(names))
        guard let marker = stage.core.marker(key) ?? stage.disk.markers[key] else { return }
        var campaign = stage.aCampaign(key.name, by: "bela")
        campaign.supersedes = marker.revision
        guard case .elected(let election)? = play(.campaign(campaign)).reply(to: campaign.request) else {
            return
        }
        let claim = stage.claim(election)
        if dice.oneIn(3) {
            play(.resign(claim, Resignation(outcome: .failed)))
        } else {
            play(.complete(claim, Finding()))
        }
    }

    // MARK: Aliases

    private mutating func someCommand() -> AliasCommand {
        let (request, name) = (stage.newRequest(), dice.pick(aliases))
        let key = Stage.key(name)
        let known = model.aliases[name]?.revision ?? 1
        let revision = dice.oneIn(5) ? Revision(1 + dice.below(40)) : known
        switch dice.below(6) {
        case 0: return .delete(AliasDeletion(request: request, key: key, revision: revision))
        case 1, 2:
            let some = model.history.filter { $0.value.name == name }.keys.sorted()
            let any = dice.oneIn(4) ? Revision(1 + dice.below(60)) : dice.pickAny(some)
            // Now and then the last one is asked again.
            let again = dice.oneIn(6) ? model.aliases[name]?.undone : nil
            return .rollBack(
                AliasRollback(
                    request: request, key: key, revision: again ?? revision, to: dice.oneIn(2) ? any : nil,
                    by: "olga"))
        default:
            let expect: AliasSetting.Expectation? =
                switch dice.below(8) {
                case 0: .absent
                case 1: .target(dice.pick(names))
                case 2: .revision(revision)
                default: nil
                }
            return .set(
                AliasSetting(
                    request: request, key: key, target: dice.pick(names + ["latest"]), expect: expect,
                    allowOlder: dice.oneIn(3), by: "anna"))
        }
    }

    private mutating func ask(_ command: AliasCommand) {
        let markers = { [stage] (name: String) -> DoneMarker? in
            let key = Stage.key(name)
            return stage.core.knows(key) ? stage.core.marker(key) : stage.disk.markers[key]
        }
        let expected = model.answer(to: command, markers)
        let reply = play(.alias(command), for: command).reply(to: command.request)
        let said = reply?.word ?? "nothing"
        met.insert(said)
        if said != expected { fail("\(command) got \(said), the model says \(expected)") }
    }

    @discardableResult
    private mutating func play(_ command: Command, for alias: AliasCommand? = nil) -> [Effect] {
        stage.fates[command.request!] = .asked
        let effects = stage.collect(command)
        for case .persist(.alias(let record, let move)) in effects {
            var undoing: Revision?
            if case .rollBack(let rollback)? = alias { undoing = rollback.revision }
            model.move(move.key.name, to: move.to, at: move.revision, undoing: undoing)
            if move.how == .followed { met.insert("followed") }
            let expected = model.aliases[move.key.name]
            if record?.previous != expected?.previous {
                fail("\(record, default: "none") is not \(expected, default: "none")")
            }
        }
        return effects
    }
}

extension Reply {
    fileprivate var word: String? {
        switch self {
        case .alias(.moved(let alias, changed: true)): alias.before == 0 ? "made" : "moved"
        case .alias(.moved(_, changed: false)): "unchanged"
        case .alias(.deleted): "deleted"
        case .refused(.alias(.notFound)): "notFound"
        case .refused(.alias(.differs)): "differs"
        case .refused(.alias(.backwards)): "backwards"
        case .refused(.alias(.noTarget(_, let isAlias))): isAlias ? "isAlias" : "noTarget"
        case .refused(.alias(.targetFailed)): "targetFailed"
        case .refused(.alias(.targetGone)): "targetGone"
        case .refused(.alias(.noPrevious)): "noPrevious"
        case .refused(.alias(.noMove)): "noMove"
        case .refused(.quotaExceeded(.aliases, _, _, _)): "full"
        default: nil
        }
    }
}

extension [Effect] {
    fileprivate func reply(to request: RequestID) -> Reply? {
        for case .answer(request, let reply, _) in self { return reply }
        return nil
    }
}

extension Dictionary {
    fileprivate func mapKeys<Other: Hashable>(_ change: (Key) -> Other) -> [Other: Value] {
        [Other: Value](uniqueKeysWithValues: map { (change($0.key), $0.value) })
    }
}
