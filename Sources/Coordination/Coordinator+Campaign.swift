// To campaign: elected, told the marker, or queued. All in one step, so that no run can
// fall between "not done" and "not held".

extension Coordinator {
    mutating func campaign(_ campaign: Campaign, at now: Now, _ effects: inout [Effect]) throws(Rejection) {
        // Even whoever holds: its hold is about to be revoked.
        try refuseIfTerminating(campaign.key.namespace)
        guard campaign.also.isEmpty else { return try campaignForAll(campaign, at: now, &effects) }
        var name = take(campaign.key)
        defer { shelve(name, campaign.key) }
        try refuseMemberName(name, campaign.key, now)
        if campaign.mode == .observe { return try observe(campaign, &name, at: now, &effects) }
        expireMarkerIfDue(&name, at: now, &effects)

        if campaign.way == .once, let marker = name.marker, marker.revision != campaign.supersedes {
            try matchInputs(stored: marker.inputsDigest, given: campaign.inputsDigest)
            return say(.settled(marker), to: campaign.request, &effects)
        }
        try refuseOtherUse(campaign, name)
        if try repeatElection(&name, campaign, at: now, &effects) { return }
        try refuseAbandoned(campaign, name)
        if let hold = name.lease?.hold {
            try matchInputs(stored: hold.inputsDigest, given: campaign.inputsDigest)
        } else if !isQuarantined(at: now), name.isNext(campaign) {
            try refuseOtherNames(campaign, name)
            try room(for: campaign, in: name)
            name.queue.removeAll { $0.isSame(as: campaign) }
            let contender = Contender(
                campaign: campaign, requests: [campaign.request], since: now.wall, arrived: now.instant)
            effects.append(.waitEnded(.electedAtOnce, after: .zero))
            return elect(contender, &name, behind: name.queue.count, at: now, &effects)
        }
        try enqueue(campaign, &name, at: now, &effects)
    }

    /// What is used in another way, or shared otherwise, is so for as long as it is in use.
    func refuseOtherUse(_ campaign: Campaign, _ name: NameState) throws(Rejection) {
        if let way = name.wayInUse, way != campaign.way {
            throw .wayConflict(current: way, asked: campaign.way)
        }
        if let mode = name.modeInUse, !mode.mixes(with: campaign.mode) {
            throw .modeConflict(current: mode, asked: campaign.mode)
        }
    }

    /// A short hash in a name is an index, not a proof: the full digests are compared where both are known.
    private func matchInputs(stored: String?, given: String?) throws(Rejection) {
        guard let stored, let given, stored != given else { return }
        throw .inputsMismatch(stored: stored, given: given)
    }

    /// Who asked for it is not elected while somebody's half-done work may be about. What an earlier run of
    /// the same work left is no reason: to do it again is what clears it.
    func refuseAbandoned(_ campaign: Campaign, _ name: NameState) throws(Rejection) {
        guard campaign.failOnAbandoned, var abandoned = name.lease?.abandoned else { return }
        if let work = campaign.work { abandoned.holds.removeAll { $0.work == work } }
        // Whose the older ones were isn't known here.
        if !abandoned.isEmpty || abandoned.beyond > 0 { throw .abandonedHolds(abandoned) }
    }

    func isQuarantined(at now: Now) -> Bool {
        quarantineUntil.map { now.instant < $0 } ?? false
    }

    /// The same campaign again by its holder: the same token, and a sign of life.
    /// False: it holds nothing by this campaign.
    private mutating func repeatElection(
        _ name: inout NameState, _ campaign: Campaign, at now: Now, _ effects: inout [Effect]
    ) throws(Rejection) -> Bool {
        guard let held = name.held(by: campaign) else { return false }
        try match(held, campaign)
        let election: Election
        if held.mode.isGrouped {
            let key = campaign.key.member(held.token)
            var member = take(key)
            election = again(&member, of: name.lease!, behind: name.queue.count, at: now)
            shelve(member, key)
        } else {
            election = again(&name, of: name.lease!, behind: name.queue.count, at: now)
        }
        say(.elected(election), to: campaign.request, &effects)
        return true
    }

    /// A campaign is repeated as it was.
    func match(_ held: Member, _ campaign: Campaign) throws(Rejection) {
        guard held.mode == campaign.mode else {
            throw .modeConflict(current: held.mode, asked: campaign.mode)
        }
        guard Set(held.also) == Set(campaign.also.map(\.name)) else {
            throw .namesConflict(current: [campaign.key.name] + held.also, asked: campaign.keys.map(\.name))
        }
    }

    /// `lease` is the name's, `held` has the hold.
    func again(_ held: inout NameState, of lease: LeaseRecord, behind: Int, at now: Now) -> Election {
        let hold = held.lease!.hold!
        held.given += 1
        held.deadline = max(held.deadline, now.instant + hold.duration)
        return Election(
            lease: held.lease!, hold: hold, previous: lease.last, abandoned: lease.abandoned,
            queueLength: behind)
    }

    /// Begins a hold for a contender whose turn it is, and tells each of its requests. So many queue
    /// behind it.
    mutating func elect(
        _ contender: Contender, _ name: inout NameState, behind: Int, at now: Now, _ effects: inout [Effect]
    ) {
        tell(contender, begin(contender, &name, behind: behind, at: now, &effects), &effects)
    }

    /// Begins the hold, and tells nobody yet.
    mutating func begin(
        _ contender: Contender, _ name: inout NameState, behind: Int, at now: Now, _ effects: inout [Effect]
    ) -> Election {
        let campaign = contender.campaign
        if campaign.mode.isGrouped {
            return beginMember(contender, &name, behind: behind, at: now, &effects)
        }
        if name.lease == nil { beginNamespace(campaign.key.namespace, at: now, &effects) }
        let token = nextRevision()
        var lease =
            name.lease
            ?? LeaseRecord(
                key: campaign.key, revision: token, created: token, createdAt: now.wall, way: campaign.way,
                maxAttempts: campaign.maxAttempts ?? settings.defaultMaxAttempts)
        lease.turn(to: campaign.way)
        // The first campaign's maxAttempts governs: the first one of a piece of work not tried yet.
        if lease.failures == 0 {
            lease.maxAttempts = campaign.maxAttempts ?? settings.defaultMaxAttempts
        }
        lease.revision = token
        lease.version = token
        lease.transitions = max(lease.transitions, Int(lease.written?.transitions ?? 0)) + 1
        lease.written = nil
        lease.hold = Hold(
            campaign, token, attempt: lease.failures + 1,
            supersedes: name.marker == nil ? nil : campaign.supersedes, at: now)
        name.lease = lease
        grant(contender, &name, at: now, &effects)
        return Election(
            lease: lease, hold: lease.hold!, previous: lease.last, abandoned: lease.abandoned,
            queueLength: behind)
    }

    /// The hold that the lease has got begins.
    mutating func grant(
        _ contender: Contender, _ name: inout NameState, at now: Now, _ effects: inout [Effect]
    ) {
        let campaign = contender.campaign
        let lease = name.lease!
        let hold = lease.hold!
        name.deadline = now.instant + hold.duration
        name.confirmBy = campaign.confirmWithin.map { now.instant + $0 }
        name.lastRenewal = nil
        name.publishAt = nil
        name.publishedAt = now.instant
        name.given = contender.requests.count
        holdCount += 1
        begunHolds.append((lease.key, hold.token, campaign.confirmWithin))
        stir(lease, hold)
        keepLease(&name, &effects)
        effects.append(.standingsChanged(campaign.key))
    }

    mutating func tell(_ contender: Contender, _ election: Election, _ effects: inout [Effect]) {
        for request in contender.requests { say(.elected(election), to: request, &effects) }
    }

    /// Takes, or takes again, a place in the queue.
    private mutating func enqueue(
        _ campaign: Campaign, _ name: inout NameState, at now: Now, _ effects: inout [Effect]
    ) throws(Rejection) {
        // Nothing durable changes from here on.
        forgetUnlessOpen()
        var place: Place?
        if let until = campaign.waitUntil, until > now.instant {
            let wanted = Place.contender(
                campaign.key, also: [], until: until, client: campaign.client)
            try waiterCounts.room(for: wanted, settings)
            place = wanted
        }
        let index: Int
        if let known = name.queue.firstIndex(where: { $0.isSame(as: campaign) }) {
            try matchNames(name.queue[known], campaign)
            name.queue[known].campaign = campaign
            index = known
        } else {
            guard name.queue.count < settings.contendersMax else {
                throw .tooMany(.queue, limit: settings.contendersMax)
            }
            name.queue.append(
                Contender(campaign: campaign, requests: [], since: now.wall, arrived: now.instant))
            index = name.queue.count - 1
        }
        let standing = standing(at: index, in: name, now)
        if let place {
            name.queue[index].requests.append(campaign.request)
            name.queue[index].graceUntil = nil
            park(campaign.request, place)
            effects.append(.parked(campaign.request, standing, after: revision))
        } else {
            if !name.queue[index].isPresent {
                name.queue[index].graceUntil = now.instant + settings.reconnectGrace
            }
            say(.waiting(standing), to: campaign.request, &effects)
        }
    }

    /// The peer is gone, whatever becomes of the turn: so this is not undone, and a request that
    /// the turn answered must not come back with `undo`.
    mutating func forsake(_ request: RequestID, at now: Now) {
        let before = touchedRequests.removeValue(forKey: request) ?? nil
        guard let place = requests[request] ?? before else { return }
        setPlace(of: request, to: nil)
        let graceUntil = now.instant + settings.reconnectGrace
        for key in place.keys {
            _ = touchedNames[key]?.detach(request, graceUntil: graceUntil)
            let index = names.index(forKey: key)!
            _ = names[at: index].detach(request, graceUntil: graceUntil)
            shelve(names[at: index], key)
        }
    }
}

extension NameState {
    /// The request waits here no longer. A contender that has no other keeps its place for a while.
    /// The result is that place.
    mutating func detach(_ request: RequestID, graceUntil: Instant) -> Int? {
        waiters.removeAll { $0 == request }
        conditions.removeAll { $0.request == request }
        guard let index = queue.firstIndex(where: { $0.requests.contains(request) }) else { return nil }
        queue[index].requests.removeAll { $0 == request }
        if !queue[index].isPresent { queue[index].graceUntil = graceUntil }
        return index
    }
}

extension Hold {
    /// Whether this campaign is the one by which the hold was got.
    func isHeld(by campaign: Campaign) -> Bool {
        !isWritten && holder == campaign.holder && campaignID == campaign.campaignID
            && principal == campaign.principal
    }
}

extension Hold {
    init(_ campaign: Campaign, _ token: FencingToken, attempt: Int, supersedes: Revision? = nil, at now: Now)
    {
        self.init(
            token: token, holder: campaign.holder, campaignID: campaign.campaignID,
            principal: campaign.principal, duration: campaign.duration, attempt: attempt, began: now.wall,
            inputsDigest: campaign.inputsDigest, supersedes: supersedes, info: campaign.info)
        mode = campaign.mode
        also = campaign.also.map(\.name)
        work = campaign.work
    }
}

extension HoldRecord {
    init(_ hold: Hold, of lease: LeaseRecord, end: End? = nil) {
        self.init(
            key: lease.nameKey, token: hold.token, way: lease.way, holder: hold.holder,
            campaignID: hold.campaignID, principal: hold.principal, attempt: hold.attempt, info: hold.info,
            began: hold.began, end: end)
        mode = hold.mode
        work = hold.work
        phases = hold.phases
    }
}
