@testable import Coordination

/// client-go's leader election (tools/leaderelection), as its algorithm stands: get or create,
/// judge another's record by the time at which it was seen to change, update with the version read.
struct Elector {
    let identity: String
    let leaseDuration = Interval.seconds(15)
    let renewDeadline = Interval.seconds(10)
    let retryPeriod = Interval.seconds(2)

    /// The record as it was seen last, and when it was seen to have changed.
    var observed: LeaseSpec?
    var observedAt = Instant(nanoseconds: 0)
    var believesUntil = Instant(nanoseconds: 0)

    private var isLeader: Bool { observed?.holder == identity }

    init(identity: String) { self.identity = identity }

    mutating func woke(at now: Now, _ outbox: inout Outbox) {
        if believesUntil > now.instant, outbox.dice.oneIn(20) {
            // Killed: it believes nothing any more, and comes back with nothing.
            self = Elector(identity: identity)
            return outbox.wishes.append(.die)
        }
        outbox.wishes.append(.send(.get))
    }

    mutating func heard(
        _ message: MixedPlay.Message, _ answer: MixedPlay.Answer?, at now: Now, _ outbox: inout Outbox
    ) {
        switch (message, answer) {
        case (.get, .object(let record)): decide(record, at: now, &outbox)
        case (.write(let write), .reply(.written(let lease))): wrote(write, lease, at: now, &outbox)
        default: outbox.wishes.append(.wake(in: retryPeriod))
        }
    }

    private mutating func decide(_ record: LeaseRecord?, at now: Now, _ outbox: inout Outbox) {
        guard let record else {
            return write(.absent, transitions: 0, acquired: now.wall, metadata: [], at: now, &outbox)
        }
        if observed != record.spec {
            observed = record.spec
            observedAt = now.instant
        }
        // It has stopped leading when it could not renew in time; leadership must be acquired anew.
        let leads = isLeader && believesUntil > now.instant
        let held = !(record.spec.holder ?? "").isEmpty && observedAt + leaseDuration > now.instant
        guard leads || isLeader || !held else { return outbox.wishes.append(.wake(in: retryPeriod)) }
        if leads, outbox.dice.oneIn(12) { return release(record, at: now, &outbox) }
        let transitions = (record.spec.transitions ?? 0) + (isLeader ? 0 : 1)
        write(
            .version(record.version), transitions: transitions,
            acquired: isLeader ? record.spec.acquireTime ?? now.wall : now.wall,
            metadata: record.metadata, at: now, &outbox)
    }

    private func write(
        _ precondition: LeaseWrite.Precondition, transitions: Int32, acquired: Timestamp,
        metadata: [UInt8], at now: Now, _ outbox: inout Outbox
    ) {
        let spec = LeaseSpec(
            holder: identity, durationSeconds: 15, acquireTime: acquired, renewTime: now.wall,
            transitions: transitions)
        outbox.wishes.append(
            .send(
                .write(
                    LeaseWrite(
                        request: outbox.newRequest(), key: MixedPlay.key, precondition: precondition,
                        metadata: metadata, spec: spec))))
    }

    /// The work has stopped by then.
    private mutating func release(_ record: LeaseRecord, at now: Now, _ outbox: inout Outbox) {
        believesUntil = now.instant
        let spec = LeaseSpec(
            holder: "", durationSeconds: 1, acquireTime: now.wall, renewTime: now.wall,
            transitions: record.spec.transitions)
        outbox.wishes.append(
            .send(
                .write(
                    LeaseWrite(
                        request: outbox.newRequest(), key: MixedPlay.key,
                        precondition: .version(record.version), metadata: record.metadata, spec: spec))))
    }

    private mutating func wrote(
        _ write: LeaseWrite, _ lease: LeaseRecord, at now: Now, _ outbox: inout Outbox
    ) {
        observed = lease.spec
        observedAt = now.instant
        outbox.wishes.append(.wake(in: retryPeriod))
        guard write.spec.holder == identity else { return }
        // renew() gives up when RenewDeadline has passed without a success.
        believesUntil = now.instant + renewDeadline
        outbox.wishes.append(.believe(until: believesUntil))
    }
}
