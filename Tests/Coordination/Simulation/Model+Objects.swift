@testable import Coordination

/// What Kubernetes clients do.
extension Model {
    mutating func write(_ write: LeaseWrite, _ now: Now) throws(Rejection) {
        let key = write.key
        names[key] = names[key] ?? Name()
        let before = names[key]!.lease
        if write.precondition == .absent { try refuseIfTerminating(key) }
        switch write.precondition {
        case .absent: if let before { throw .exists(before) }
        case .version(let version):
            if before?.version != version { throw .revisionDiffers(current: before?.version ?? 0) }
        }
        if before == nil, key.name.contains(".hold-") { throw .reserved(key) }
        var lease = before ?? newLease(key, now)
        let isChange = before == nil || write.spec != lease.spec
        let hold = lease.hold
        if isChange, let hold, !hold.isWritten { throw .held(view(key, now)!) }
        if isChange, !members(key).isEmpty { throw .held(view(key, now)!) }
        let holder = write.spec.holder ?? ""
        let begins = isChange && holder != "" && hold?.holder != holder
        if begins, isQuarantined(now) { throw .restoreQuarantine(remaining: quarantineUntil! - now.instant) }
        if begins { try refuseIfTerminating(key) }
        if !isChange, lease.metadata == write.metadata {
            return say(.written(lease), to: write.request)
        }
        if before == nil { try room(key, electing: .lock) }
        if write.isDryRun {
            lease.metadata = write.metadata
            if isChange { lease.written = write.spec }
            return say(.written(lease), to: write.request)
        }
        let gone = hold != nil && isChange && hold?.holder != holder
        if gone {
            let how: HoldEnd = begins ? .revoked : .resigned
            let reason = begins ? "\(holder) was written as holder over \(hold!.holder)" : nil
            _ = end(key, how, reason, write.principal, now)
            lease = names[key]!.lease!
        }
        lease.metadata = write.metadata
        if isChange { lease.written = write.spec }
        if before == nil { beginNamespace(key.namespace, now) }
        if !gone || begins { _ = next() }
        lease.revision = revision
        lease.version = revision
        if before == nil { lease.created = revision }
        names[key]!.lease = lease
        if begins { beginWritten(write, now) }
        if isChange, hold != nil, hold?.holder == holder { renewWritten(write, now) }
        say(.written(names[key]!.lease!), to: write.request)
        if gone, !begins { _ = electAll(key, now) }
    }

    private func newLease(_ key: Key, _ now: Now) -> LeaseRecord {
        var lease = LeaseRecord(
            key: key, revision: 0, created: 0, createdAt: now.wall, way: .lock,
            maxAttempts: settings.defaultMaxAttempts)
        lease.isClients = true
        return lease
    }

    private func length(_ write: LeaseWrite) -> Interval {
        write.spec.durationSeconds.map { .seconds(Int64($0)) } ?? settings.writtenDuration
    }

    private mutating func beginWritten(_ write: LeaseWrite, _ now: Now) {
        var hold = Hold(
            token: revision, holder: write.spec.holder!, campaignID: nil, principal: write.principal,
            duration: length(write), attempt: 1, began: now.wall, inputsDigest: nil, supersedes: nil,
            info: [:])
        hold.isWritten = true
        names[write.key]!.lease!.hold = hold
        names[write.key]!.deadline = now.instant + hold.duration
        names[write.key]!.confirmBy = nil
        names[write.key]!.renewed = nil
        names[write.key]!.given = 1
        history[revision] = HoldRecord(
            key: write.key, token: revision, way: names[write.key]!.lease!.way, holder: hold.holder,
            campaignID: nil, principal: hold.principal, attempt: 1, info: [:], began: hold.began)
    }

    private mutating func renewWritten(_ write: LeaseWrite, _ now: Now) {
        names[write.key]!.lease!.hold!.duration = length(write)
        names[write.key]!.deadline = now.instant + length(write)
        names[write.key]!.renewed = now.wall
    }

    mutating func delete(_ deletion: LeaseDeletion, _ now: Now) throws(Rejection) {
        let key = deletion.key
        guard let lease = names[key]?.lease else {
            names[key] = names[key] ?? Name()
            throw .notFound(key)
        }
        if let version = deletion.version, version != lease.version {
            throw .revisionDiffers(current: lease.version)
        }
        if lease.hold != nil || !members(key).isEmpty, !deletion.mayRevoke { throw .held(view(key, now)!) }
        if deletion.isDryRun { return say(.deleted(lease), to: deletion.request) }
        if lease.group != nil {
            passOn(key, end(key, .revoked, "the lease was deleted", deletion.by, now), now)
            return say(.deleted(lease), to: deletion.request)
        }
        for member in members(key) {
            _ = end(member, .revoked, "the lease was deleted", deletion.by, now)
            names[member]!.lease = nil
            _ = next()
        }
        if lease.hold != nil {
            _ = end(key, .revoked, "the lease was deleted", deletion.by, now)
            tellOrphaned(key, now)
        }
        names[key]!.lease = nil
        _ = next()
        say(.deleted(lease), to: deletion.request)
        _ = electAll(key, now)
    }
}
