@testable import Coordination

/// Holds that share a name, what is abandoned, and phases.
extension Model {
    func members(_ key: Key) -> [Key] { grouped(key).filter { names[$0]!.hold!.mode != .observe } }

    func observers(_ key: Key) -> [Key] { grouped(key).filter { names[$0]!.hold!.mode == .observe } }

    private func grouped(_ key: Key) -> [Key] {
        names.filter { $0.value.lease?.group == key.name }
            .sorted { $0.value.hold!.token < $1.value.hold!.token }.map(\.key)
    }

    func modeInUse(_ key: Key) -> Mode? {
        if let member = members(key).first { return names[member]!.hold!.mode }
        if let hold = names[key]!.hold, !hold.isWritten { return hold.mode }
        return names[key]!.queue.first?.campaign.mode
    }

    func fits(_ campaign: Campaign) -> Bool {
        let holding = members(campaign.key).count
        if names[campaign.key]!.hold != nil { return false }
        switch campaign.mode {
        case .exclusive: return holding == 0
        case .shared: return true
        case .permits(let count): return holding < count
        case .observe: return true
        }
    }

    func refuseIfAbandoned(_ campaign: Campaign) throws(Rejection) {
        let abandoned = names[campaign.key]!.lease?.abandoned ?? AbandonedHolds()
        let others = abandoned.holds.filter { $0.work == nil || $0.work != campaign.work }
        guard campaign.failOnAbandoned, !others.isEmpty || abandoned.beyond > 0 else { return }
        throw .abandonedHolds(AbandonedHolds(holds: others, beyond: abandoned.beyond))
    }

    /// A claim may name the hold's own lease, or the name that it shares.
    func homed(_ claim: Claim) -> Claim {
        var claim = claim
        let end = claim.key.name.split(separator: ".hold-")
        if end.count == 2 { claim.key.name = String(end[0]) }
        for member in grouped(claim.key) where names[member]!.hold!.token == claim.token {
            claim.key = member
        }
        return claim
    }

    /// In order of arrival, until one has to wait.
    mutating func electAll(_ key: Key, _ now: Now, checksRoom: Bool = false) -> Bool {
        var any = false
        var counted = Waits()
        while !isQuarantined(now), !isTerminating(key),
            let first = names[key]!.queue.firstIndex(where: { $0.isPresent }),
            fits(names[key]!.queue[first].campaign), isNextElsewhere(names[key]!.queue[first])
        {
            let place = names[key]!.queue.remove(at: first)
            guard place.names.isEmpty else {
                if admitSeveral(place, now) {
                    any = true
                    counted.elected += 1
                    counted.electedTime = counted.electedTime + (now.instant - place.arrived)
                }
                continue
            }
            do throws(Rejection) {
                if checksRoom || place.campaign.mode != .exclusive {
                    try room(key, electing: place.campaign.way, mode: place.campaign.mode)
                }
                try refuseIfAbandoned(place.campaign)
                elect(place, now)
                any = true
                counted.elected += 1
                counted.electedTime = counted.electedTime + (now.instant - place.arrived)
            } catch {
                for request in place.requests { say(.refused(error), to: request) }
            }
        }
        endWaits(counted, of: key, now)
        return any
    }

    mutating func holdMember(_ place: Place, _ now: Now) -> Election {
        let campaign = place.campaign
        let limit = campaign.maxAttempts ?? settings.defaultMaxAttempts
        if names[campaign.key]!.lease == nil {
            beginNamespace(campaign.key.namespace, now)
            let made = next()
            names[campaign.key]!.lease = LeaseRecord(
                key: campaign.key, revision: made, created: made, createdAt: now.wall, way: .lock,
                maxAttempts: limit)
        } else if names[campaign.key]!.lease!.way == .once || names[campaign.key]!.lease!.written != nil {
            if names[campaign.key]!.lease!.way == .once { names[campaign.key]!.lease!.failures = 0 }
            names[campaign.key]!.lease!.way = .lock
            names[campaign.key]!.lease!.written = nil
            names[campaign.key]!.lease!.revision = next()
            names[campaign.key]!.lease!.version = revision
        }
        let lease = names[campaign.key]!.lease!
        let key = makeMember(campaign, maxAttempts: lease.maxAttempts, now)
        return begin(key, place, behind: names[campaign.key]!.queue.count, lease, now)
    }

    /// It is told nothing of the name.
    mutating func observe(_ campaign: Campaign, _ now: Now) throws(Rejection) {
        for home in observers(campaign.key) {
            let hold = names[home]!.hold!
            guard
                (hold.holder, hold.campaignID, hold.principal)
                    == (campaign.holder, campaign.campaignID, campaign.principal)
            else { continue }
            names[home]!.given += 1
            names[home]!.deadline = max(names[home]!.deadline, now.instant + hold.duration)
            return say(
                .elected(Election(lease: names[home]!.lease!, hold: hold, previous: nil)),
                to: campaign.request)
        }
        try room(campaign.key, electing: .lock, mode: .observe)
        beginNamespace(campaign.key.namespace, now)
        let key = makeMember(campaign, maxAttempts: settings.defaultMaxAttempts, now)
        let place = Place(campaign: campaign, arrived: now.instant, requests: [campaign.request])
        let election = begin(key, place, behind: 0, names[key]!.lease!, now)
        say(.elected(election), to: campaign.request)
    }

    private mutating func makeMember(_ campaign: Campaign, maxAttempts: Int, _ now: Now) -> Key {
        let token = next()
        let key = Key(namespace: campaign.key.namespace, name: "\(campaign.key.name).hold-\(token)")
        var own = LeaseRecord(
            key: key, revision: token, created: token, createdAt: now.wall, way: .lock,
            maxAttempts: maxAttempts, transitions: 1)
        own.group = campaign.key.name
        own.hold = Hold(
            token: token, holder: campaign.holder, campaignID: campaign.campaignID,
            principal: campaign.principal, duration: campaign.duration, attempt: 1, began: now.wall,
            inputsDigest: campaign.inputsDigest, supersedes: nil, info: campaign.info)
        own.hold!.mode = campaign.mode
        own.hold!.work = campaign.work
        own.hold!.also = campaign.also.map(\.name)
        names[key] = Name(lease: own)
        return key
    }

    /// Waits that ended are recorded, if there were any.
    mutating func endWaits(_ waits: Waits, of key: Key, _ now: Now) {
        guard waits.elected + waits.settled > 0 else { return }
        endedWaits.append(WaitsRecord(key: key, revision: next(), at: now.wall, waits: waits))
    }

    /// A member's hold has ended.
    mutating func dismiss(_ member: Key, _ record: HoldRecord, _ now: Now) {
        names[member]!.lease = nil
        _ = next()
        if record.mode == .observe { return }
        let key = record.key
        if record.end!.how != .undelivered {
            var lease = names[key]!.lease!
            lease.revision = next()
            remember(record, nil, &lease)
            names[key]!.lease = lease
        }
        handOver(key, now)
    }

    /// What the name tells of a hold that ended. `written` is it, if a Kubernetes client may have begun it.
    func remember(_ record: HoldRecord, _ written: Hold?, _ lease: inout LeaseRecord) {
        let end = record.end!
        if end.how == .undelivered { return }
        lease.last = EndedHold(
            token: record.token, holder: record.holder, how: end.how, reason: end.reason, ended: end.at)
        guard lease.way == .lock, written?.isWritten != true else { return }
        let before = lease.abandoned
        if end.how == .expired || end.how == .abandoned {
            lease.abandoned.holds.append(
                AbandonedHold(
                    token: record.token, holder: record.holder, mode: record.mode, how: end.how,
                    phase: record.phases.last?.name, reason: end.reason, ended: end.at, work: record.work))
            if lease.abandoned.holds.count == 65 {
                lease.abandoned.holds.remove(at: 0)
                lease.abandoned.beyond += 1
            }
        } else if end.how == .resigned {
            lease.abandoned.holds.removeAll { held in
                if let work = held.work { return work == record.work }
                return record.work == nil && held.mode == .exclusive && record.mode == .exclusive
            }
            if lease.abandoned.holds.isEmpty { lease.abandoned.beyond = 0 }
        }
        if before != lease.abandoned { lease.version = lease.revision }
    }

    mutating func clear(_ clearing: Clearing) throws(Rejection) {
        let key = clearing.key
        names[key] = names[key] ?? Name()
        if let index = names[key]!.lease?.abandoned.holds.firstIndex(where: { $0.token == clearing.token }) {
            let hold = names[key]!.lease!.abandoned.holds.remove(at: index)
            if names[key]!.lease!.abandoned.holds.isEmpty { names[key]!.lease!.abandoned.beyond = 0 }
            names[key]!.lease!.revision = next()
            names[key]!.lease!.version = revision
            return say(.cleared(hold), to: clearing.request)
        }
        guard let record = history[clearing.token], record.key == key, let before = AbandonedHold(record)
        else {
            throw .notAbandoned(token: clearing.token)
        }
        say(.cleared(before), to: clearing.request)
    }

    mutating func enter(_ phase: String, _ claim: Claim, _ now: Now) throws(Rejection) {
        let hold = try held(claim, now)
        if hold.phases.last?.name != phase {
            let entered = Phase(name: phase, at: now.wall, revision: next())
            names[claim.key]!.lease!.hold!.phases.append(entered)
            if hold.phases.count == 100 { names[claim.key]!.lease!.hold!.phases.remove(at: 0) }
            names[claim.key]!.lease!.revision = revision
            names[claim.key]!.lease!.version = revision
            history[claim.token]!.phases = names[claim.key]!.hold!.phases
        }
        say(.phased(view(claim.key, now)!), to: claim.request)
    }
}

extension Mode {
    var isPermits: Bool { if case .permits = self { true } else { false } }
}
