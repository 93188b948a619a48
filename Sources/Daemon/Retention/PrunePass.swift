import API
import Coordination
import Store

/// A way through a namespace's markers, oldest first, in parts: each looks at some thousand lines of the index
/// and ends in one turn, which judges what is left of them with the markers in hand, and deletes some.
///
/// Nobody waits for it longer than for a page of a list: what takes more is cut into steps, with the loop's
/// other work between them.
///
/// Which are the newest is found out first, and again when one of them went. An operator's pruning comes as many
/// passes, one for each request; to them the newest are those of its beginning.
final class PrunePass {
    struct Part {
        /// With `isReporting` those that stay, too.
        var items: [PruneItem] = []
        var after: MarkerPlace?
        var newestFrom: MarkerPlace?
        /// The first that stays, and may go another time.
        var firstLeft: MarkerPlace?
        var isDone = false
        /// For so long it kept the loop.
        var took = Interval.zero

        /// Nothing up to there needs to be looked at again, unless the rule changes.
        var settledTo: MarkerPlace? {
            guard let firstLeft else { return after }
            return MarkerPlace(ended: firstLeft.ended, name: "")
        }

        fileprivate mutating func leaves(_ place: MarkerPlace) {
            firstLeft = min(firstLeft ?? place, place)
        }
    }

    private let turns: Turns
    private let face: Kubernetes
    private let clocks: ClockAgreement
    private let namespace: String
    private let rule: PruneRule
    private let pruning: Pruning
    /// How many items a part has at the most.
    private let limit: Int
    /// Whether somebody wants to know of those that stay.
    private let isReporting: Bool

    private var part = Part()
    /// How many of the newest are still to be found; nil: it is known where they begin.
    private var newestLeft: Int?
    /// Where the part under way began.
    private var began: MarkerPlace?
    private var newestAt: MarkerPlace?
    private var done: (Result<Part, any Error>) -> Void = { _ in }

    /// Lines of one page, and of one part.
    private static let pageLines = 512
    private static let partLines = 2048

    /// - Parameter pruning: what is the same for each part; the targets are chosen here.
    init(
        _ turns: Turns, _ face: Kubernetes, _ clocks: ClockAgreement, _ namespace: String, _ rule: PruneRule,
        _ pruning: Pruning,
        after: MarkerPlace? = nil, newestFrom: MarkerPlace? = nil, limit: Int, isReporting: Bool
    ) {
        self.turns = turns
        self.face = face
        self.clocks = clocks
        self.namespace = namespace
        self.rule = rule
        self.pruning = pruning
        self.limit = limit
        self.isReporting = isReporting
        part.after = after
        part.newestFrom = newestFrom
        if newestFrom == nil { newestLeft = rule.keepLast }
    }

    /// The next part. `done` is called once, on the loop, when what went is on disk.
    func next(_ done: @escaping (Result<Part, any Error>) -> Void) {
        self.done = done
        part.items = []
        part.took = .zero
        began = part.after
        attempt { try step() }
    }

    private func attempt(_ body: () throws -> Void) {
        let began = Meters.moment
        do { try body() } catch { done(.failure(error)) }
        part.took = part.took + Interval(nanoseconds: Meters.moment - began)
    }

    private func step() throws {
        if newestLeft != nil { return try findNewest() }
        try examine()
    }

    // MARK: The newest

    /// Goes back from the newest until enough are found. A page, and then others have their turn.
    private func findNewest() throws {
        let page = try turns.store.newestMarkers(
            namespace: namespace, before: newestAt, limit: Self.pageLines)
        var left = newestLeft ?? 0
        // None at all are kept: the newest begin behind everything.
        if left == 0 { part.newestFrom = Self.end }
        for line in page where left > 0 {
            newestAt = line.place
            guard try isMeant(line) else { continue }
            left -= 1
            part.newestFrom = line.place
        }
        newestLeft = left == 0 ? nil : left
        if page.count < Self.pageLines, left > 0 {
            // There are fewer: all of them stay.
            part.newestFrom = MarkerPlace(ended: Timestamp(microseconds: .min), name: "")
            newestLeft = nil
        }
        turns.clock.after(.zero) { [self] in attempt { try step() } }
    }

    /// What became durable meanwhile. Where one of the newest has gone, an older one is among them now.
    func committed(_ changes: [Change]) {
        for case .marker(let marker, _) in changes
        where marker.key.namespace == namespace && marker.version == marker.revision {
            // Where the wall clock was set back it is behind: the next pass begins there.
            let place = MarkerPlace(ended: marker.end, name: marker.key.name)
            if let after = part.after, place <= after { part.leaves(place) }
        }
        if loses(changes) { (newestLeft, newestAt, part.newestFrom) = (rule.keepLast, nil, nil) }
    }

    private func loses(_ changes: some Sequence<Change>) -> Bool {
        guard let newestFrom = part.newestFrom, rule.keepLast != nil else { return false }
        return changes.contains {
            guard case .markerDeleted(let marker, _) = $0, marker.key.namespace == namespace else {
                return false
            }
            let place = MarkerPlace(ended: marker.end, name: marker.key.name)
            return place >= newestFrom && rule.matches(place.name)
        }
    }

    private static let end = MarkerPlace(ended: Timestamp(microseconds: .max), name: "")

    private func isMeant(_ line: MarkerLine) throws -> Bool {
        guard rule.matches(line.place.name) else { return false }
        guard let selector = rule.selector else { return true }
        let records = try turns.store.fetch([Key(namespace: namespace, name: line.place.name)])
        return records.first?.marker.map(selector.matches) ?? false
    }

    // MARK: Those that may go

    private func examine() throws {
        let now = turns.clock.now.wall
        var candidates: [MarkerLine] = []
        var lines = 0
        while !part.isDone, candidates.count + part.items.count < limit, lines < Self.partLines {
            let page = try turns.store.markersByEnd(
                namespace: namespace, after: part.after, limit: Self.pageLines)
            lines += page.count
            part.isDone = page.count < Self.pageLines
            for line in page {
                if candidates.count + part.items.count == limit {
                    part.isDone = false
                    break
                }
                if !isReporting || !pruning.isDryRun, rule.isYoung(line.place.ended, at: now) {
                    // And so are all behind it.
                    part.isDone = true
                    break
                }
                if !isReporting, let newestFrom = part.newestFrom, line.place >= newestFrom {
                    part.leaves(line.place)
                    part.isDone = true
                    break
                }
                try look(at: line, &candidates, now)
                part.after = line.place
            }
        }
        decide(candidates)
    }

    private func look(at line: MarkerLine, _ candidates: inout [MarkerLine], _ now: Timestamp) throws {
        guard try isMeant(line) else { return }
        guard let reason = rule.reason(line, newestFrom: part.newestFrom, at: now) else {
            return candidates.append(line)
        }
        if isReporting { part.items.append(PruneItem(line, kept: reason)) }
        if !reason.isLasting { part.leaves(line.place) }
    }

    private func decide(_ candidates: [MarkerLine]) {
        // An operator's call leaves an entry, whatever it came to.
        guard !candidates.isEmpty || pruning.origin != nil else { return done(.success(part)) }
        let keys = candidates.map { Key(namespace: namespace, name: $0.place.name) }
        turns.submit(
            PlannedWrite(
                keys: keys,
                body: { [self] core, now, effects in
                    // Those that were chosen may be among the newest now.
                    if !isReporting, rule.keepLast != nil,
                        newestLeft != nil || loses(effects.lazy.compactMap(\.change))
                    {
                        return { [self] in chooseAgain() }
                    }
                    let began = Meters.moment
                    let items = Result { () throws(ClockAgreement.Broken) in
                        try prune(candidates, &core, now, &effects)
                    }
                    part.took = part.took + Interval(nanoseconds: Meters.moment - began)
                    return { [self] in finish(items) }
                },
                refuse: { [self] in done(.failure(Refused(reason: $0))) }))
    }

    struct Refused: Error {
        var reason: Unavailable
    }

    private func prune(
        _ candidates: [MarkerLine], _ core: inout Coordinator, _ now: Now, _ effects: inout [Effect]
    ) throws(ClockAgreement.Broken) -> [PruneItem] {
        let judge = MarkerJudge(rule: rule, turns: turns, face: face, clocks: clocks)
        return try judge.prune(
            candidates.map { Pruning.Target(key: key($0), revision: $0.revision) }, pruning, &core, now,
            &effects
        ).enumerated().map { PruneItem(candidates[$0.offset], kept: $0.element) }
    }

    private func key(_ line: MarkerLine) -> Key { Key(namespace: namespace, name: line.place.name) }

    private func chooseAgain() {
        part.after = began
        part.isDone = false
        done(.success(part))
    }

    private func finish(_ result: Result<[PruneItem], ClockAgreement.Broken>) {
        let items: [PruneItem]
        do { items = try result.get() } catch { return done(.failure(error)) }
        for item in items where item.kept != nil { part.leaves(item.place) }
        part.items = (part.items + items).sorted { $0.place < $1.place }
        done(.success(part))
    }
}

extension Effect {
    fileprivate var change: Change? { if case .persist(let change) = self { change } else { nil } }
}

extension PruneItem {
    init(_ line: MarkerLine, kept: KeepReason?) {
        self.init(name: line.place.name, revision: line.revision, ended: line.place.ended, kept: kept)
    }

    fileprivate var place: MarkerPlace { MarkerPlace(ended: ended, name: name) }
}
