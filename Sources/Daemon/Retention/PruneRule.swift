import API
import Coordination
import Identity
import Store

/// Which of a namespace's markers go, and why the others stay.
///
/// Most is told from the index's line alone, so that a million markers that stay cost a million steps through
/// an index and no more. What is left is judged once more with the marker in hand, in the turn that deletes it.
struct PruneRule {
    /// What keeps markers whatever their age: of the request, or of the policies.
    struct Protection {
        /// Of which markers; nil: of all.
        var policy: RetentionPolicy?
        var names: [Wildcard]
        var labels: [MarkerSelector] = []

        func covers(_ name: String) -> Bool { policy?.matches(name) ?? true }
    }

    /// Which markers it is about; the others aren't looked at.
    var matches: (String) -> Bool
    var selector: MarkerSelector?
    var maxAge: Interval?
    var keepLast: Int?
    var protections: [Protection]
    /// Whether markers with a retention of their own are left to it, whatever else.
    var leavesOwnRetentions = false

    /// Told from its line. `newestFrom`: from there on markers are among the newest.
    func reason(_ line: MarkerLine, newestFrom: MarkerPlace?, at now: Timestamp) -> KeepReason? {
        let name = line.place.name
        for protection in protections where protection.covers(name) {
            if let pattern = protection.names.first(where: { $0.matches(name) }) {
                return .protectedName(pattern.description, byPolicy: protection.policy != nil)
            }
        }
        if let retention = line.retention {
            let end = line.place.ended.later(by: retention)
            if leavesOwnRetentions || end > now { return .ownRetention(until: end) }
        }
        if let keepLast, let newestFrom, line.place >= newestFrom { return .amongNewest(keepLast) }
        return isYoung(line.place.ended, at: now) ? .tooYoung : nil
    }

    func isYoung(_ ended: Timestamp, at now: Timestamp) -> Bool {
        maxAge.map { ended.later(by: $0) > now } ?? false
    }

    /// Told from the marker itself. - Parameter left: when an alias left it last.
    func reason(_ marker: DoneMarker, left: Timestamp?, at now: Timestamp) -> KeepReason? {
        for protection in protections where protection.covers(marker.key.name) {
            if let selector = protection.labels.first(where: { $0.matches(marker) }) {
                return .protectedLabel(selector.description)
            }
        }
        guard let left else { return nil }
        // For as long as an alias pointed at it, it was in use: a rollback may want it again.
        if let retention = marker.retention, left.later(by: retention) > now {
            return .wasAliased(until: left)
        }
        return isYoung(left, at: now) ? .wasAliased(until: left) : nil
    }
}

extension KeepReason {
    /// Whether it is so for good, as long as the policies are: then the marker needn't be looked at again.
    var isLasting: Bool {
        switch self {
        case .protectedName, .ownRetention: true
        default: false
        }
    }
}

extension Timestamp {
    func later(by interval: Interval) -> Timestamp {
        Timestamp(microseconds: microseconds + interval.nanoseconds / 1000)
    }
}
