// What Kubernetes clients do to a lease: they write it whole, or delete it.
//
// While a hold of /v1 lives, the spec is the daemon's, and only metadata can be written. Otherwise
// whoever a client writes as holder holds the lease, until its duration is over since the daemon
// last saw the spec change; contenders of /v1 wait for that. The object itself is never altered
// for an expiry: it stays as its writer left it until somebody takes the lease over.

extension Coordinator {
    mutating func write(_ write: LeaseWrite, at now: Now, _ effects: inout [Effect]) throws(Rejection) {
        if write.precondition == .absent { try refuseIfTerminating(write.key.namespace) }
        var name = take(write.key)
        defer { shelve(name, write.key) }
        try check(write.precondition, name.lease)
        if name.lease == nil, write.key.group != nil { throw .reserved(write.key) }
        let step = try step(write.spec, name, at: now)
        if step == .begin { try refuseIfTerminating(write.key.namespace) }
        if step == .nothing, name.lease?.metadata == write.metadata {
            return say(.written(name.lease!), to: write.request, &effects)
        }
        if name.lease == nil { try room(in: write.key.namespace, for: name, leases: 1, markers: 0) }
        guard !write.isDryRun else {
            var lease = name.lease ?? blank(write.key, at: now)
            lease.take(write, step)
            return say(.written(lease), to: write.request, &effects)
        }
        apply(write, step, &name, at: now, &effects)
        say(.written(name.lease!), to: write.request, &effects)
        if step == .release { _ = electNext(&name, at: now, &effects) }
    }

    /// What a written spec does to the hold.
    enum Step {
        /// The spec is as it was.
        case nothing
        /// Nobody holds, and nobody will.
        case change
        case begin
        case renew
        case release
    }

    private func check(_ precondition: LeaseWrite.Precondition, _ lease: LeaseRecord?) throws(Rejection) {
        switch (precondition, lease) {
        case (.absent, nil): return
        case (.absent, let lease?): throw .exists(lease)
        case (.version(let version), let lease?):
            if lease.version != version { throw .revisionDiffers(current: lease.version) }
        case (.version, nil): throw .revisionDiffers(current: 0)
        }
    }

    private func step(_ spec: LeaseSpec, _ name: NameState, at now: Now) throws(Rejection) -> Step {
        let hold = name.lease?.hold
        if let lease = name.lease, lease.spec == spec { return .nothing }
        if let hold, !hold.isWritten { throw .held(view(of: name, now)!) }
        if !name.members.isEmpty { throw .held(view(of: name, now)!) }
        guard let holder = spec.holding else { return hold == nil ? .change : .release }
        if hold?.holder == holder { return .renew }
        if let end = quarantineUntil, now.instant < end {
            throw .restoreQuarantine(remaining: end - now.instant)
        }
        return .begin
    }

    private func blank(_ key: Key, at now: Now) -> LeaseRecord {
        var lease = LeaseRecord(
            key: key, revision: 0, created: 0, createdAt: now.wall, way: .lock,
            maxAttempts: settings.defaultMaxAttempts)
        lease.isClients = true
        return lease
    }

    private mutating func apply(
        _ write: LeaseWrite, _ step: Step, _ name: inout NameState, at now: Now, _ effects: inout [Effect]
    ) {
        if let hold = name.lease?.hold, step == .release || step == .begin {
            let reason = write.spec.holding.map { "\($0) was written as holder over \(hold.holder)" }
            let how: HoldEnd = step == .release ? .resigned : .revoked
            _ = endHold(&name, how, reason: reason, by: write.principal, at: now, &effects)
        }
        if name.lease == nil { beginNamespace(write.key.namespace, at: now, &effects) }
        let was = name.lease.flatMap { $0.metadata == write.metadata ? nil : $0.metadata }
        var lease = name.lease ?? blank(write.key, at: now)
        lease.take(write, step)
        // The end of a hold that is given back is the change itself.
        lease.revision = step == .release ? lease.revision : nextRevision()
        lease.version = lease.revision
        if lease.created == 0 { lease.created = lease.revision }
        name.lease = lease
        if step == .begin { begin(write, &name, at: now) }
        if step == .renew { renew(write, &name, at: now) }
        keepLease(&name, was: was, &effects)
        if step != .nothing { effects.append(.standingsChanged(write.key)) }
    }

    private mutating func begin(_ write: LeaseWrite, _ name: inout NameState, at now: Now) {
        let token = name.lease!.revision
        var hold = Hold(
            token: token, holder: write.spec.holder!, campaignID: nil, principal: write.principal,
            duration: write.spec.duration ?? settings.writtenDuration, attempt: 1, began: now.wall,
            inputsDigest: nil, supersedes: nil, info: [:])
        hold.isWritten = true
        name.lease!.hold = hold
        name.deadline = now.instant + hold.duration
        name.confirmBy = nil
        name.lastRenewal = nil
        name.given = 1
        holdCount += 1
        stir(name.lease!, hold)
        begunHolds.append((write.key, token, nil))
    }

    /// Any change counts: client-go's watchers look for a record that differs, not for a later time.
    private func renew(_ write: LeaseWrite, _ name: inout NameState, at now: Now) {
        let duration = write.spec.duration ?? settings.writtenDuration
        name.lease!.hold!.duration = duration
        name.deadline = now.instant + duration
        name.lastRenewal = now.wall
    }

    mutating func delete(
        _ deletion: LeaseDeletion, at now: Now, _ effects: inout [Effect]
    ) throws(Rejection) {
        var name = take(deletion.key)
        defer { shelve(name, deletion.key) }
        guard let lease = name.lease else { throw .notFound(deletion.key) }
        if let version = deletion.version, version != lease.version {
            throw .revisionDiffers(current: lease.version)
        }
        if lease.hold != nil || !name.members.isEmpty, !deletion.mayRevoke {
            throw .held(view(of: name, now)!)
        }
        guard !deletion.isDryRun else { return say(.deleted(lease), to: deletion.request, &effects) }
        let reason = "the lease was deleted"
        if lease.group != nil {
            let ended = passOn(&name, .revoked, reason: reason, by: deletion.by, at: now, &effects)
            recordDeletion(deletion, of: lease, ending: ended, at: now, &effects)
            return say(.deleted(lease), to: deletion.request, &effects)
        }
        var ended = endMembers(of: &name, deletion.key, reason: reason, by: deletion.by, at: now, &effects)
        if lease.hold != nil {
            ended = [endHold(&name, .revoked, reason: reason, by: deletion.by, at: now, &effects)]
            tellOrphaned(&name, &effects)
        }
        name.lease = nil
        name.isUnwritten = false
        // At once: whoever is next may need the room.
        book(&name, deletion.key)
        effects.append(.persist(.leaseDeleted(lease, at: nextRevision())))
        effects.append(.standingsChanged(deletion.key))
        if ended.isEmpty { recordDeletion(deletion, of: lease, ending: nil, at: now, &effects) }
        for hold in ended { recordDeletion(deletion, of: lease, ending: hold, at: now, &effects) }
        say(.deleted(lease), to: deletion.request, &effects)
        _ = electNext(&name, at: now, &effects)
    }
}

extension LeaseRecord {
    /// What the client wrote. The daemon's own spec stays its own if the client left it as it was.
    fileprivate mutating func take(_ write: LeaseWrite, _ step: Coordinator.Step) {
        metadata = write.metadata
        if step != .nothing { written = write.spec }
    }
}
