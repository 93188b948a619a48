import API
import Coordination
import Identity
import Store

@testable import Daemon

/// Policies, own retentions and an operator's pruning by the dice of one seed, on the real store: between the steps of
/// a pass come markers, holds, waits, moves of aliases, deletions and jumps of the wall clock; what is to be deleted
/// waits for a turn in its flush; and the daemon is stopped or killed.
final class PolicyPlay {
    private var dice: Dice
    let stage: RetentionStage
    private var model: PolicyModel
    private(set) var met: Set<String> = []
    private(set) var fault: String?
    private var elections: [(key: Key, holder: String, token: FencingToken)] = []
    private var waits: [RequestID: [String]] = [:]
    /// Commands come before deletions; but a marker whose time is over may go with the very wait for it.
    private var wantedBefore: Set<String> = []
    /// Deleted by name, on purpose.
    private var unmarked: Set<Revision> = []
    /// What is left of an operator's pruning: its parts come one by one.
    private var byRequest: (rule: PruneRule, isDryRun: Bool, after: MarkerPlace?, newestFrom: MarkerPlace?)?
    private var isPruningByRequest = false
    /// How far wall and boot clock have moved apart since the start.
    private var drift = Interval.zero

    private static let names = [
        "run-1", "run-2", "run-3", "run-4", "rel-1", "rel-2", "rel-3", "cache", "other",
    ]

    init(seed: UInt64) throws {
        var dice = Dice(seed: seed)
        let policies =
            [
                PlainPolicy(
                    names: "run-*", maxAge: .seconds(Int64(600 + dice.below(3_000))),
                    keep: dice.pick([nil, 1, 2]), protects: dice.pick([[], ["run-4"]])),
                PlainPolicy(names: "rel-*", keep: 1 + dice.below(2)),
                PlainPolicy(names: "cache", protects: ["c*"]),
            ] + (dice.oneIn(2) ? [PlainPolicy(names: "*", maxAge: .hours(1))] : [])
        self.dice = dice
        stage = try RetentionStage(policies: "policies:\n" + policies.map(\.text).joined())
        model = PolicyModel(policies: policies)
        stage.onCommitted = { [unowned self] in committed($0, at: $1) }
    }

    func run(steps: Int) throws -> String? {
        for step in 1...steps {
            try playStep()
            if let fault { return "step \(step): \(fault)" }
        }
        try quiesce()
        return fault.map { "at the end: \($0)" }
    }

    private func fail(_ what: String) { if fault == nil { fault = what } }

    private func playStep() throws {
        switch dice.below(16) {
        case 0, 1: stage.clocks.runErrands()
        case 2, 3: beginTurn()
        case 4, 5: stage.endTurn()
        case 6: stage.pass(.seconds(Int64(1 + dice.below(5))))
        case 7: passTime()
        case 8: if dice.oneIn(3) { stage.writeBehindWhenIdle() }
        case 9: if dice.oneIn(8) { try restart() }
        case 10: pruneByRequest()
        default: playOne()
        }
    }

    private func beginTurn() {
        if !stage.turns.isCommitting {
            model.labelIsWanted = stage.wantedLabel > 0
            model.drift = drift
            wantedBefore = Set(waits.filter { stage.parked.contains($0.key) }.values.flatMap(\.self))
        }
        stage.beginTurn()
    }

    private func passTime() {
        guard dice.oneIn(4) else { return stage.pass(.minutes(Int64(1 + dice.below(15)))) }
        jump(.seconds(Int64(dice.below(3_000) - 1_500)))
    }

    /// Somebody sets the wall clock. Mostly the two stay together well enough to be believed.
    private func jump(_ jump: Interval) {
        let jump = dice.oneIn(12) ? .hours(30) : jump
        stage.now.wall.microseconds += jump.nanoseconds / 1000
        drift = drift + jump
    }

    private func restart() throws {
        stage.endTurn()
        met.insert("restarted")
        if stage.isPassUnderWay { met.insert("restarted in the middle of a pass") }
        try stage.restart(killed: dice.oneIn(2))
        model.restart(at: stage.now)
        (waits, byRequest, isPruningByRequest, drift) = ([:], nil, false, .zero)
        stage.wantedLabel = 0
        elections = model.holds.values.sorted { $0.token < $1.token }.map { ($0.home, $0.holder, $0.token) }
    }

    // MARK: What became durable

    private func committed(_ changes: [Change], at now: Now) {
        for (request, _) in waits where !stage.parked.contains(request) { waits[request] = nil }
        model.wanted = Set(waits.values.flatMap(\.self))
        for (place, change) in changes.enumerated() {
            if case .markerDeleted(let marker, _) = change {
                let isReplaced = changes[place...].contains {
                    if case .marker(let other, _) = $0 { other.key == marker.key } else { false }
                }
                if !isReplaced { judge(marker, at: now) }
            }
            model.apply(change, at: now)
        }
        if byRequest == nil { model.request = nil }
        elections.removeAll { model.holds[$0.token] == nil }
    }

    private func judge(_ marker: DoneMarker, at now: Now) {
        let name = marker.key.name
        guard model.markers[name]?.revision == marker.revision else {
            return fail("\(name) went and wasn't there")
        }
        if unmarked.contains(marker.revision) { return }
        if model.isOver(name, at: now.instant) {
            let isFailed = marker.finding.outcome == .failed
            if !isFailed, marker.hasFinalizer { fail("\(name) went by itself, and has a finalizer") }
            if !isFailed, let need = model.need(of: name), need != "waited for" || wantedBefore.contains(name)
            {
                fail("\(name) went by itself, and is \(need)")
            }
            return _ = met.insert("short")
        }
        if let need = model.need(of: name) { return fail("\(name) went, and is \(need)") }
        if abs(model.drift.nanoseconds) >= Interval.hours(1).nanoseconds {
            return fail("\(name) went, and the wall clock is off by \(model.drift)")
        }
        if model.goesBySchedule(name, at: now.wall) {
            met.insert(marker.retention == nil ? "by policy" : "long")
        } else if model.goesByRequest(name, at: now.wall) {
            met.insert("by request")
        } else {
            fail(
                "\(name) went, made \(now.wall - marker.end) ago, left \(model.left[name] as Any), request "
                    + "\(model.request as Any), \(model.policies), \(marker)")
        }
    }

    // MARK: What happens

    private func playOne() {
        let request = stage.newRequest()
        let key = Key(namespace: "ci", name: dice.pick(Self.names))
        switch dice.below(16) {
        case 0..<5: mark(key, request)
        case 5, 6: campaign(key, request)
        case 7, 8: endSome(request)
        case 9, 10: wait(key, request)
        case 11:
            guard let gone = dice.pickAny(waits.keys.sorted()), stage.parked.contains(gone) else { return }
            waits[gone] = nil
            stage.turns.submit(.forsake(gone))
        case 12: stage.wantedLabel = stage.wantedLabel == 0 ? 2 : 0
        case 13:
            guard let marker = model.markers[key.name] else { return }
            // Refused where an alias points at it.
            unmarked.insert(marker.revision)
            stage.turns.submit(.unmark(Unmarking(request: request, key: key, revision: marker.revision)))
        default: moveAlias(key, request)
        }
    }

    private func mark(_ key: Key, _ request: RequestID) {
        let metadata = dice.pick([
            "", "", "", #"{"labels":{"want":"yes"}}"#, #"{"labels":{"keep":"yes"}}"#,
            #"{"finalizers":["a.b/c"]}"#,
        ])
        var retention: Interval? = dice.pick([nil, nil, nil, .minutes(5), .hours(1), .minutes(90)])
        // A short one knows nothing of who waits by labels.
        if metadata.contains("want"), let short = retention, short <= .hours(1) { retention = nil }
        let isFailed = metadata.isEmpty && dice.oneIn(6)
        stage.turns.submit(
            .mark(
                Marking(
                    request: request, key: key, finding: Finding(outcome: isFailed ? .failed : .succeeded),
                    inputsDigest: nil, holder: "maria", principal: nil, info: [:],
                    metadata: Array(metadata.utf8), retention: retention)))
    }

    private func campaign(_ key: Key, _ request: RequestID) {
        var campaign = Campaign(
            request: request, key: key, holder: "h\(request)", campaignID: "\(request)",
            duration: .hours(40), way: dice.pick([.once, .lock]))
        if campaign.way == .lock { campaign.mode = dice.pick([.exclusive, .shared, .observe]) }
        if dice.oneIn(2) { campaign.supersedes = model.markers[key.name]?.revision }
        stage.turns.submit(.campaign(campaign))
    }

    private func endSome(_ request: RequestID) {
        elections = model.holds.values.sorted { $0.token < $1.token }.map { ($0.home, $0.holder, $0.token) }
        guard let one = dice.pickAny(elections) else { return }
        let claim = Claim(request: request, key: one.key, holder: one.holder, token: one.token)
        if dice.oneIn(2) {
            stage.turns.submit(.complete(claim, Finding(), retention: dice.oneIn(3) ? .minutes(90) : nil))
        } else {
            stage.turns.submit(.resign(claim, Resignation()))
        }
    }

    private func wait(_ key: Key, _ request: RequestID) {
        let names = [key.name, "never"]
        waits[request] = names
        stage.turns.submit(
            .wait(
                MarkerWait(
                    request: request, keys: names.map { Key(namespace: "ci", name: $0) }, require: .all,
                    waitUntil: stage.now.instant + .minutes(Int64(1 + dice.below(120))))))
    }

    private func moveAlias(_ key: Key, _ request: RequestID) {
        let alias = Key(namespace: "ci", name: dice.pick(["latest", "stable"]))
        if dice.oneIn(4), let revision = stage.turns.core.alias(alias)?.revision {
            stage.turns.submit(
                .alias(.delete(AliasDeletion(request: request, key: alias, revision: revision))))
        } else {
            stage.turns.submit(
                .alias(.set(AliasSetting(request: request, key: alias, target: key.name, allowOlder: true))))
        }
    }

    // MARK: An operator prunes

    private func pruneByRequest() {
        guard !isPruningByRequest, stage.retention.clocksAgree else { return }
        if byRequest == nil {
            guard dice.oneIn(3) else { return }
            let asked = PlainRequest(
                olderThan: dice.oneIn(4) ? nil : .minutes(Int64(dice.below(60))),
                keepLast: dice.pick([nil, 2, 4]),
                keep: dice.pick(["cache", "other"]))
            guard asked.olderThan != nil || asked.keepLast != nil else { return }
            model.ask(asked)
            byRequest = (
                PruneRule(
                    matches: { _ in true }, maxAge: asked.olderThan, keepLast: asked.keepLast,
                    protections: [.init(policy: nil, names: [Wildcard(asked.keep)])]
                        + stage.retention.policies.protections(in: "ci")), dice.oneIn(4), nil, nil
            )
        }
        let request = byRequest!
        isPruningByRequest = true
        let pass = PrunePass(
            stage.turns, stage.face, stage.retention.clocks, "ci", request.rule,
            Pruning(request: 0, targets: [], isDryRun: request.isDryRun),
            after: request.after, newestFrom: request.newestFrom, limit: 1 + dice.below(4), isReporting: true)
        pass.next { [unowned self] result in
            isPruningByRequest = false
            guard case .success(let part) = result else { return byRequest = nil }
            byRequest = part.isDone ? nil : (request.rule, request.isDryRun, part.after, part.newestFrom)
            for item in part.items { met.insert(item.kept.map(\.word) ?? "pruned") }
        }
    }

    // MARK: The end

    /// Nobody needs anything any more, and time goes by: what is left is what is to be kept.
    private func quiesce() throws {
        stage.endTurn()
        beginTurn()
        stage.endTurn()
        if !stage.retention.clocksAgree {
            try stage.restart(killed: false)
            model.restart(at: stage.now)
            drift = .zero
        }
        for request in waits.keys.sorted() where stage.parked.contains(request) {
            stage.turns.submit(.forsake(request))
        }
        (waits, byRequest, isPruningByRequest, model.drift) = ([:], nil, false, drift)
        (stage.wantedLabel, model.labelIsWanted) = (0, false)
        for alias in stage.turns.core.aliases(in: "ci", limit: 10) {
            stage.turns.submit(
                .alias(
                    .delete(
                        AliasDeletion(request: stage.newRequest(), key: alias.key, revision: alias.revision)))
            )
        }
        for hold in model.holds.values.sorted(by: { $0.token < $1.token }) {
            let claim = Claim(
                request: stage.newRequest(), key: hold.home, holder: hold.holder, token: hold.token)
            stage.turns.submit(.resign(claim, Resignation()))
        }
        stage.settle()
        // A pass every ten minutes. Nothing is left in the middle of one.
        for round in 0..<(3 * 60) {
            stage.pass(.seconds(60))
            for _ in 0..<3 {
                stage.settle()
                stage.pass(.seconds(1))
            }
            if round % 60 == 0 { stage.writeBehindWhenIdle() }
        }
        for name in model.markers.keys.sorted() {
            let isOver = model.isOver(name, at: stage.now.instant) && !model.markers[name]!.hasFinalizer
            if isOver || model.goesBySchedule(name, at: stage.now.wall) {
                fail("\(name) is still there: \(model.markers[name]!)")
            }
        }
        for name in Self.names {
            let key = Key(namespace: "ci", name: name)
            let there = try stage.turns.store.fetch([key]).first?.marker
            if there != model.markers[name] { fail("\(name): the store has \(there as Any)") }
        }
    }
}

extension HoldRecord {
    fileprivate var home: Key {
        mode == .exclusive ? key : Key(namespace: key.namespace, name: "\(key.name).hold-\(token)")
    }
}

extension KeepReason {
    fileprivate var word: String {
        switch self {
        case .changed: "changed"
        case .held: "held"
        case .waitedFor: "waitedFor"
        case .aliased: "aliased"
        case .wasAliased: "wasAliased"
        case .protectedName: "protectedName"
        case .protectedLabel: "protectedLabel"
        case .tooYoung: "tooYoung"
        case .amongNewest: "amongNewest"
        case .ownRetention: "ownRetention"
        case .finalizers: "finalizers"
        }
    }
}
