@testable import Coordination

/// What the core promises, said again as simply as it can be said.
///
/// Plain arrays, everything in memory for good, everything looked for from scratch: no
/// timers, no undo log, no eviction. A turn that may fail keeps a copy of the whole model;
/// what a failed disk can't take back (renewals, peers that went, gaps) is done again on
/// the copy. It shares the core's words (commands, records, replies) and none of its code.
struct Model {
    struct Place {
        var campaign: Campaign
        var arrived: Instant
        var requests: [RequestID] = []
        /// All that it asks for, if it asks for several names: it has a place in each of their queues.
        var names: [Key] = []
        var graceUntil: Instant?
        var isPresent: Bool { !requests.isEmpty }

        func isOf(_ other: Campaign) -> Bool {
            (campaign.holder, campaign.campaignID ?? "-", campaign.principal ?? "-")
                == (other.holder, other.campaignID ?? "-", other.principal ?? "-")
        }
    }

    struct Name {
        var lease: LeaseRecord?
        var marker: DoneMarker?
        var deadline = Instant(nanoseconds: 0)
        var confirmWithin: Interval?
        var confirmBy: Instant?
        var given = 0
        var renewed: Timestamp?
        var shownAt = Instant(nanoseconds: 0)
        var showAt: Instant?
        var queue: [Place] = []
        var markerExpiry: Instant?
        var hold: Hold? { lease?.hold }

    }

    /// A hold that a Kubernetes client wrote is of neither way.
    func wayInUse(_ key: Key) -> Way? {
        let name = names[key]!
        if let hold = name.hold, !hold.isWritten { return name.lease!.way }
        return members(key).isEmpty ? name.queue.first?.campaign.way : .lock
    }

    struct Wait {
        var wait: MarkerWait
        var until: Instant
    }

    /// One thing said; without a reply it is "you wait from now on".
    struct Said: Hashable {
        var request: RequestID
        var reply: Reply?
        var standing: Standing?
        var after: Revision
    }

    /// What happened and can't be taken back by a failed commit.
    enum Lasting {
        case renewal(Key, FencingToken, Now)
        case departure(RequestID, Now)
        case gap(Interval)
    }

    let settings: CoreSettings
    var revision: Revision = 0
    var durable: Revision = 0
    var quarantineUntil: Instant?
    var names: [Key: Name] = [:]
    var namespaces: [String: NamespaceRecord] = [:]
    var waits: [Wait] = []
    /// Until when each parked campaign waits.
    var patience: [RequestID: Instant] = [:]
    /// Whose each of them is.
    var clients: [RequestID: String] = [:]
    var history: [FencingToken: HoldRecord] = [:]
    var said: [Said] = []
    /// Waits that ended, as the history has them.
    var endedWaits: [WaitsRecord] = []
    /// The inputs of the hold that ended last.
    var lastInputs: String?
    /// Whether it was a Kubernetes client's.
    var lastWasWritten = false
    private var saved: [Model] = []
    /// As the disk has it, while a turn is open.
    var beforeTurn: Model? { revision > durable ? saved.first : nil }
    private var lasting: [Lasting] = []

    init(_ settings: CoreSettings, quarantineUntil: Instant?) {
        self.settings = settings
        self.quarantineUntil = quarantineUntil
    }

    // MARK: Turns

    /// Before each step: what nothing durable depends on yet isn't taken back.
    mutating func beginStep() {
        guard revision == durable else { return }
        saved = []
        lasting = []
        saved = [self]
    }

    mutating func committed(at now: Now) {
        for (key, name) in names {
            guard let hold = name.hold, hold.token > durable else { continue }
            names[key]!.deadline = now.instant + hold.duration
            if name.confirmBy != nil { names[key]!.confirmBy = now.instant + name.confirmWithin! }
        }
        durable = revision
    }

    mutating func undo() {
        let burnt = revision
        guard burnt > durable, let before = saved.first else { return }
        let again = lasting
        self = before
        for event in again { doAgain(event) }
        (revision, durable, said) = (burnt, burnt, [])
        beginStep()
    }

    private mutating func doAgain(_ event: Lasting) {
        switch event {
        case .renewal(let key, let token, let now): if names[key]?.hold?.token == token { extend(key, now) }
        case .departure(let request, let now): depart(request, now)
        case .gap(let gap): wasAway(for: gap)
        }
    }

    /// Memory is lost: places, waits, deadlines. Every hold has a full duration again.
    mutating func restart(at now: Now, revision stored: Revision, quarantineUntil end: Instant?) {
        quarantineUntil = end
        waits = []
        patience = [:]
        saved = []
        for (key, name) in names {
            var fresh = Name(lease: name.lease, marker: name.marker)
            if let hold = name.hold {
                fresh.deadline = now.instant + hold.duration
                fresh.given = 1
                fresh.shownAt = now.instant
            }
            fresh.markerExpiry = name.marker?.retention.map { now.instant + $0 }
            names[key] = fresh
        }
        (revision, durable) = (stored, stored)
    }

    // MARK: What can't be taken back

    mutating func wasAway(for gap: Interval) {
        lasting.append(.gap(gap))
        for key in names.keys {
            names[key]!.deadline = names[key]!.deadline + gap
            names[key]!.confirmBy = names[key]!.confirmBy.map { $0 + gap }
            for place in names[key]!.queue.indices {
                names[key]!.queue[place].graceUntil = names[key]!.queue[place].graceUntil.map { $0 + gap }
            }
        }
    }

    mutating func extend(_ key: Key, _ now: Now) {
        lasting.append(.renewal(key, names[key]!.hold!.token, now))
        names[key]!.deadline = max(names[key]!.deadline, now.instant + names[key]!.hold!.duration)
        names[key]!.confirmBy = nil
        names[key]!.renewed = now.wall
        if names[key]!.showAt == nil { names[key]!.showAt = nextShowing(of: names[key]!, now) }
    }

    /// Kubernetes clients see a renewal a third of the duration after the last one, or 10 s, and at
    /// full half seconds.
    private func nextShowing(of name: Name, _ now: Now) -> Instant {
        let third = name.hold!.duration.nanoseconds / 3
        var moment = name.shownAt.nanoseconds + min(third, 10_000_000_000)
        if moment < now.instant.nanoseconds { moment = now.instant.nanoseconds }
        let over = moment % 500_000_000
        return Instant(nanoseconds: over == 0 ? moment : moment - over + 500_000_000)
    }

    mutating func depart(_ request: RequestID, _ now: Now) {
        lasting.append(.departure(request, now))
        leaveQueue(request, now)
        waits.removeAll { $0.wait.request == request }
    }

    mutating func leaveQueue(_ request: RequestID, _ now: Now) {
        guard patience.removeValue(forKey: request) != nil else { return }
        for key in names.keys {
            for place in names[key]!.queue.indices where names[key]!.queue[place].requests.contains(request) {
                names[key]!.queue[place].requests.removeAll { $0 == request }
                if !names[key]!.queue[place].isPresent {
                    names[key]!.queue[place].graceUntil = now.instant + settings.reconnectGrace
                }
            }
        }
    }

    // MARK: Small parts

    mutating func next() -> Revision {
        revision += 1
        return revision
    }

    mutating func say(_ reply: Reply, to request: RequestID, after: Revision? = nil) {
        said.append(Said(request: request, reply: reply, after: after ?? revision))
        patience[request] = nil
        waits.removeAll { $0.wait.request == request }
    }

    func isQuarantined(_ now: Now) -> Bool { quarantineUntil.map { now.instant < $0 } ?? false }

    func view(_ key: Key, _ now: Now, showing most: Int = 100) -> LeaseView? {
        let name = names[key]!
        guard let lease = name.lease else { return nil }
        let left = lease.hold == nil ? nil : max(.zero, name.deadline - now.instant)
        let behind = lease.hold?.mode == .observe ? 0 : names[lease.nameKey]?.queue.count ?? 0
        let shared = members(key).map { member in
            SharedHold(
                hold: names[member]!.hold!, remaining: max(.zero, names[member]!.deadline - now.instant),
                lastRenewal: names[member]!.renewed)
        }
        return LeaseView(
            record: lease, remaining: left, lastRenewal: name.renewed, queueLength: behind,
            shared: Array(shared.prefix(most)),
            sharedCount: shared.count)
    }

    func standing(_ key: Key, _ index: Int, _ now: Now) -> Standing {
        let name = names[key]!
        let first = name.queue[0].campaign
        let blank = LeaseRecord(
            key: key, revision: 0, created: 0, createdAt: now.wall, way: first.way,
            maxAttempts: first.maxAttempts ?? settings.defaultMaxAttempts)
        var reason: Standing.Reason = isQuarantined(now) ? .restoreQuarantine : .free
        let holders = (name.hold.map { [$0.holder] } ?? []) + members(key).map { names[$0]!.hold!.holder }
        if !holders.isEmpty {
            reason = holders.contains(name.queue[index].campaign.holder) ? .sameIdentityHolds : .held
        }
        if reason == .free, name.queue[...index].first(where: { $0.isPresent })?.names.isEmpty == false {
            reason = .kept
        }
        return Standing(
            reason: reason,
            lease: view(key, now, showing: 10)
                ?? LeaseView(
                    record: blank, remaining: nil, lastRenewal: nil, queueLength: name.queue.count),
            position: index + 1, queueLength: name.queue.count)
    }
}
