import Coordination
import JSON

/// The objects that answers are made of, as members of an object that has been begun.
extension Elections {
    func write(_ view: LeaseView, to writer: inout JSONWriter) {
        let record = view.record
        writer.member("namespace", record.key.namespace)
        writer.member("name", record.key.name)
        // Of a lease that is one of several of a name: which.
        writer.member("memberOf", record.group)
        writer.name("uid")
        writer.bytes.append(UInt8(ascii: "\""))
        writer.bytes.append(uid: UID(incarnation: incarnation, created: record.created))
        writer.bytes.append(UInt8(ascii: "\""))
        writer.member("revision", record.revision)
        writer.member("marker", record.way.word)
        writer.member("held", view.isHeld)
        write(view.mode, to: &writer)
        if let hold = record.hold { write(hold, view, to: &writer) }
        writeHolders(view, to: &writer)
        write(record.abandoned, to: &writer)
        writer.member("maxAttempts", record.maxAttempts)
        writer.member("failures", record.failures)
        writer.member("transitions", record.transitions)
        writer.member("queueLength", view.queueLength)
        write("last", record.last, to: &writer)
    }

    private func write(_ hold: Hold, _ view: LeaseView, to writer: inout JSONWriter) {
        writer.member("holderIdentity", hold.holder)
        writer.member("campaignID", hold.campaignID)
        writer.member("fencingToken", hold.token)
        writer.member("leaseDuration", hold.duration)
        writer.member("remaining", view.remaining?.shown)
        writer.member("beginTime", hold.began)
        // An election counts as the first renewal.
        writer.member("lastRenewal", view.lastRenewal ?? hold.began)
        writer.member("attempt", hold.attempt)
        writer.member("inputsDigest", hold.inputsDigest)
        writer.member("supersedes", hold.supersedes)
        writer.member("work", hold.work)
        if !hold.also.isEmpty { writer.member("also", hold.also) }
        write(hold.phase, to: &writer)
        writer.member("info", hold.info)
    }

    /// How the hold before ended, or null.
    func write(_ name: StaticString, _ ended: EndedHold?, to writer: inout JSONWriter) {
        guard let ended else { return writer.null(name) }
        writer.member(name) { writer in
            writer.member("fencingToken", ended.token)
            writer.member("holderIdentity", ended.holder)
            writer.member("end", ended.how.word)
            writer.member("reason", ended.reason)
            writer.member("endTime", ended.ended)
        }
    }

    func write(_ marker: DoneMarker, to writer: inout JSONWriter) {
        writer.member("namespace", marker.key.namespace)
        writer.member("name", marker.key.name)
        writer.member("revision", marker.revision)
        writer.member("outcome", marker.finding.outcome == .succeeded ? "Succeeded" : "Failed")
        writer.member("reason", marker.finding.reason)
        writer.member("result", marker.finding.result)
        writer.name("artifacts")
        writer.array(marker.finding.artifacts) { writer, artifact in
            writer.object {
                $0.member("name", artifact.name)
                $0.member("digest", artifact.digest)
                $0.member("size", artifact.size)
            }
        }
        writer.member("inputsDigest", marker.inputsDigest)
        writer.member("holderIdentity", marker.holder)
        writer.member("principal", marker.principal)
        writer.member("fencingToken", marker.token)
        writer.member("attempt", marker.attempt)
        writer.member("info", marker.info)
        writer.member("startTime", marker.start)
        writer.member("endTime", marker.end)
        writer.member("retention", marker.retention)
    }

    func write(_ hold: HoldRecord, to writer: inout JSONWriter) {
        writer.member("namespace", hold.key.namespace)
        writer.member("name", hold.key.name)
        writer.member("fencingToken", hold.token)
        writer.member("marker", hold.way.word)
        writer.member("holderIdentity", hold.holder)
        writer.member("campaignID", hold.campaignID)
        writer.member("principal", hold.principal)
        writer.member("attempt", hold.attempt)
        writer.member("info", hold.info)
        write(hold.mode, to: &writer)
        writer.member("work", hold.work)
        write(hold.phases, to: &writer)
        writer.member("beginTime", hold.began)
        guard let end = hold.end else { return }
        writer.member("endTime", end.at)
        writer.member("end", end.how.word)
        writer.member("reason", end.reason)
        writer.member("endedBy", end.by)
    }

    func write(_ standing: Standing, to writer: inout JSONWriter) {
        writer.member("outcome", "waiting")
        writer.member("reason", standing.reason.word)
        writer.member("position", standing.position)
        writer.member("queueLength", standing.queueLength)
        writer.member("lease") { write(standing.lease, to: &$0) }
        guard !standing.also.isEmpty else { return }
        writer.name("also")
        writer.array(standing.also) { writer, standing in
            writer.object { writeOther(standing, to: &$0) }
        }
    }

    /// Of another name that a campaign waits for: as much as a line to a person needs.
    private func writeOther(_ standing: Standing, to writer: inout JSONWriter) {
        writer.member("name", standing.lease.record.key.name)
        writer.member("reason", standing.reason.word)
        writer.member("position", standing.position)
        writer.member("queueLength", standing.queueLength)
        guard let hold = standing.lease.record.hold ?? standing.lease.shared.first?.hold else { return }
        writer.member("holderIdentity", hold.holder)
        writer.member("fencingToken", hold.token)
        writer.member(
            "remaining", (standing.lease.remaining ?? standing.lease.shared.first?.remaining)?.shown)
        if standing.lease.sharedCount > 1 { writer.member("holderCount", standing.lease.sharedCount) }
    }
}

extension Interval {
    /// Time left, as it is told: whole milliseconds, rounded down, so that nobody is promised a
    /// moment that isn't there; never below 0.
    var shown: Interval { .milliseconds(max(0, nanoseconds) / 1_000_000) }
}

extension Way {
    var word: String {
        switch self {
        case .once: "once"
        case .lock: "none"
        }
    }
}

extension HoldEnd {
    /// As it is written in answers.
    public var word: String {
        switch self {
        case .completed: "completed"
        case .resigned: "resigned"
        case .failed: "failed"
        case .expired: "expired"
        case .abandoned: "abandoned"
        case .revoked: "revoked"
        case .undelivered: "undelivered"
        case .unconfirmed: "unconfirmed"
        }
    }
}

extension Standing.Reason {
    var word: String {
        switch self {
        case .held: "Held"
        case .sameIdentityHolds: "SameIdentityHolds"
        case .restoreQuarantine: "RestoreQuarantine"
        case .free: "Free"
        case .kept: "Kept"
        }
    }
}
