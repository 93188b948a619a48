// Where a hold is in its work, by its holder's word.

/// A phase that a hold entered.
public struct Phase: Hashable, Sendable {
    public var name: String
    public var at: Timestamp
    public var revision: Revision

    public init(name: String, at: Timestamp, revision: Revision) {
        self.name = name
        self.at = at
        self.revision = revision
    }

    /// A hold keeps so many, the newest.
    public static let most = 100
}

extension Hold {
    /// Where it is now.
    public var phase: Phase? { phases.last }

    mutating func enter(_ phase: Phase) {
        if phases.count == Phase.most { phases.removeFirst() }
        phases.append(phase)
    }
}

extension Coordinator {
    /// The hold is in this phase from now on. In the same one again: nothing changes.
    mutating func phase(
        _ claim: Claim, _ phase: String, at now: Now, _ effects: inout [Effect]
    ) throws(Rejection) {
        let hold = try present(claim, at: now)
        guard hold.phase?.name != phase else {
            return say(.phased(view(of: names[claim.key]!, now)!), to: claim.request, &effects)
        }
        var name = take(claim.key)
        defer { shelve(name, claim.key) }
        var lease = name.lease!
        lease.revision = nextRevision()
        lease.version = lease.revision
        lease.hold!.enter(Phase(name: phase, at: now.wall, revision: lease.revision))
        name.lease = lease
        keepLease(&name, &effects)
        note(lease.nameKey)
        note(lease.key)
        effects.append(.standingsChanged(lease.nameKey))
        say(.phased(view(of: name, now)!), to: claim.request, &effects)
    }
}
