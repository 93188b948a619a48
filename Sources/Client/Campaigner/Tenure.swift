/// Our hold of the lease, and its renewals.
///
/// The deadline is counted from the moment at which the renewal that was
/// answered was *sent*: the server heard it later than that, so that its own
/// deadline can't be earlier than ours.
struct Tenure: Equatable, Sendable {
    let hold: Hold
    /// Nil until a renewal was answered.
    var deadline: Moment?
    /// The renewal that is on its way.
    var request: Campaigner.RequestID?
    var sentAt: Moment
    /// When to renew next; nil while one is on its way, and when no more are wanted.
    var nextAt: Moment?
    var failures = 0
    var failingSince: Moment?

    init(_ hold: Hold, at now: Moment) {
        self.hold = hold
        sentAt = now
        nextAt = now
    }

    /// The renewal on its way was accepted.
    mutating func renewed(_ settings: RunSettings) {
        let duration = min(hold.duration ?? settings.duration, settings.duration)
        deadline = max(deadline ?? sentAt, sentAt + duration)
        request = nil
        nextAt = sentAt + settings.renewInterval
        failures = 0
        failingSince = nil
    }

    /// Nothing is known of the renewal on its way.
    mutating func renewalFailed(at now: Moment, retryAt: Moment) {
        request = nil
        nextAt = retryAt
        failures += 1
        failingSince = failingSince ?? now
    }

    mutating func stopRenewing() {
        request = nil
        nextAt = nil
    }

    /// When SIGKILL comes if no renewal is answered.
    func killAt(_ settings: RunSettings) -> Moment? { deadline.map { $0 - settings.margin } }

    /// When SIGTERM comes.
    func termAt(_ settings: RunSettings) -> Moment? { killAt(settings).map { $0 - settings.grace } }
}
