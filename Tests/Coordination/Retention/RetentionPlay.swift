@testable import Coordination

/// Markers with and without a retention, and all that needs them, by the dice of one seed. Between campaigns, waits
/// and moves of aliases comes whoever prunes, with a choice that may be old by then; turns fail, clocks jump, and the
/// daemon is killed.
struct RetentionPlay {
    var dice: Dice
    var stage: Stage
    var model = RetentionModel()
    /// The model as it was when the present turn had changed nothing yet.
    private var before = RetentionModel()
    private(set) var met: Set<String> = []
    private(set) var fault: String?
    private var elections: [Election] = []
    /// What somebody chose to prune, and by which policy.
    private var choice: (targets: [Pruning.Target], policy: Policy)?

    private struct Policy {
        var maxAge: Interval
        var keeps: Int
    }

    private static let names = ["w-1", "w-2", "w-3", "w-4", "cache"]
    private static let aliases = ["latest", "stable"]
    private static let protected = "cache"
    private static let grace = Interval.seconds(10)

    init(seed: UInt64) {
        dice = Dice(seed: seed)
        stage = Stage(
            CoreSettings(
                reconnectGrace: Self.grace, defaultMaxAttempts: 2, failedRetention: .seconds(60),
                idleNamesMax: Int(seed % 3)))
        stage.recordsIssues = false
    }

    mutating func run(steps: Int) -> String? {
        for step in 1...steps {
            passTime()
            playTurn()
            if dice.oneIn(30) { restart() }
            compare()
            if let found = fault ?? stage.faults.first { return "step \(step): \(found)" }
        }
        quiesce()
        return (fault ?? stage.faults.first).map { "at the end: \($0)" }
    }

    private mutating func fail(_ what: String) { if fault == nil { fault = what } }

    // MARK: Turns

    private mutating func playTurn() {
        for _ in 0...dice.below(3) { playOne() }
        if !dice.oneIn(4) { tick() }
        if stage.core.isTurnOpen, dice.oneIn(7) {
            stage.fail()
            model = before
        } else {
            stage.commit()
        }
        endTurn()
    }

    private mutating func endTurn() {
        model.left = [:]
        elections += stage.heard.compactMap(\.reply.election)
        elections.removeAll { stage.disk.holds[$0.token]?.end != nil }
        stage.forgetAnswered()
        for (key, token) in stage.takeUndelivered() {
            play(.takeBack(key, token))
            stage.commit()
            model.left = [:]
        }
    }

    private mutating func restart() {
        let aliases = model.aliases
        stage.restart()
        model.restart(at: stage.now)
        met.insert("restarted")
        if !model.markers.values.filter({ $0.marker.retention != nil }).isEmpty { met.insert("kept over it") }
        if !aliases.isEmpty { met.insert("pinned over it") }
        // What would go now is what the model says, whatever memory had before.
        playPrune(Self.names.compactMap(target), isDryRun: true)
        stage.commit()
        endTurn()
    }

    /// One command on both. Whatever marker goes by it must have been free to.
    private mutating func play(_ command: Command, asking open: RetentionModel.Open? = nil) {
        remember()
        if let request = command.request { model.asked = open.map { [request: $0] } ?? [:] }
        if case .forsake(let request) = command {
            // Whatever becomes of the turn.
            model.gone(request, at: stage.now, grace: Self.grace)
            before.gone(request, at: stage.now, grace: Self.grace)
        }
        hear(stage.collect(command), of: command)
    }

    private mutating func tick() {
        while true {
            remember()
            var effects: [Effect] = []
            guard stage.core.doNextDue(at: stage.now, &effects) != nil else { break }
            stage.take(effects)
            hear(effects, of: nil)
        }
        model.endGrace(at: stage.now)
        for (name, kept) in model.markers {
            guard let due = model.due(kept), due <= stage.now.instant else { continue }
            if kept.marker.finding.outcome == .failed || model.isNeeded(name) == .no {
                fail("\(name) was to go \(stage.now.instant - due) ago")
            }
        }
    }

    /// As long as the turn has changed nothing durable, what was done isn't taken back.
    private mutating func remember() { if !stage.core.isTurnOpen { before = model } }

    private mutating func hear(_ effects: [Effect], of command: Command?) {
        for (place, effect) in effects.enumerated() {
            switch effect {
            case .persist(let change):
                if case .markerDeleted(let marker, _) = change {
                    judge(marker, effects[place...], of: command)
                }
                if case .alias(nil, let move) = change, case .unmark? = command {
                    fail("\(move) by who deletes a marker")
                }
                model.apply(change, at: stage.now)
            case .parked(let request, _, _), .parkedFor(let request, _, _): model.parked(request)
            case .answer(let request, let reply, _):
                model.answered(request, reply, at: stage.now, grace: Self.grace)
            case .standingsChanged, .waitEnded: break
            }
        }
        model.asked = [:]
    }

    /// A marker goes: by whom, and might it?
    private mutating func judge(_ marker: DoneMarker, _ rest: ArraySlice<Effect>, of command: Command?) {
        let name = marker.key.name
        guard let kept = model.markers[name], kept.marker == marker else {
            return fail("\(name) went and wasn't there")
        }
        let isReplaced = rest.contains {
            if case .persist(.marker(let other, _)) = $0 { other.key == marker.key } else { false }
        }
        if isReplaced { return _ = met.insert("replaced") }
        guard model.pointing(at: name).isEmpty else {
            return fail("\(name) went, and \(model.pointing(at: name)) point at it")
        }
        switch command {
        case .prune(let pruning) where !pruning.isDryRun:
            if !pruning.targets.contains(where: { $0.revision == marker.revision }) {
                fail("\(name) was pruned by somebody who didn't choose it")
            }
            if model.isNeeded(name) == .yes { fail("\(name) was pruned, and is needed") }
        case .unmark(let unmarking) where unmarking.key == marker.key:
            if model.waits(for: name) > 0 { met.insert("deleted under who waits") }
        default: judgeExpiry(kept, name)
        }
    }

    private mutating func judgeExpiry(_ kept: RetentionModel.Kept, _ name: String) {
        guard let due = model.due(kept) else {
            return fail("\(name) went by itself, and has no short retention")
        }
        if due > stage.now.instant { fail("\(name) went \(due - stage.now.instant) early") }
        let isFailed = kept.marker.finding.outcome == .failed
        if !isFailed, model.isNeeded(name) == .yes { fail("\(name) went by itself, and is needed") }
        met.insert(isFailed ? "failed expired" : "expired")
    }

    /// The disk has what the model has.
    private mutating func compare() {
        let disk = stage.disk.markers.values.sorted { $0.key < $1.key }
        let expected = model.markers.values.map(\.marker).sorted { $0.key < $1.key }
        if disk != expected { fail("the disk has \(disk), the model \(expected)") }
        for key in Self.names.map(Stage.key) where stage.core.knows(key) {
            if stage.core.marker(key) != stage.disk.markers[key] {
                fail("\(key.name): memory has another marker")
            }
        }
    }

    // MARK: Time

    private mutating func passTime() {
        switch dice.below(14) {
        case 0..<5: stage.pass(.milliseconds(Int64(dice.below(2_000))))
        case 12, 13:
            // A daemon that wakes when something is due, to the nanosecond.
            guard let wake = stage.core.nextWake, wake - stage.now.instant < .minutes(10) else { return }
            stage.pass(max(.zero, wake - stage.now.instant))
            tick()
            stage.commit()
            endTurn()
        case 5..<9: stage.pass(.seconds(Int64(dice.below(25))))
        case 9: stage.pass(.seconds(Int64(dice.below(400))))
        case 10:
            let gap = Interval.seconds(Int64(1 + dice.below(30)))
            stage.pass(gap)
            stage.core.wasAway(for: gap)
            for index in model.ghosts.indices { model.ghosts[index].until = model.ghosts[index].until + gap }
        default:
            // Somebody sets the wall clock: no deadline moves by it.
            stage.now.wall.microseconds += Int64(dice.below(7_200) - 3_600) * 1_000_000
        }
    }

    // MARK: What happens

    private mutating func playOne() {
        switch dice.below(20) {
        case 0..<3: mark()
        case 3..<6: campaign()
        case 6..<9: endSome()
        case 9..<11: wait()
        case 11: forsake()
        case 12: unmark()
        case 13..<16: moveAlias()
        case 16: choose()
        default: prune()
        }
    }

    private mutating func someKey() -> Key { Stage.key(dice.pick(Self.names)) }
    private mutating func someRetention() -> Interval? {
        dice.pick([nil, nil, .seconds(1), .seconds(40), .minutes(5), .hours(1), .hours(1) + .seconds(1)])
    }
    private mutating func someFinding() -> Finding {
        dice.oneIn(4) ? Finding(outcome: .failed) : Finding(artifacts: [artifact("\(dice.below(3))")])
    }
    private func artifact(_ name: String) -> Artifact {
        Artifact(name: name, digest: "sha256:" + String(repeating: "a", count: 64), size: Int64(name.count))
    }

    private mutating func mark() {
        play(
            .mark(
                Marking(
                    request: stage.newRequest(), key: someKey(), finding: someFinding(), inputsDigest: nil,
                    holder: "maria", principal: nil, info: [:], retention: someRetention())))
    }

    /// For the work, for it again, or as a lock beside the marker; waiting or not.
    private mutating func campaign() {
        let key = someKey()
        var campaign = stage.aCampaign(
            key.name, by: "h\(stage.lastRequest)", id: "\(stage.lastRequest)",
            for: .seconds(Int64(5 + dice.below(60))), way: dice.oneIn(2) ? .once : .lock,
            waiting: dice.oneIn(3) ? nil : .seconds(Int64(1 + dice.below(90))))
        if campaign.way == .once {
            if dice.oneIn(2) { campaign.supersedes = model.markers[key.name]?.marker.revision }
        } else {
            campaign.mode = dice.pick([.exclusive, .shared, .observe, .permits(2)])
        }
        let open = campaign.waitUntil.map { RetentionModel.Open.contends(key.name, until: $0) }
        play(.campaign(campaign), asking: open ?? .contends(key.name, until: stage.now.instant))
    }

    private mutating func endSome() {
        guard let election = dice.pickAny(elections) else { return }
        let claim = stage.claim(election)
        switch dice.below(5) {
        case 0: play(.renew(claim))
        case 1: play(.resign(claim, Resignation(outcome: dice.pick([.failed, .abandoned]))))
        case 2: play(.resign(claim, Resignation()))
        default: play(.complete(claim, someFinding(), retention: someRetention()))
        }
    }

    private mutating func wait() {
        let request = stage.newRequest()
        if dice.oneIn(5) {
            // Who waits for how a name is held doesn't need its marker.
            return play(
                .waitFor(
                    ConditionWait(
                        request: request, key: someKey(),
                        condition: dice.pick([.idle, .quiet(.seconds(20))]),
                        waitUntil: stage.now.instant + .seconds(30))))
        }
        var names = Self.names
        while names.count > 3 || (names.count > 1 && dice.oneIn(3)) {
            names.remove(at: dice.below(names.count))
        }
        let wait = MarkerWait(
            request: request, keys: names.map(Stage.key), require: dice.pick([.all, .any]),
            waitUntil: stage.now.instant + .seconds(Int64(1 + dice.below(120))))
        play(.wait(wait), asking: .waits(names))
    }

    private mutating func forsake() {
        let parked = stage.fates.filter { if case .parked = $0.value { true } else { false } }.keys.sorted()
        if let request = dice.pickAny(parked) { play(.forsake(request)) }
    }

    private mutating func unmark() {
        guard let marker = model.markers[dice.pick(Self.names)]?.marker else { return }
        play(
            .unmark(Unmarking(request: stage.newRequest(), key: marker.key, revision: marker.revision)))
    }

    private mutating func moveAlias() {
        let (request, key) = (stage.newRequest(), Stage.key(dice.pick(Self.aliases)))
        let revision = stage.core.alias(key)?.revision
        switch dice.below(5) {
        case 0:
            guard let revision else { return }
            play(.alias(.delete(AliasDeletion(request: request, key: key, revision: revision))))
        case 1:
            guard let revision else { return }
            play(.alias(.rollBack(AliasRollback(request: request, key: key, revision: revision))))
        default:
            play(
                .alias(
                    .set(
                        AliasSetting(
                            request: request, key: key, target: dice.pick(Self.names), allowOlder: true))))
        }
    }

    // MARK: Pruning

    private func target(_ name: String) -> Pruning.Target? {
        model.markers[name].map { Pruning.Target(key: $0.marker.key, revision: $0.marker.revision) }
    }

    /// By a policy, of what there is now. It is carried out some time.
    private mutating func choose() {
        let policy = Policy(maxAge: .seconds(Int64(dice.below(200))), keeps: dice.below(3))
        let old = model.markers.values.sorted {
            ($0.made, $0.marker.revision) < ($1.made, $1.marker.revision)
        }
        .dropLast(policy.keeps)
        .filter { stage.now.instant - $0.made >= policy.maxAge && $0.marker.key.name != Self.protected }
        choice = (old.compactMap { target($0.marker.key.name) }, policy)
    }

    private mutating func prune() {
        guard let (targets, policy) = choice else { return choose() }
        let batch = Array(targets.prefix(1 + dice.below(3)))
        let young = batch.filter { target in
            guard let kept = model.markers[target.key.name], kept.marker.revision == target.revision
            else { return false }
            return stage.now.instant - kept.made < policy.maxAge || target.key.name == Self.protected
        }
        if !young.isEmpty { fail("chosen too young: \(young)") }
        let isDryRun = dice.oneIn(5)
        playPrune(batch, isDryRun: isDryRun)
        if isDryRun { return }
        let rest = Array(targets.dropFirst(batch.count))
        choice = rest.isEmpty ? nil : (rest, policy)
    }

    private mutating func playPrune(_ targets: [Pruning.Target], isDryRun: Bool = false) {
        let expected = targets.map { model.fates(of: $0) }
        let request = stage.newRequest()
        let (revision, counted) = (stage.core.revision, model.markers.count)
        play(.prune(Pruning(request: request, targets: targets, isDryRun: isDryRun)))
        let said = stage.said(request)
        guard case .pruned(let fates)? = said, fates.count == targets.count else {
            return fail("\(targets): \(said as Any)")
        }
        for (fate, allowed) in zip(fates, expected) where !allowed.contains(fate) {
            fail("\(targets): the core says \(fate), the model \(allowed)")
        }
        if isDryRun, stage.core.revision != revision { fail("a dry run changed something") }
        let gone = counted - model.markers.count
        if !isDryRun, gone != fates.count(where: { $0 == .pruned }) { fail("\(fates), and \(gone) went") }
        if !isDryRun { met.formUnion(fates.map(\.word)) }
    }

    // MARK: The end

    /// Nobody needs anything any more: all that has a short retention goes, and all else can be pruned.
    private mutating func quiesce() {
        for alias in stage.disk.aliases.values.sorted(by: { $0.key < $1.key }) {
            play(
                .alias(
                    .delete(
                        AliasDeletion(
                            request: stage.newRequest(), key: alias.key, revision: alias.revision))))
        }
        stage.commit()
        endTurn()
        for _ in 0..<140 {
            stage.pass(.seconds(30))
            tick()
            stage.commit()
            endTurn()
        }
        let left = model.markers.values.map(\.marker)
        for marker in left where marker.retention.map({ $0 <= .hours(1) }) ?? false {
            fail("\(marker.key.name) stays, with a retention of \(marker.retention!)")
        }
        playPrune(left.map { Pruning.Target(key: $0.key, revision: $0.revision) })
        stage.commit()
        compare()
        if !stage.disk.markers.isEmpty { fail("nobody needs \(stage.disk.markers.keys)") }
    }
}

extension PruneFate {
    fileprivate var word: String {
        switch self {
        case .pruned: "pruned"
        case .changed: "changed"
        case .held(let holder): holder == nil ? "contended" : "held"
        case .waitedFor: "waitedFor"
        case .aliased: "aliased"
        }
    }
}

extension Stage {
    /// The answer, be it on disk or not yet.
    func said(_ request: RequestID) -> Reply? {
        reply(to: request) ?? unsaid.last { $0.request == request }?.reply
    }
}
