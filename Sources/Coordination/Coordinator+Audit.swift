// Acts leave an entry beside what they change, in the same turn. Refusals and events come from outside.

extension Coordinator {
    /// Puts entries behind each other into the record.
    mutating func record(_ entries: [AuditEntry], _ effects: inout [Effect]) {
        for var entry in entries {
            entry.revision = nextRevision()
            effects.append(.persist(.audit(entry)))
        }
    }

    mutating func recordRevoke(
        _ revocation: Revocation, ending hold: HoldRecord, at now: Now, _ effects: inout [Effect]
    ) {
        guard let origin = revocation.origin else { return }
        var entry = AuditEntry(.revoke, .done, at: now.wall, reason: revocation.reason)
        entry.describe(origin, hold.key)
        entry.holder = hold.holder
        entry.token = hold.token
        entry.details["principal"] = hold.principal
        record([entry], &effects)
    }

    mutating func recordClearing(
        _ clearing: Clearing, of hold: AbandonedHold, at now: Now, _ effects: inout [Effect]
    ) {
        guard let origin = clearing.origin else { return }
        var entry = AuditEntry(.clearAbandoned, .done, at: now.wall, reason: clearing.reason)
        entry.describe(origin, clearing.key)
        entry.holder = hold.holder
        entry.token = hold.token
        record([entry], &effects)
    }

    /// - Parameter hold: that it ended.
    mutating func recordDeletion(
        _ deletion: LeaseDeletion, of lease: LeaseRecord, ending hold: HoldRecord?, at now: Now,
        _ effects: inout [Effect]
    ) {
        guard let origin = deletion.origin else { return }
        var entry = AuditEntry(.delete, .done, at: now.wall)
        entry.describe(origin, lease.key)
        entry.holder = hold?.holder
        entry.token = hold?.token
        entry.details["version"] = String(lease.version)
        entry.details["principal"] = hold?.principal
        record([entry], &effects)
    }

    mutating func recordMark(
        _ marking: Marking, _ marker: DoneMarker, at now: Now, _ effects: inout [Effect]
    ) {
        guard let origin = marking.origin else { return }
        var entry = AuditEntry(.mark, .done, at: now.wall, reason: marking.finding.reason)
        entry.describe(origin, marker.key)
        entry.details = ["holderIdentity": marking.holder, "revision": String(marker.revision)]
        record([entry], &effects)
    }

    mutating func recordTermination(
        _ termination: NamespaceTermination, holds: Int, at now: Now, _ effects: inout [Effect]
    ) {
        guard let origin = termination.origin else { return }
        let usage = usage[termination.name]
        var entry = AuditEntry(.terminate, .done, at: now.wall)
        entry.origin = origin
        entry.namespace = termination.name
        entry.details = [
            "leases": String(usage.leases), "markers": String(usage.markers), "holds": String(holds),
        ]
        record([entry], &effects)
    }

    mutating func recordUnmark(
        _ unmarking: Unmarking, deleting marker: DoneMarker, at now: Now, _ effects: inout [Effect]
    ) {
        guard let origin = unmarking.origin else { return }
        var entry = AuditEntry(.unmark, .done, at: now.wall)
        entry.describe(origin, marker.key)
        entry.holder = marker.holder
        entry.token = marker.token
        entry.details["revision"] = String(marker.revision)
        entry.details["outcome"] = "\(marker.finding.outcome)"
        entry.details["principal"] = marker.principal
        record([entry], &effects)
    }
}

extension Coordinator {
    mutating func recordAliasDeletion(
        _ deletion: AliasDeletion, of alias: AliasRecord, at now: Now, _ effects: inout [Effect]
    ) {
        guard let origin = deletion.origin else { return }
        var entry = AuditEntry(.unalias, .done, at: now.wall, reason: deletion.reason)
        entry.describe(origin, alias.key)
        entry.details = [
            "revision": String(alias.revision), "target": alias.target.name,
            "targetRevision": String(alias.target.revision),
        ]
        record([entry], &effects)
    }
}

extension AuditEntry {
    fileprivate mutating func describe(_ origin: Origin, _ key: Key) {
        self.origin = origin
        namespace = key.namespace
        name = key.name
    }
}
