/// A name as memory has it: its two records, and what only memory knows.
struct NameState: Sendable {
    var lease: LeaseRecord?
    @Boxed var marker: DoneMarker?
    /// What the two take where they are stored.
    var leaseBytes = 0
    var markerBytes = 0
    /// What of this name is in the books of its namespace.
    var counted = NamespaceUsage()

    /// When the present hold ends unless it is renewed. Means nothing without a hold.
    var deadline = Instant(nanoseconds: 0)
    /// Until when the first renewal must have come; nil once it came, or if none was asked for.
    var confirmBy: Instant?
    /// How many requests were given the present token and may act on it.
    var given = 0
    /// Holds that share the name, in the order of their tokens. Each is at a name of its own.
    var members: [Member] = []
    /// Holds that only observe. They are nothing to those who hold, queue or wait.
    var observers: [Member] = []
    /// The step under way has changed the lease, and has yet to say so among its effects.
    var isUnwritten = false
    var lastRenewal: Timestamp?
    /// When the latest renewal is to be shown to Kubernetes clients; nil: they have seen it.
    var publishAt: Instant?
    /// When they were shown something last.
    var publishedAt = Instant(nanoseconds: 0)
    /// In order of arrival.
    var queue: [Contender] = []
    /// Requests that wait for this name's marker without contending.
    var waiters: [RequestID] = []
    /// Requests that wait for a condition of how it is held.
    var conditions: [ConditionWaiter] = []
    /// When a hold of it began or ended last; never earlier than that was.
    var stirred = Instant(nanoseconds: 0)
    /// When the marker's retention ends; nil: it doesn't, or not by memory's doing.
    var markerExpiry: Instant?
    /// The moment of this name's live entry among the timers.
    var armed: Instant?
    var isInIdleRing = false

    /// Nothing here that memory alone knows: it can be fetched again when it is named.
    var isIdle: Bool {
        !isHeld && members.isEmpty && observers.isEmpty && queue.isEmpty && waiters.isEmpty
            && conditions.isEmpty
            && markerExpiry == nil
    }

    /// Whether the lease itself is held.
    var isHeld: Bool {
        if case .some(let lease) = lease { lease.$hold } else { false }
    }

    /// The way in which the name is used at this moment, if it is in use.
    var wayInUse: Way? {
        // A Kubernetes client's hold is of neither way: it keeps nobody from either.
        if let lease, let hold = lease.hold, !hold.isWritten { return lease.way }
        if !members.isEmpty { return .lock }
        return queue.first?.campaign.way
    }

    /// The next moment at which something of this name may be due. `canElect`: whether the next who is
    /// there can be elected.
    func due(quarantine: Instant?, canElect: Bool) -> Instant? {
        var due: Instant?
        func consider(_ moment: Instant?) {
            guard let moment, due.map({ moment < $0 }) ?? true else { return }
            due = moment
        }
        if isHeld {
            consider(deadline)
            consider(confirmBy)
            consider(publishAt)
        } else if canElect {
            // At once, if whoever was before it has gone; it may be past, too, if an election could
            // not be committed.
            consider(quarantine ?? Instant(nanoseconds: 0))
        }
        consider(markerDue)
        for contender in queue { consider(contender.graceUntil) }
        for waiter in conditions { consider(waiter.due) }
        return due
    }
}

/// One who campaigns and queues.
struct Contender: Sendable {
    /// As it was asked last; its request is the one that came last. Its key is the name of this queue.
    var campaign: Campaign
    /// Where it asks for several names: all of them, as it asked. It has a place in the queue of each.
    var names: [Key] = []
    /// Every open request of this contender: a retry may arrive while the first still hangs in a proxy.
    var requests: [RequestID]
    /// Set while no request is open: until then its place is kept, and skipped.
    var graceUntil: Instant?
    var since: Timestamp
    /// The same moment, for lengths of time.
    var arrived: Instant

    var isPresent: Bool { !requests.isEmpty }

    /// Identity and campaignID make the same contender; so does the authenticated identity.
    func isSame(as other: Campaign) -> Bool {
        campaign.holder == other.holder && campaign.campaignID == other.campaignID
            && campaign.principal == other.principal
    }
}

/// Where an open request waits.
enum Place: Sendable {
    case contender(Key, also: [Key], until: Instant, client: String?)
    case waiter(MarkerWait, until: Instant)
    case condition(ConditionWait, until: Instant)
    case watcher(AliasWait, until: Instant)

    var until: Instant {
        switch self {
        case .contender(_, _, let until, _), .waiter(_, let until), .condition(_, let until),
            .watcher(_, let until):
            until
        }
    }

    /// The names that have it in their queue or among their waiters.
    var keys: [Key] {
        switch self {
        case .contender(let key, let also, _, _): also.isEmpty ? [key] : [key] + also
        case .waiter(let wait, _): wait.keys
        case .condition(let wait, _): [wait.key]
        case .watcher: []
        }
    }

    /// Where it counts. No name has a slash: an alias counts apart from a marker of the same name.
    var counted: [Key] {
        guard case .watcher(let wait, _) = self else { return keys }
        return [Key(namespace: wait.key.namespace, name: "alias/" + wait.key.name)]
    }

    /// Against whom it counts.
    var client: String? {
        switch self {
        case .contender(_, _, _, let client): client
        case .waiter(let wait, _): wait.client
        case .condition(let wait, _): wait.client
        case .watcher(let wait, _): wait.client
        }
    }
}
