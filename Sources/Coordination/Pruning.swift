/// Delete done markers that have been kept long enough.
///
/// Whoever asks has chosen them; the core deletes those that are still as they were chosen, and that nothing
/// needs at this moment. It says of each what became of it, so that what was left can be told from what went.
public struct Pruning: Sendable {
    /// A marker as it was chosen.
    public struct Target: Hashable, Sendable {
        public var key: Key
        /// Compare-and-set: another marker of the name has another one.
        public var revision: Revision

        public init(key: Key, revision: Revision) {
            self.key = key
            self.revision = revision
        }
    }
    public var request: RequestID
    /// Some hundred at the most: others wait for the turn.
    public var targets: [Target]
    /// Says what would be, and changes nothing.
    public var isDryRun: Bool
    /// For the audit record: one entry for all of them.
    public var origin: Origin?
    public var namespace: String?
    /// What was asked for, for that entry.
    public var details: [String: String]

    public init(
        request: RequestID, targets: [Target], isDryRun: Bool = false, namespace: String? = nil,
        details: [String: String] = [:], origin: Origin? = nil
    ) {
        self.request = request
        self.targets = targets
        self.isDryRun = isDryRun
        self.namespace = namespace
        self.details = details
        self.origin = origin
    }
}

/// What became of a marker that was to be pruned.
public enum PruneFate: Hashable, Sendable {
    /// It is gone, or with `isDryRun` it would be.
    case pruned
    /// There is none, or another one of this name.
    case changed
    /// Somebody holds the name, or contends for it.
    case held(by: String?)
    /// So many requests wait for it, perhaps together with others.
    case waitedFor(Int)
    /// These aliases point at it.
    case aliased([String])
}

extension Coordinator {
    mutating func prune(_ pruning: Pruning, at now: Now, _ effects: inout [Effect]) {
        let fates = pruning.targets.map { fate(of: $0) }
        if !pruning.isDryRun {
            for (target, fate) in zip(pruning.targets, fates) where fate == .pruned {
                var name = take(target.key)
                dropMarker(&name, target.key, &effects)
                shelve(name, target.key)
            }
            recordPruning(pruning, fates, at: now, &effects)
        }
        say(.pruned(fates), to: pruning.request, &effects)
    }

    private func fate(of target: Pruning.Target) -> PruneFate {
        guard let name = names[target.key], let marker = name.marker, marker.revision == target.revision
        else { return .changed }
        if let hold = name.lease?.hold { return .held(by: hold.holder) }
        if name.isContended { return .held(by: nil) }
        if !name.waiters.isEmpty { return .waitedFor(name.waiters.count) }
        let pointing = aliases.pointing(at: target.key)
        if !pointing.isEmpty { return .aliased(pointing) }
        // One that left it in this turn has left it just now.
        return leftMarkers[target.key].map { .aliased($0.sorted()) } ?? .pruned
    }

    private mutating func recordPruning(
        _ pruning: Pruning, _ fates: [PruneFate], at now: Now, _ effects: inout [Effect]
    ) {
        guard let origin = pruning.origin else { return }
        let pruned = fates.count { $0 == .pruned }
        var entry = AuditEntry(.prune, .done, at: now.wall)
        entry.origin = origin
        entry.namespace = pruning.namespace
        entry.details = pruning.details
        entry.details["pruned"] = String(pruned)
        entry.details["skipped"] = String(fates.count - pruned)
        record([entry], &effects)
    }
}

// A marker's own retention.
//
// A short one is on the boot clock: memory has the marker's end among its timers, a restart gives it the whole
// again, and it goes to the millisecond. A long one is not in memory, since a million of them must not be: it
// ends in wall time, `end + retention`, which the store has an index of, and the daemon prunes what is over
// as it prunes by policies: some time later, never early, and only while the clocks agree.

extension Coordinator {
    /// Retentions up to this length are on the boot clock.
    public static let bootRetentionMax = Interval.hours(1)

    /// Only those are asked about that would go by memory's doing.
    func isPinned(_ marker: DoneMarker) -> Bool {
        guard let retention = marker.retention, !marker.metadata.isEmpty else { return false }
        return retention <= Self.bootRetentionMax && pins(marker)
    }

    /// When it ends by itself, if memory has to see to it.
    func expiry(of marker: DoneMarker?, at now: Now) -> Instant? {
        guard let retention = marker?.retention, retention <= Self.bootRetentionMax else { return nil }
        return now.instant + retention
    }
}

extension NameState {
    /// Somebody shares the name or contends for it.
    var isContended: Bool { !members.isEmpty || !queue.isEmpty }

    /// When the marker is due to go. A Succeeded one stays for as long as the name is held, contended for or
    /// waited for, or a finalizer is there; a Failed one goes in time, so that the work can be tried again.
    var markerDue: Instant? {
        guard let markerExpiry, let marker else { return nil }
        let isNeeded = lease?.hold != nil || isContended || !waiters.isEmpty || isPinned
        return marker.finding.outcome == .succeeded && isNeeded ? nil : markerExpiry
    }
}
