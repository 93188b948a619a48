// What a holder may do: renew, complete, resign. And what an operator may: revoke.

extension Coordinator {
    /// Renews at once, without a turn, if the hold is alive and its beginning is on disk.
    ///
    /// This is how renewals go on while a commit is in its flush, or the disk is full.
    /// Nil: it has to go through a turn.
    public mutating func renewAtOnce(_ asked: Claim, at now: Now) -> Reply? {
        let claim = homed(asked)
        guard let index = names.index(forKey: claim.key),
            let lease = names[at: index].lease, let hold = lease.hold,
            hold.token == claim.token, hold.token <= durableRevision, hold.isOf(claim)
        else { return nil }
        extend(hold, of: claim.key, at: index, at: now)
        return .renewed(durableView(of: names[at: index], hold, now))
    }

    /// Extends the hold by its full duration. Costs no flush: the duration is stored, the deadline isn't.
    mutating func renew(_ claim: Claim, at now: Now, _ effects: inout [Effect]) throws(Rejection) {
        let hold = try present(claim, at: now)
        let index = names.index(forKey: claim.key)!
        extend(hold, of: claim.key, at: index, at: now)
        let view = durableView(of: names[at: index], hold, now)
        // What a renewal reveals is that the hold is alive: it depends on the hold's beginning only.
        effects.append(.answer(claim.request, .renewed(view), after: hold.token))
        settle(claim.request)
    }

    /// The lease without what this turn has changed: somebody may have written its metadata.
    private func durableView(of name: NameState, _ hold: Hold, _ now: Now) -> LeaseView {
        var view = view(of: name, now)!
        if let before = touchedNames[view.record.key]?.lease, before.hold?.token == hold.token {
            view.record = before
        }
        return view
    }

    private mutating func extend(
        _ hold: Hold, of key: Key, at index: NameTable.Index, at now: Now
    ) {
        let before = names[at: index].publishAt
        names[at: index].extend(hold, at: now)
        touchedNames[key]?.extend(hold, at: now)
        guard let publishAt = names[at: index].publishAt, before == nil else { return }
        guard names[at: index].armed.map({ publishAt < $0 }) ?? true else { return }
        timers.arm(.name(key), at: publishAt)
        names[at: index].armed = publishAt
    }

    /// Ends the hold with a done marker, in one step, and tells everyone who waits.
    ///
    /// In a namespace that is being deleted there is no new marker: it would be gone before anybody could
    /// rely on it, and a holder that is told "done" would think that others find it. So the hold stays as
    /// it is until it is expunged, and the history says `revoked`, which is the truth. The holder may
    /// still renew, and resign.
    mutating func complete(
        _ claim: Claim, _ finding: Finding, _ retention: Interval? = nil, at now: Now,
        _ effects: inout [Effect]
    ) throws(Rejection) {
        if let answer = try repeated(claim, finding) {
            return say(answer, to: claim.request, &effects)
        }
        let hold = try present(claim, at: now)
        guard names[claim.key]!.lease!.way == .once else { throw .lockHasNoMarker }
        try refuseIfTerminating(claim.key.namespace)
        var name = take(claim.key)
        defer { shelve(name, claim.key) }
        let how: HoldEnd = finding.outcome == .succeeded ? .completed : .failed
        let record = endHold(&name, how, reason: finding.reason, by: nil, at: now, &effects)
        dropMarker(&name, claim.key, &effects)
        let marker = DoneMarker(
            key: claim.key, revision: nextRevision(), finding: finding, inputsDigest: hold.inputsDigest,
            holder: hold.holder, principal: hold.principal, token: hold.token, attempt: hold.attempt,
            info: hold.info, start: hold.began, end: now.wall,
            retention: retention ?? (finding.outcome == .failed ? settings.failedRetention : nil))
        settleName(&name, with: marker, endingHold: true, at: now, &effects)
        say(.completed(record, marker), to: claim.request, &effects)
    }

    /// Ends the hold without a marker; the next contender is elected at once.
    mutating func resign(
        _ claim: Claim, _ resignation: Resignation, at now: Now, _ effects: inout [Effect]
    ) throws(Rejection) {
        if let record = ended(claim.token, claim.key), record.holder == claim.holder,
            record.principal == claim.principal, record.end?.how == resignation.end
        {
            return say(.ended(record), to: claim.request, &effects)
        }
        _ = try present(claim, at: now)
        var name = take(claim.key)
        defer { shelve(name, claim.key) }
        let record = passOn(&name, resignation.end, reason: resignation.reason, at: now, &effects)
        say(.ended(record), to: claim.request, &effects)
    }

    mutating func revoke(
        _ revocation: Revocation, at now: Now, _ effects: inout [Effect]
    ) throws(Rejection) {
        let key = home(revocation.key, revocation.token)
        guard let hold = names[key]!.lease?.hold, hold.token == revocation.token else {
            guard let record = ended(revocation.token, key) else {
                if names[key]!.lease == nil { throw .notFound(revocation.key) }
                throw .holdEnded(token: revocation.token, record: nil, current: view(of: names[key]!, now))
            }
            guard record.end?.how == .revoked else {
                throw .holdEnded(token: revocation.token, record: record, current: view(of: names[key]!, now))
            }
            return say(.ended(record), to: revocation.request, &effects)
        }
        var name = take(key)
        defer { shelve(name, key) }
        let record = passOn(
            &name, .revoked, reason: revocation.reason, by: revocation.by, at: now, &effects)
        recordRevoke(revocation, ending: record, at: now, &effects)
        say(.ended(record), to: revocation.request, &effects)
    }

    /// The present hold, if the claim is its holder's.
    func present(_ claim: Claim, at now: Now) throws(Rejection) -> Hold {
        let name = names[claim.key]!
        guard let hold = name.lease?.hold, hold.token == claim.token else {
            throw .holdEnded(
                token: claim.token, record: ended(claim.token, claim.key), current: view(of: name, now))
        }
        guard hold.isOf(claim) else { throw .notTheHolder(holder: hold.holder) }
        return hold
    }

    /// What is known of an earlier hold of this name: what this turn ended, or was told of.
    public func ended(_ token: FencingToken, _ key: Key) -> HoldRecord? {
        guard let record = knownHolds[token], record.key == key, record.end != nil else { return nil }
        return record
    }

    /// A `complete` that was applied already gets its answer again.
    private func repeated(_ claim: Claim, _ finding: Finding) throws(Rejection) -> Reply? {
        let name = names[claim.key]!
        guard name.lease?.hold?.token != claim.token else { return nil }
        let record = ended(claim.token, claim.key)
        if let marker = name.marker, marker.token == claim.token {
            guard marker.holder == claim.holder, marker.principal == claim.principal else {
                throw .notTheHolder(holder: marker.holder)
            }
            guard marker.finding == finding else { throw .markerDiffers(marker) }
            return .completed(record ?? HoldRecord(completedBy: marker), marker)
        }
        let sameVerb: HoldEnd = finding.outcome == .succeeded ? .completed : .failed
        guard let record, record.end?.how == sameVerb, record.holder == claim.holder,
            record.principal == claim.principal
        else { return nil }
        return .completed(record, nil)
    }
}

extension NameState {
    /// A renewal is answered at once and not undone: it goes to the name as it is, and to the name
    /// as it was before the turn, if this was its hold then.
    mutating func extend(_ hold: Hold, at now: Now) {
        guard lease?.hold?.token == hold.token else { return }
        deadline = max(deadline, now.instant + hold.duration)
        confirmBy = nil
        lastRenewal = now.wall
        if publishAt == nil { publishAt = Publication.moment(after: publishedAt, hold, at: now) }
    }
}

extension Hold {
    /// Whether the claim is its holder's. Nobody claims what a Kubernetes client wrote: it renews and
    /// ends its hold by writing.
    func isOf(_ claim: Claim) -> Bool {
        !isWritten && holder == claim.holder && principal == claim.principal
    }
}

extension HoldRecord {
    /// The hold as its marker tells it, when the history is pruned.
    init(completedBy marker: DoneMarker) {
        self.init(
            key: marker.key, token: marker.token ?? marker.revision, way: .once, holder: marker.holder,
            campaignID: nil, principal: marker.principal, attempt: marker.attempt, info: marker.info,
            began: marker.start,
            end: End(
                how: marker.finding.outcome == .succeeded ? .completed : .failed,
                reason: marker.finding.reason, by: nil, at: marker.end, revision: marker.revision))
    }
}
