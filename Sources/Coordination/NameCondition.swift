// What somebody may wait for of a name without contending for it: how it is held.

/// A condition of a name.
///
/// None of them is a lock: what was so when it was said may be otherwise when it is heard.
public enum NameCondition: Hashable, Sendable {
    /// Nobody holds it. A state, not an event: who was away while it was idle is told how it is now.
    case idle
    /// Every hold with a token up to this one has ended; nil: every hold that there is when it is asked.
    /// Who asks again gives the token that the first answer named, and so misses nothing, whatever
    /// happens to the connection or the daemon.
    case drained(FencingToken?)
    /// No hold began or ended for so long. A hold that goes on is quiet.
    case quiet(Interval)
    /// A hold is in this phase, or has passed it: any, or this holder's. Of holds that have ended those
    /// count that entered it after this revision, which the first answer names; of a named holder, all.
    case phase(String, holder: String?, since: Revision?)
}

/// Wait until a condition is met.
public struct ConditionWait: Sendable {
    public var request: RequestID
    public var key: Key
    public var condition: NameCondition
    /// Until when the request waits; nil: it is answered at once.
    public var waitUntil: Instant?
    /// As `Campaign.client`.
    public var client: String?

    public init(
        request: RequestID, key: Key, condition: NameCondition, waitUntil: Instant?, client: String? = nil
    ) {
        self.request = request
        self.key = key
        self.condition = condition
        self.waitUntil = waitUntil
        self.client = client
    }
}

/// Where a wait for a condition stands.
public struct ConditionView: Hashable, Sendable {
    public enum Verdict: UInt8, Sendable {
        case met, waiting
        /// The hold of the holder that was named has ended without the phase.
        case orphaned
        /// The namespace is being deleted.
        case deleted
    }
    public var verdict: Verdict
    /// As it is to be asked again: with what the first answer names.
    public var condition: NameCondition
    /// Nil: there is no lease of this name.
    public var lease: LeaseView?
    /// How many holds are in the way: of `idle` and `drained`.
    public var left: Int?
    /// Until it will have been quiet for long enough, if nothing happens.
    public var remaining: Interval?
    /// Of `phase`: the hold that entered it, or of `orphaned` the one that didn't.
    public var hold: HoldRecord?

    public init(verdict: Verdict, condition: NameCondition, lease: LeaseView?) {
        self.verdict = verdict
        self.condition = condition
        self.lease = lease
    }
}

extension HoldRecord {
    /// Whether it entered the phase, as far as is known: a hold keeps the newest of its phases.
    func entered(_ phase: String, after revision: Revision = 0) -> Bool {
        phases.contains { $0.name == phase && $0.revision > revision }
    }
}
