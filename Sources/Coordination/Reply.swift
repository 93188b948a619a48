/// What a request is told.
public indirect enum Reply: Hashable, Sendable {
    case elected(Election)
    /// The work is done, or has failed: the marker's outcome tells which.
    case settled(DoneMarker)
    case waiting(Standing)
    case renewed(LeaseView)
    /// The hold is in its phase.
    case phased(LeaseView)
    /// Nobody is told of this hold any more.
    case cleared(AbandonedHold)
    /// The marker is nil when it was deleted or replaced since.
    case completed(HoldRecord, DoneMarker?)
    /// After resign and revoke: the hold, with how it ended.
    case ended(HoldRecord)
    /// The marker, and whether this request made it.
    case marked(DoneMarker, new: Bool)
    case unmarked(DoneMarker)
    case markers(MarkersView)
    case condition(ConditionView)
    /// After a Kubernetes client's write: the lease as it is now, or with `dryRun` as it would be.
    case written(LeaseRecord)
    /// The lease as it was last.
    case deleted(LeaseRecord)
    /// The marker with its metadata as they are now, or with `dryRun` as they would be.
    case described(DoneMarker)
    case namespaceWritten(NamespaceRecord)
    /// It is being deleted: since now, or already.
    case namespaceTerminating(NamespaceRecord)
    case alias(AliasReply)
    /// What became of each target, in their order.
    case pruned([PruneFate])
    case refused(Rejection)
}

/// "You hold it."
public struct Election: Hashable, Sendable {
    public var lease: LeaseRecord
    public var hold: Hold
    /// How the hold before this one ended.
    public var previous: EndedHold?
    /// Contenders behind the holder.
    public var queueLength: Int
    /// Earlier holds of the name that ended without their holder, and that nobody has cleared.
    public var abandoned: AbandonedHolds
    /// The holds of the other names, if the campaign asked for several: in the order in which it did.
    public var also: [Election] = []

    public init(
        lease: LeaseRecord, hold: Hold, previous: EndedHold?, abandoned: AbandonedHolds = AbandonedHolds(),
        queueLength: Int = 0
    ) {
        self.queueLength = queueLength
        self.abandoned = abandoned
        self.lease = lease
        self.hold = hold
        self.previous = previous
    }
}

/// Where a contender stands: who holds, and how many are before it.
public struct Standing: Hashable, Sendable {
    public enum Reason: UInt8, Sendable {
        /// Another holder has it, or others who share it.
        case held
        /// The same identity holds it under another campaignID.
        case sameIdentityHolds
        /// Nobody holds it, and nobody is elected for a while after a restore.
        case restoreQuarantine
        /// Nobody holds it: the place in the queue is kept, and the next campaign is elected.
        case free
        /// Nobody holds it, and it is kept: the next to be elected waits for other names, too.
        case kept
    }
    public var reason: Reason
    public var lease: LeaseView
    /// 1 is the next to be elected.
    public var position: Int
    public var queueLength: Int
    /// Where it stands for each of its other names, if it asks for several.
    public var also: [Standing] = []

    public init(reason: Reason, lease: LeaseView, position: Int, queueLength: Int) {
        self.reason = reason
        self.lease = lease
        self.position = position
        self.queueLength = queueLength
    }
}

/// A lease with what only memory knows: time left, latest renewal, queue length.
public struct LeaseView: Hashable, Sendable {
    public var record: LeaseRecord
    /// Until the hold's deadline; nil if nobody holds it.
    public var remaining: Interval?
    public var lastRenewal: Timestamp?
    public var queueLength: Int
    /// Those who share the name, the first of them, oldest first.
    public var shared: [SharedHold]
    /// How many they are.
    public var sharedCount: Int

    public init(
        record: LeaseRecord, remaining: Interval?, lastRenewal: Timestamp?, queueLength: Int,
        shared: [SharedHold] = [], sharedCount: Int = 0
    ) {
        self.shared = shared
        self.sharedCount = sharedCount
        self.record = record
        self.remaining = remaining
        self.lastRenewal = lastRenewal
        self.queueLength = queueLength
    }
}

/// One of the holds that share a name.
public struct SharedHold: Hashable, Sendable {
    /// A view shows so many. The history, and the leases by their label, have all.
    public static let mostShown = 100
    /// To those who wait: thousands may be told again with each change.
    public static let mostShownWaiting = 10
    public var hold: Hold
    public var remaining: Interval
    public var lastRenewal: Timestamp?

    public init(hold: Hold, remaining: Interval, lastRenewal: Timestamp?) {
        self.hold = hold
        self.remaining = remaining
        self.lastRenewal = lastRenewal
    }
}

/// One who campaigns and queues, for a reader of the lease's state.
public struct ContenderView: Hashable, Sendable {
    public var holder: String
    public var campaignID: String?
    public var mode: Mode
    /// False while no request of it is open; its place is kept for `reconnectGrace`.
    public var present: Bool
    public var since: Timestamp
    /// Other names that it asks for together with this one.
    public var also: [String]

    public init(
        holder: String, campaignID: String?, mode: Mode = .exclusive, present: Bool, since: Timestamp,
        also: [String] = []
    ) {
        self.mode = mode
        self.also = also
        self.holder = holder
        self.campaignID = campaignID
        self.present = present
        self.since = since
    }
}

/// What a waiter for markers is told.
public struct MarkersView: Hashable, Sendable {
    public enum Verdict: UInt8, Sendable {
        case done, failed
        /// The wait's time is over.
        case waiting
        /// A hold ended without a marker, and nobody contends for it.
        case orphaned
        /// A marker that was there has been deleted, or the namespace is being deleted: there will be none.
        case deleted
    }
    public var verdict: Verdict
    public var markers: [DoneMarker]
    /// The names that have no marker.
    public var missing: [Key]
    /// For `orphaned` and `deleted`: which name.
    public var about: Key?
    /// Of those that are waited for by their labels: how many are still to come.
    public var left: Int?
    /// For `orphaned`: how its last hold ended.
    public var last: EndedHold?

    public init(
        verdict: Verdict, markers: [DoneMarker], missing: [Key], about: Key? = nil, last: EndedHold? = nil
    ) {
        self.verdict = verdict
        self.markers = markers
        self.missing = missing
        self.about = about
        self.last = last
    }
}
