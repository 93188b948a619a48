import Coordination

/// A policy as a person reads it.
struct PlainPolicy {
    var names: String
    var maxAge: Interval?
    var keep: Int?
    var protects: [String] = []

    var text: String {
        var fields = ["names: \"\(names)\"", "protectLabels: keep=yes"]
        if let maxAge { fields.append("maxAge: \(maxAge.nanoseconds / 1_000_000_000)s") }
        if let keep { fields.append("keep: \(keep)") }
        if !protects.isEmpty { fields.append("protectNames: [\(protects.joined(separator: ", "))]") }
        return "- {\(fields.joined(separator: ", "))}\n"
    }
}

/// What somebody asked for at the prompt.
struct PlainRequest {
    var olderThan: Interval?
    var keepLast: Int?
    var keep: String
    /// The last of the newest when it was asked; nil: there were fewer.
    var newestFrom: DoneMarker?
}

/// Which markers may go, told from all that ever became durable and from who waits: nothing is remembered of what was
/// looked at, no index, no page, no place.
struct PolicyModel {
    let policies: [PlainPolicy]
    var markers: [String: DoneMarker] = [:]
    /// From when a short retention counts.
    var since: [String: Instant] = [:]
    var aliases: [String: String] = [:]
    /// When an alias left a name last.
    var left: [String: Timestamp] = [:]
    var holds: [FencingToken: HoldRecord] = [:]
    /// Names that somebody waits for or contends for.
    var wanted: Set<String> = []
    var labelIsWanted = false
    var request: PlainRequest?
    /// How far wall and boot clock had moved apart since the start when the turn began.
    var drift = Interval.zero

    init(policies: [PlainPolicy]) { self.policies = policies }

    static func matches(_ pattern: String, _ name: String) -> Bool {
        pattern.hasSuffix("*") ? name.hasPrefix(pattern.dropLast()) : name == pattern
    }

    private func policy(of name: String) -> PlainPolicy? {
        policies.first { Self.matches($0.names, name) }
    }

    func isAliased(_ name: String) -> Bool { aliases.values.contains(name) }

    /// Why nothing but its own, short retention may take it; nil: nobody needs it.
    func need(of name: String) -> String? {
        if holds.values.contains(where: { $0.key.name == name && $0.mode != .observe }) { return "held" }
        if wanted.contains(name) { return "waited for" }
        if isAliased(name) { return "aliased" }
        return nil
    }

    private func isShort(_ marker: DoneMarker) -> Bool { marker.retention.map { $0 <= .hours(1) } ?? false }

    private func age(of name: String, at wall: Timestamp) -> Interval {
        wall - max(markers[name]!.end, left[name] ?? markers[name]!.end)
    }

    /// Its place among those that `isMeant` says: 0 is the newest.
    private func rank(_ name: String, _ isMeant: (String) -> Bool) -> Int {
        let own = markers[name]!
        return markers.values.count { isMeant($0.key.name) && own.isOlder(than: $0) }
    }

    /// Whether the schedule may delete it.
    func goesBySchedule(_ name: String, at wall: Timestamp) -> Bool {
        let marker = markers[name]!
        if marker.hasFinalizer || labelIsWanted && marker.isWanted { return false }
        // Its own retention governs alone.
        if let retention = marker.retention {
            return !isShort(marker) && age(of: name, at: wall) >= retention
        }
        guard let policy = policy(of: name), policy.maxAge != nil || policy.keep != nil, !marker.isProtected,
            !policy.protects.contains(where: { Self.matches($0, name) })
        else { return false }
        if let maxAge = policy.maxAge, age(of: name, at: wall) < maxAge { return false }
        guard let keep = policy.keep else { return true }
        return rank(name) { self.policy(of: $0)?.names == policy.names } >= keep
    }

    /// Whether the request may delete it.
    func goesByRequest(_ name: String, at wall: Timestamp) -> Bool {
        guard let request else { return false }
        let marker = markers[name]!
        if marker.hasFinalizer || labelIsWanted && marker.isWanted || name == request.keep { return false }
        if let policy = policy(of: name) {
            if marker.isProtected || policy.protects.contains(where: { Self.matches($0, name) }) {
                return false
            }
        }
        let age = age(of: name, at: wall)
        if let retention = marker.retention, age < retention { return false }
        if let olderThan = request.olderThan, age < olderThan { return false }
        guard request.keepLast != nil else { return true }
        return request.newestFrom.map { marker.isOlder(than: $0) } ?? false
    }

    mutating func ask(_ asked: PlainRequest) {
        request = asked
        guard let keepLast = asked.keepLast else { return }
        let newest = markers.values.sorted { $1.isOlder(than: $0) }.prefix(keepLast)
        request!.newestFrom = newest.count == keepLast ? newest.last : nil
    }

    /// Whether its own, short retention is over.
    func isOver(_ name: String, at instant: Instant) -> Bool {
        let marker = markers[name]!
        return isShort(marker) && !isAliased(name) && since[name]! + marker.retention! <= instant
    }

    mutating func apply(_ change: Change, at now: Now) {
        switch change {
        case .marker(let marker, _):
            if markers[marker.key.name]?.revision != marker.revision { since[marker.key.name] = now.instant }
            markers[marker.key.name] = marker
        case .markerDeleted(let marker, _): markers[marker.key.name] = nil
        case .lease(let lease, _): if let hold = lease.holdRecord { holds[hold.token] = hold }
        case .hold(let hold): holds[hold.token] = nil
        case .alias(_, let move):
            aliases[move.key.name] = move.to?.name
            guard let from = move.from?.name, from != move.to?.name else { return }
            left[from] = now.wall
            if !aliases.values.contains(from) { since[from] = now.instant }
        default: break
        }
    }

    mutating func restart(at now: Now) {
        wanted = []
        drift = .zero
        request = nil
        for name in since.keys { since[name] = now.instant }
    }
}

extension DoneMarker {
    fileprivate func isOlder(than other: DoneMarker) -> Bool {
        (end.microseconds, key.name) < (other.end.microseconds, other.key.name)
    }
}
