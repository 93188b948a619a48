@testable import Coordination

/// How holds begin and end, and what follows.
extension Model {
    mutating func elect(_ place: Place, _ now: Now) {
        let election = hold(place, now)
        for request in place.requests { say(.elected(election), to: request) }
    }

    mutating func hold(_ place: Place, _ now: Now) -> Election {
        let campaign = place.campaign
        let key = campaign.key
        if campaign.mode != .exclusive { return holdMember(place, now) }
        if names[key]!.lease == nil { beginNamespace(key.namespace, now) }
        let token = next()
        let limit = campaign.maxAttempts ?? settings.defaultMaxAttempts
        var lease =
            names[key]!.lease
            ?? LeaseRecord(
                key: key, revision: token, created: token, createdAt: now.wall, way: campaign.way,
                maxAttempts: limit)
        if lease.way != campaign.way { lease.failures = 0 }
        if lease.failures == 0 { lease.maxAttempts = limit }
        lease.way = campaign.way
        lease.revision = token
        lease.version = token
        lease.transitions = max(Int(lease.written?.transitions ?? 0), lease.transitions) + 1
        lease.written = nil
        var hold = Hold(
            token: token, holder: campaign.holder, campaignID: campaign.campaignID,
            principal: campaign.principal, duration: campaign.duration, attempt: lease.failures + 1,
            began: now.wall, inputsDigest: campaign.inputsDigest,
            supersedes: names[key]!.marker == nil ? nil : campaign.supersedes, info: campaign.info)
        hold.work = campaign.work
        hold.also = campaign.also.map(\.name)
        lease.hold = hold
        names[key]!.lease = lease
        return begin(key, place, behind: names[key]!.queue.count, lease, now)
    }

    private func beginning(_ key: Key) -> HoldRecord {
        let (lease, hold) = (names[key]!.lease!, names[key]!.hold!)
        var record = HoldRecord(
            key: lease.nameKey, token: hold.token, way: lease.way, holder: hold.holder,
            campaignID: hold.campaignID, principal: hold.principal, attempt: hold.attempt, info: hold.info,
            began: hold.began)
        record.mode = hold.mode
        record.work = hold.work
        return record
    }

    /// The hold that the lease has begins; `lease` is the name's.
    mutating func begin(
        _ key: Key, _ place: Place, behind: Int, _ lease: LeaseRecord, _ now: Now
    ) -> Election {
        let campaign = place.campaign
        let hold = names[key]!.hold!
        names[key]!.deadline = now.instant + hold.duration
        names[key]!.confirmWithin = campaign.confirmWithin
        names[key]!.confirmBy = campaign.confirmWithin.map { now.instant + $0 }
        names[key]!.renewed = nil
        names[key]!.showAt = nil
        names[key]!.shownAt = now.instant
        names[key]!.given = place.requests.count
        history[hold.token] = beginning(key)
        return Election(
            lease: names[key]!.lease!, hold: hold, previous: lease.last, abandoned: lease.abandoned,
            queueLength: behind)
    }

    mutating func end(
        _ key: Key, _ how: HoldEnd, _ reason: String?, _ by: String?, _ now: Now
    ) -> HoldRecord {
        let hold = names[key]!.hold!
        var record = history[hold.token]!
        record.end = .init(how: how, reason: reason, by: by, at: now.wall, revision: next())
        history[hold.token] = record
        var lease = names[key]!.lease!
        lease.hold = nil
        lease.revision = revision
        if lease.group == nil { remember(record, hold, &lease) }
        if !hold.isWritten {
            if [.failed, .expired, .abandoned].contains(how) { lease.failures += 1 }
            if lease.way == .lock && how == .resigned { lease.failures = 0 }
        }
        // What a client wrote stays as it is, unless an operator ends it.
        if !hold.isWritten || how == .revoked {
            lease.written = nil
            lease.version = revision
        }
        names[key]!.lease = lease
        names[key]!.confirmBy = nil
        names[key]!.renewed = nil
        names[key]!.showAt = nil
        names[key]!.given = 0
        lastWasWritten = hold.isWritten
        lastInputs = hold.inputsDigest
        return record
    }

    mutating func passOn(_ key: Key, _ record: HoldRecord, _ now: Now) {
        let lease = names[key]!.lease!
        let end = record.end!
        if lease.group != nil { return dismiss(key, record, now) }
        guard lease.way == .once, !lastWasWritten, [.failed, .expired, .abandoned].contains(end.how),
            lease.failures >= lease.maxAttempts, !isTerminating(key)
        else { return handOver(key, now) }
        dropMarker(key)
        let reason = "attempt \(record.attempt) of \(lease.maxAttempts) ended: \(end.reason ?? "\(end.how)")"
        settle(
            DoneMarker(
                key: key, revision: next(), finding: Finding(outcome: .failed, reason: reason),
                inputsDigest: lastInputs, holder: record.holder, principal: record.principal,
                token: record.token, attempt: record.attempt, info: record.info, start: record.began,
                end: now.wall, retention: settings.failedRetention), ending: true, now)
    }

    mutating func handOver(_ key: Key, _ now: Now, checksRoom: Bool = false) {
        if electAll(key, now, checksRoom: checksRoom) { return }
        tellOrphaned(key, now)
    }

    mutating func settle(_ marker: DoneMarker, ending: Bool, _ now: Now) {
        let key = marker.key
        names[key]!.marker = marker
        names[key]!.markerExpiry = marker.retention.map { now.instant + $0 }
        if names[key]!.lease != nil {
            names[key]!.lease!.failures = 0
            names[key]!.lease!.revision = next()
            if ending { names[key]!.lease!.version = revision }
        }
        let queue = names[key]!.queue
        names[key]!.queue = []
        var counted = Waits()
        for place in queue {
            if place.isPresent {
                let waited = now.instant - place.arrived
                counted.settled += 1
                counted.settledTime = counted.settledTime + waited
                if marker.finding.outcome == .succeeded, marker.token != nil {
                    let work = (marker.end.microseconds - marker.start.microseconds) * 1000
                    counted.avoided += 1
                    counted.avoidedTime = counted.avoidedTime + Interval(nanoseconds: max(0, work))
                }
            }
            for request in place.requests {
                if let stored = marker.inputsDigest, let given = place.campaign.inputsDigest, stored != given
                {
                    say(.refused(.inputsMismatch(stored: stored, given: given)), to: request)
                } else {
                    say(.settled(marker), to: request)
                }
            }
        }
        tellWaiters(key)
        endWaits(counted, of: key, now)
    }
}
