// How renewals become visible to Kubernetes clients.
//
// A renewal is answered from memory and costs no flush, so the object can't change with each:
// one version never has two contents. It changes now and then instead, in a turn of its own.
// Other holders judge by that whether the holder lives: so it is often enough for a duration
// of which two thirds are left. All that is due within half a second shares one turn.

enum Publication {
    static let longest = Interval.seconds(10)
    static let beat = Interval.milliseconds(500)

    /// When a renewal at `now` is shown, if the reader saw something last at `latest`.
    static func moment(after latest: Instant, _ hold: Hold, at now: Now) -> Instant {
        let period = min(Interval(nanoseconds: hold.duration.nanoseconds / 3), longest)
        let earliest = max(now.instant, latest + period).nanoseconds
        let beats = (earliest + beat.nanoseconds - 1) / beat.nanoseconds
        return Instant(nanoseconds: beats * beat.nanoseconds)
    }
}

extension Coordinator {
    mutating func publishIfDue(_ name: inout NameState, at now: Now, _ effects: inout [Effect]) {
        guard let moment = name.publishAt, moment <= now.instant, var lease = name.lease,
            lease.hold != nil
        else { return }
        lease.hold!.publishedRenewal = name.lastRenewal
        lease.revision = nextRevision()
        lease.version = lease.revision
        name.lease = lease
        name.publishAt = nil
        name.publishedAt = now.instant
        keepLease(&name, &effects)
    }
}
