@testable import Coordination

/// Each command, in the order of the design's page.
extension Model {
    mutating func apply(_ command: Command, at now: Now) {
        beginStep()
        do {
            switch command {
            case .campaign(let campaign): try self.campaign(campaign, now)
            case .renew(let claim): try renew(homed(claim), now)
            case .complete(let claim, let finding): try complete(homed(claim), finding, now)
            case .resign(let claim, let resignation): try resign(homed(claim), resignation, now)
            case .phase(let claim, let phase): try enter(phase, homed(claim), now)
            case .clearAbandoned(let clearing): try clear(clearing)
            case .revoke(let revocation): try revoke(revocation, now)
            case .mark(let marking): try mark(marking, now)
            case .unmark(let unmarking): try unmark(unmarking, now)
            case .describe(let description): try describe(description, now)
            case .wait(let wait): try self.wait(wait, now)
            case .waitFor: preconditionFailure("the dice know of no conditions")
            case .write(let write): try self.write(write, now)
            case .delete(let deletion): try delete(deletion, now)
            case .writeNamespace(let write): try writeNamespace(write, now)
            case .terminateNamespace(let termination): try terminate(termination, now)
            case .expunge(let keys, let by): expunge(keys, by, now)
            case .removeNamespace(let name, let version): removeNamespace(name, version)
            case .forsake(let request): depart(request, now)
            case .takeBack(let key, let token): takeBack(key, token, now)
            case .sweep(let key, let revision): sweep(key, revision)
            case .record: break
            case .alias: preconditionFailure("aliases have seeds of their own")
            }
        } catch {
            endStep()
            return say(.refused(error), to: command.request!)
        }
        endStep()
    }

    private mutating func campaign(_ campaign: Campaign, _ now: Now) throws(Rejection) {
        let key = campaign.key
        try refuseIfTerminating(key)
        if !campaign.also.isEmpty { return try campaignForSeveral(campaign, now) }
        names[key] = names[key] ?? Name()
        if key.name.contains(".hold-") {
            if names[key]!.hold == nil { throw .reserved(key) } else { throw .held(view(key, now)!) }
        }
        if campaign.mode == .observe { return try observe(campaign, now) }
        dropFailedMarker(key, now)
        let name = names[key]!
        if campaign.way == .once, let marker = name.marker, marker.revision != campaign.supersedes {
            try compare(marker.inputsDigest, campaign.inputsDigest)
            return say(.settled(marker), to: campaign.request)
        }
        if let inUse = wayInUse(key), inUse != campaign.way {
            throw .wayConflict(current: inUse, asked: campaign.way)
        }
        if let inUse = modeInUse(key), inUse != campaign.mode, inUse.isPermits || campaign.mode.isPermits {
            throw .modeConflict(current: inUse, asked: campaign.mode)
        }
        for home in [key] + members(key) {
            guard let hold = names[home]!.hold, !hold.isWritten,
                Place(campaign: campaign, arrived: now.instant).isOf(hold.asCampaign(key))
            else { continue }
            if hold.mode != campaign.mode {
                throw .modeConflict(current: hold.mode, asked: campaign.mode)
            }
            if !hold.also.isEmpty {
                throw .namesConflict(current: [key.name] + hold.also, asked: [key.name])
            }
            names[home]!.given += 1
            names[home]!.deadline = max(names[home]!.deadline, now.instant + hold.duration)
            let election = Election(
                lease: names[home]!.lease!, hold: hold, previous: name.lease!.last,
                abandoned: name.lease!.abandoned, queueLength: name.queue.count)
            return say(.elected(election), to: campaign.request)
        }
        try refuseIfAbandoned(campaign)
        if let hold = name.hold {
            try compare(hold.inputsDigest, campaign.inputsDigest)
        } else if !isQuarantined(now) && fits(campaign) && isNext(campaign, key) {
            try refuseOtherNames(campaign, key)
            try room(key, electing: campaign.way, mode: campaign.mode)
            names[key]!.queue.removeAll { $0.isOf(campaign) }
            return elect(
                Place(campaign: campaign, arrived: now.instant, requests: [campaign.request]), now)
        }
        try enqueue(campaign, now)
    }

    private mutating func enqueue(_ campaign: Campaign, _ now: Now) throws(Rejection) {
        let key = campaign.key
        if let until = campaign.waitUntil, until > now.instant {
            try roomToWait(for: [key], campaign.client)
        }
        try refuseOtherNames(campaign, key)
        var index = names[key]!.queue.firstIndex { $0.isOf(campaign) }
        if index == nil {
            if names[key]!.queue.count >= settings.contendersMax {
                throw .tooMany(.queue, limit: settings.contendersMax)
            }
            names[key]!.queue.append(Place(campaign: campaign, arrived: now.instant))
            index = names[key]!.queue.count - 1
        }
        names[key]!.queue[index!].campaign = campaign
        let place = standing(key, index!, now)
        if let until = campaign.waitUntil, until > now.instant {
            names[key]!.queue[index!].requests.append(campaign.request)
            names[key]!.queue[index!].graceUntil = nil
            patience[campaign.request] = until
            clients[campaign.request] = campaign.client
            said.append(Said(request: campaign.request, standing: place, after: revision))
        } else {
            if !names[key]!.queue[index!].isPresent {
                names[key]!.queue[index!].graceUntil = now.instant + settings.reconnectGrace
            }
            say(.waiting(place), to: campaign.request)
        }
    }

    private mutating func renew(_ claim: Claim, _ now: Now) throws(Rejection) {
        let hold = try held(claim, now)
        extend(claim.key, now)
        say(.renewed(renewalView(claim, now)), to: claim.request, after: hold.token)
    }

    /// As the disk has the lease, since a renewal doesn't wait for the disk.
    func renewalView(_ claim: Claim, _ now: Now) -> LeaseView {
        var view = view(claim.key, now)!
        let before = beforeTurn?.names[claim.key]?.lease
        if let before, before.hold?.token == claim.token { view.record = before }
        return view
    }

    private mutating func complete(_ claim: Claim, _ finding: Finding, _ now: Now) throws(Rejection) {
        let key = claim.key
        let how: HoldEnd = finding.outcome == .succeeded ? .completed : .failed
        if names[key]?.hold?.token != claim.token {
            let record = past(claim)
            if let marker = names[key]?.marker, marker.token == claim.token {
                guard (marker.holder, marker.principal ?? "") == (claim.holder, claim.principal ?? "") else {
                    throw .notTheHolder(holder: marker.holder)
                }
                guard marker.finding == finding else { throw .markerDiffers(marker) }
                return say(.completed(record!, marker), to: claim.request)
            }
            if let record, record.end!.how == how, record.holder == claim.holder,
                record.principal == claim.principal
            {
                return say(.completed(record, nil), to: claim.request)
            }
        }
        let hold = try held(claim, now)
        guard names[key]!.lease!.way == .once else { throw .lockHasNoMarker }
        try refuseIfTerminating(key)
        let record = end(key, how, finding.reason, nil, now)
        dropMarker(key)
        let marker = DoneMarker(
            key: key, revision: next(), finding: finding, inputsDigest: hold.inputsDigest,
            holder: hold.holder, principal: hold.principal, token: hold.token, attempt: hold.attempt,
            info: hold.info, start: hold.began, end: now.wall,
            retention: finding.outcome == .failed ? settings.failedRetention : nil)
        settle(marker, ending: true, now)
        say(.completed(record, marker), to: claim.request)
    }

    private mutating func resign(
        _ claim: Claim, _ resignation: Resignation, _ now: Now
    ) throws(Rejection) {
        let ends: [Resignation.Outcome: HoldEnd] = [
            .released: .resigned, .failed: .failed, .abandoned: .abandoned,
        ]
        let how = ends[resignation.outcome]!
        if names[claim.key]?.hold?.token != claim.token, let record = past(claim), record.end!.how == how,
            record.holder == claim.holder, record.principal == claim.principal
        {
            return say(.ended(record), to: claim.request)
        }
        _ = try held(claim, now)
        let record = end(claim.key, how, resignation.reason, nil, now)
        passOn(claim.key, record, now)
        say(.ended(record), to: claim.request)
    }

    private mutating func revoke(_ revocation: Revocation, _ now: Now) throws(Rejection) {
        let claim = homed(
            Claim(request: revocation.request, key: revocation.key, holder: "", token: revocation.token))
        let key = claim.key
        if names[key]?.hold?.token == revocation.token {
            let record = end(key, .revoked, revocation.reason, revocation.by, now)
            passOn(key, record, now)
            return say(.ended(record), to: revocation.request)
        }
        names[key] = names[key] ?? Name()
        let record = past(claim)
        if let record, record.end!.how == .revoked { return say(.ended(record), to: revocation.request) }
        if record == nil && names[key]!.lease == nil { throw .notFound(revocation.key) }
        throw .holdEnded(token: revocation.token, record: record, current: view(key, now))
    }

    private mutating func takeBack(_ asked: Key, _ token: FencingToken, _ now: Now) {
        let key = homed(Claim(request: 0, key: asked, holder: "", token: token)).key
        guard names[key]?.hold?.token == token else { return }
        names[key]!.given -= 1
        guard names[key]!.given <= 0, names[key]!.renewed == nil, names[key]!.hold!.phases.isEmpty else {
            return
        }
        passOn(key, end(key, .undelivered, nil, nil, now), now)
    }

    private mutating func sweep(_ key: Key, _ revision: Revision) {
        guard let name = names[key], let lease = name.lease, lease.hold == nil, lease.revision == revision,
            name.queue.isEmpty, lease.written == nil, !lease.isClients, members(key).isEmpty,
            lease.abandoned.holds.allSatisfy({ $0.mode == .exclusive && $0.work == nil })
        else { return }
        names[key]!.lease = nil
        _ = next()
    }

    mutating func held(_ claim: Claim, _ now: Now) throws(Rejection) -> Hold {
        names[claim.key] = names[claim.key] ?? Name()
        guard let hold = names[claim.key]!.hold, hold.token == claim.token else {
            throw .holdEnded(token: claim.token, record: past(claim), current: view(claim.key, now))
        }
        guard !hold.isWritten, hold.holder == claim.holder, hold.principal == claim.principal else {
            throw .notTheHolder(holder: hold.holder)
        }
        return hold
    }

    /// The hold of this token, if it is over and was of this name.
    private func past(_ claim: Claim) -> HoldRecord? {
        guard let record = history[claim.token], record.key == claim.key, record.end != nil else {
            return nil
        }
        return record
    }

    func compare(_ stored: String?, _ given: String?) throws(Rejection) {
        if let stored, let given, stored != given { throw .inputsMismatch(stored: stored, given: given) }
    }
}

extension Hold {
    func asCampaign(_ key: Key) -> Campaign {
        Campaign(
            request: 0, key: key, holder: holder, campaignID: campaignID, principal: principal,
            duration: duration)
    }
}
