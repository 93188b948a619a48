// To observe: a hold that is recorded and does nothing else. It shows whether runs that don't
// coordinate yet would overlap.
//
// It begins at once, whatever holds or queues, even in a restore's quarantine; nobody waits for it or
// is told of it, and its end hands nothing over. So it touches nothing of its name: neither the lease,
// which may be another's or not there, nor the marker, nor what is remembered as abandoned. What it
// has is a lease of its own, a member of the name, and its record in the history.

extension Coordinator {
    mutating func observe(
        _ campaign: Campaign, _ name: inout NameState, at now: Now, _ effects: inout [Effect]
    ) throws(Rejection) {
        if let known = name.observers.first(where: { $0.isHeld(by: campaign) }) {
            let key = campaign.key.member(known.token)
            var member = take(key)
            defer { shelve(member, key) }
            // Its own lease remembers nothing: what is told of others is nothing.
            let election = again(&member, of: member.lease!, behind: 0, at: now)
            return say(.elected(election), to: campaign.request, &effects)
        }
        try room(
            in: campaign.key.namespace, for: name, leases: name.counted.leases + 1, markers: 0)
        beginNamespace(campaign.key.namespace, at: now, &effects)
        let contender = Contender(
            campaign: campaign, requests: [campaign.request], since: now.wall, arrived: now.instant)
        let lease = beginMember(
            contender, maxAttempts: settings.defaultMaxAttempts, at: now, &effects)
        name.observers.append(Member(lease.hold!))
        tell(contender, Election(lease: lease, hold: lease.hold!, previous: nil), &effects)
    }
}
