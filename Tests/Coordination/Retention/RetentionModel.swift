@testable import Coordination

/// Markers and whoever needs them, as changes and answers tell of them, one after another.
///
/// It knows nothing of turns, timers, caches or indexes: what was true before a failed turn is a copy, and who
/// needs a marker is looked up among all holds, requests and aliases that there are.
struct RetentionModel {
    struct Kept {
        var marker: DoneMarker
        var made: Instant
        /// From when its own retention counts: since it was made, the daemon started, or the last alias left it.
        var since: Instant
    }
    /// A request that hasn't had its answer.
    enum Open {
        case waits([String])
        case contends(String, until: Instant)
    }

    var markers: [String: Kept] = [:]
    /// Which marker each points at; and which markers were left in the present turn, by which.
    var aliases: [String: String] = [:]
    var left: [String: Set<String>] = [:]
    var holds: [FencingToken: HoldRecord] = [:]
    var open: [RequestID: Open] = [:]
    /// Those asked in the present step, parked or not.
    var asked: [RequestID: Open] = [:]
    /// Places that are kept for contenders whose request went.
    var ghosts: [(name: String, until: Instant)] = []

    // MARK: Who needs it

    enum Answer { case yes, no, perhaps }

    func isHeld(_ name: String) -> Bool {
        holds.values.contains { $0.key.name == name && $0.mode != .observe }
    }
    func waits(for name: String) -> Int {
        open.values.count { if case .waits(let names) = $0 { names.contains(name) } else { false } }
    }
    func isContended(_ name: String) -> Answer {
        let isWanted = open.values.contains {
            if case .contends(name, _) = $0 { true } else { false }
        }
        if isWanted { return .yes }
        return ghosts.contains { $0.name == name } ? .perhaps : .no
    }
    func pointing(at name: String) -> [String] { aliases.filter { $0.value == name }.keys.sorted() }

    func isNeeded(_ name: String) -> Answer {
        isHeld(name) || waits(for: name) > 0 ? .yes : isContended(name)
    }

    /// When its own retention is over by the boot clock; nil: never.
    func due(_ kept: Kept) -> Instant? {
        guard let retention = kept.marker.retention, retention <= .hours(1) else { return nil }
        return pointing(at: kept.marker.key.name).isEmpty ? kept.since + retention : nil
    }

    /// What pruning may say of it.
    func fates(of target: Pruning.Target) -> [PruneFate] {
        let name = target.key.name
        guard markers[name]?.marker.revision == target.revision else { return [.changed] }
        let holding = holds.values.filter { $0.key.name == name && $0.mode != .observe }
        if let alone = holding.first(where: { $0.mode == .exclusive }) { return [.held(by: alone.holder)] }
        if !holding.isEmpty { return [.held(by: nil)] }
        let rest: PruneFate
        let left = left[name, default: []].sorted()
        if waits(for: name) > 0 {
            rest = .waitedFor(waits(for: name))
        } else if !pointing(at: name).isEmpty {
            rest = .aliased(pointing(at: name))
        } else {
            rest = left.isEmpty ? .pruned : .aliased(left)
        }
        switch isContended(name) {
        case .yes: return [.held(by: nil)]
        case .no: return [rest]
        case .perhaps: return [rest, .held(by: nil)]
        }
    }

    // MARK: What happens

    mutating func apply(_ change: Change, at now: Now) {
        switch change {
        case .marker(let marker, _):
            markers[marker.key.name] = Kept(marker: marker, made: now.instant, since: now.instant)
        case .markerDeleted(let marker, _): markers[marker.key.name] = nil
        case .lease(let lease, _): if let hold = lease.holdRecord { holds[hold.token] = hold }
        case .hold(let hold): holds[hold.token] = nil
        case .alias(_, let move):
            aliases[move.key.name] = move.to?.name
            guard let from = move.from?.name else { return }
            left[from, default: []].insert(move.key.name)
            if pointing(at: from).isEmpty { markers[from]?.since = now.instant }
        default: break
        }
    }

    mutating func parked(_ request: RequestID) { open[request] = asked[request] }

    /// An answer: whoever was told only to wait keeps the place for a while.
    mutating func answered(_ request: RequestID, _ reply: Reply, at now: Now, grace: Interval) {
        let place = open.removeValue(forKey: request) ?? asked[request]
        if case .waiting = reply, case .contends(let name, _)? = place {
            ghosts.append((name, now.instant + grace))
        }
    }

    mutating func gone(_ request: RequestID, at now: Now, grace: Interval) {
        if case .contends(let name, _)? = open.removeValue(forKey: request) {
            ghosts.append((name, now.instant + grace))
        }
    }

    mutating func endGrace(at now: Now) { ghosts.removeAll { $0.until <= now.instant } }

    /// Memory is lost: requests and places; and every retention that is on the boot clock begins anew.
    mutating func restart(at now: Now) {
        (open, ghosts) = ([:], [])
        for name in markers.keys { markers[name]!.since = now.instant }
    }
}
