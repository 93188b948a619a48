// How a hold ends, and what follows: the next contender, or a marker and everyone told.

extension Coordinator {
    /// Ends the present hold. The caller decides what follows.
    mutating func endHold(
        _ name: inout NameState, _ how: HoldEnd, reason: String?, by: String?, at now: Now,
        _ effects: inout [Effect]
    ) -> HoldRecord {
        var lease = name.lease!
        let hold = lease.hold!
        let end = HoldRecord.End(how: how, reason: reason, by: by, at: now.wall, revision: nextRevision())
        let record = HoldRecord(hold, of: lease, end: end)
        lease.hold = nil
        lease.revision = end.revision
        lease.remember(hold, end)
        if !hold.isWritten {
            count(how, &lease)
            lease.version = end.revision
        } else if how == .revoked {
            // Otherwise the object stays as its writer left it.
            lease.written = nil
            lease.version = end.revision
        }
        name.lease = lease
        name.isUnwritten = true
        name.confirmBy = nil
        name.publishAt = nil
        name.lastRenewal = nil
        name.given = 0
        holdCount -= 1
        knownHolds[hold.token] = record
        stir(lease, hold)
        effects.append(.persist(.hold(record)))
        return record
    }

    private func count(_ how: HoldEnd, _ lease: inout LeaseRecord) {
        if how.countsAsAttempt {
            lease.failures += 1
        } else if lease.way == .lock && how == .resigned {
            lease.failures = 0
        }
    }

    /// Ends the present hold without a marker: the next contender follows, or the last failure's marker.
    mutating func passOn(
        _ name: inout NameState, _ how: HoldEnd, reason: String?, by: String? = nil, at now: Now,
        _ effects: inout [Effect]
    ) -> HoldRecord {
        if name.lease!.group != nil {
            return endMember(&name, how, reason: reason, by: by, at: now, &effects)
        }
        let hold = name.lease!.hold!
        let record = endHold(&name, how, reason: reason, by: by, at: now, &effects)
        let lease = name.lease!
        guard lease.way == .once, !hold.isWritten, how.countsAsAttempt, lease.failures >= lease.maxAttempts,
            !isTerminating(lease.key.namespace)
        else {
            handOver(&name, at: now, &effects)
            return record
        }
        dropMarker(&name, lease.key, &effects)
        let story = "attempt \(hold.attempt) of \(lease.maxAttempts) ended: \(reason ?? "\(how)")"
        let marker = DoneMarker(
            key: lease.key, revision: nextRevision(), finding: Finding(outcome: .failed, reason: story),
            inputsDigest: hold.inputsDigest, holder: hold.holder, principal: hold.principal,
            token: hold.token, attempt: hold.attempt, info: hold.info, start: hold.began, end: now.wall,
            retention: settings.failedRetention)
        settleName(&name, with: marker, endingHold: true, at: now, &effects)
        return record
    }

    /// Elects whoever can be. If nobody can, the lease is free, or shared as before.
    mutating func handOver(
        _ name: inout NameState, checksRoom: Bool = false, at now: Now, _ effects: inout [Effect]
    ) {
        let isElected = electNext(&name, checksRoom: checksRoom, at: now, &effects)
        guard let lease = name.lease else { return }
        if name.isUnwritten { keepLease(&name, &effects) }
        if isElected { return }
        effects.append(.standingsChanged(lease.key))
        tellOrphaned(&name, &effects)
    }

    /// Elects the contenders who are there, in their order, for as long as the next one fits: one, or
    /// several that share. Whoever may not be elected any more is told so, and its place is the next
    /// one's. False: nobody was elected.
    ///
    /// A name that is handed over has its place in the namespace, and what has none yet is checked.
    mutating func electNext(
        _ name: inout NameState, checksRoom: Bool = false, at now: Now, _ effects: inout [Effect]
    ) -> Bool {
        guard !isQuarantined(at: now), canElect(name),
            !isTerminating(name.queue[0].campaign.key.namespace)
        else { return false }
        let queueKey = name.queue[0].campaign.key
        // Out of the way as a whole: to take thousands from the front one by one would move all others
        // each time.
        var queue = name.queue
        name.queue = []
        var absent: [Contender] = []
        var next = 0
        var isElected = false
        var waits = Waits()
        while next < queue.count {
            let contender = queue[next]
            guard contender.isPresent else {
                absent.append(contender)
                next += 1
                continue
            }
            guard name.fits(contender.campaign.mode), isNextElsewhere(contender) else { break }
            next += 1
            let behind = absent.count + queue.count - next
            let isAdmitted = admit(
                contender, &name, behind: behind, checksRoom: checksRoom, at: now, &effects)
            isElected = isElected || isAdmitted
            if isAdmitted { waits.addElected(after: now.instant - contender.arrived) }
        }
        queue.replaceSubrange(..<next, with: absent)
        name.queue = queue
        keep(waits, of: queueKey, at: now, &effects)
        return isElected
    }

    /// Elects it, or tells it why not. False: it wasn't.
    private mutating func admit(
        _ contender: Contender, _ name: inout NameState, behind: Int, checksRoom: Bool, at now: Now,
        _ effects: inout [Effect]
    ) -> Bool {
        let campaign = contender.campaign
        if campaign.mode.isGrouped { writeAhead(&name, &effects) }
        guard campaign.also.isEmpty else {
            return admitToAll(contender, &name, behind: behind, at: now, &effects)
        }
        do throws(Rejection) {
            if checksRoom || campaign.mode.isGrouped { try room(for: campaign, in: name) }
            try refuseAbandoned(campaign, name)
        } catch {
            effects.append(.standingsChanged(campaign.key))
            for request in contender.requests { say(.refused(error), to: request, &effects) }
            return false
        }
        effects.append(.waitEnded(.handedOver, after: now.instant - contender.arrived))
        elect(contender, &name, behind: behind, at: now, &effects)
        return true
    }

    /// Writes the marker, and tells every contender and waiter. If a hold ended with it, the lease's
    /// change, which is persisted here, is one that Kubernetes clients see.
    mutating func settleName(
        _ name: inout NameState, with marker: DoneMarker, endingHold: Bool, at now: Now,
        _ effects: inout [Effect]
    ) {
        name.marker = marker
        name.markerExpiry = marker.retention.map { now.instant + $0 }
        keepMarker(&name, &effects)
        followAliases(&name, marker, at: now, &effects)
        if var lease = name.lease {
            lease.failures = 0
            lease.revision = nextRevision()
            if endingHold { lease.version = lease.revision }
            name.lease = lease
            keepLease(&name, &effects)
        }
        let queue = name.queue
        name.queue = []
        var waits = Waits()
        for contender in queue {
            if contender.isPresent {
                let waited = now.instant - contender.arrived
                effects.append(.waitEnded(.settled, after: waited))
                waits.addSettled(by: marker, after: waited)
            }
            let reply = contender.campaign.reply(to: marker)
            for request in contender.requests { say(reply, to: request, &effects) }
        }
        tellWaiters(&name, marker.key, &effects)
        keep(waits, of: marker.key, at: now, &effects)
    }

    /// The answer with the token never left. Taken back if no other request was given it, and nobody acted on it.
    mutating func takeBack(_ asked: Key, _ token: FencingToken, at now: Now, _ effects: inout [Effect]) {
        let key = home(asked, token)
        guard names[key]!.lease?.hold?.token == token else { return }
        var name = take(key)
        defer { shelve(name, key) }
        name.given -= 1
        guard name.given <= 0, name.lastRenewal == nil, name.lease!.hold!.phases.isEmpty else { return }
        _ = passOn(&name, .undelivered, reason: nil, at: now, &effects)
    }

    /// An idle lease whose retention is over goes; tokens survive it.
    mutating func sweep(_ key: Key, _ revision: Revision, _ effects: inout [Effect]) {
        guard let lease = names[key]!.lease, lease.hold == nil, lease.revision == revision,
            lease.isSweepable, names[key]!.queue.isEmpty, names[key]!.members.isEmpty
        else { return }
        var name = take(key)
        name.lease = nil
        effects.append(.persist(.leaseDeleted(lease, at: nextRevision())))
        shelve(name, key)
    }
}

extension Campaign {
    /// A contender wakes to a marker: unless it is of other inputs, that is its answer.
    func reply(to marker: DoneMarker) -> Reply {
        if let stored = marker.inputsDigest, let given = inputsDigest, stored != given {
            return .refused(.inputsMismatch(stored: stored, given: given))
        }
        return .settled(marker)
    }
}
