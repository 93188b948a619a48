/// Grants, renews and ends holds, and keeps the queue of those who want one.
///
/// A lease cannot stop a slow holder from acting after its end. Whoever guards
/// a resource compares the fencing token: a later hold always has a greater one.
///
/// Commands come in turns. A turn's commands are applied one after another; their
/// durable changes are committed together; only then is anything said that depends
/// on them. Between `apply` and `committed` memory is ahead of the disk. If the
/// commit fails, `undo` takes back what was applied since the turn's first durable
/// change. Whatever was applied before that depends on nothing that isn't on disk, and
/// may have been answered already. Nor is taken back what a disk has no say in: a renewal
/// that was answered, a peer that went, a gap. The revisions of a failed turn are never
/// used again.
///
/// What a command names must be in memory before it is applied: ask `needs`, fetch,
/// tell `learn`. Memory keeps what is alive (holds, queues, waiters) and a bounded
/// number of idle names.
public struct Coordinator: Sendable {
    /// A change holds for the commands that are applied after it.
    public var settings: CoreSettings
    /// The latest revision given out.
    public internal(set) var revision: Revision
    /// Every change up to here is on disk.
    public internal(set) var durableRevision: Revision
    /// After a restore nobody is elected until then: holders that the backup doesn't know may be at work.
    public let quarantineUntil: Instant?

    var names = NameTable()
    var requests: [RequestID: Place] = [:]
    var timers = Timers()
    var holdCount = 0
    var usage: UsageBook
    /// Every namespace that there is.
    var namespaces: [String: NamespaceRecord] = [:]
    var waiterCounts = WaiterCounts()
    /// Those of them that wait for nothing of the core's.
    var waitersElsewhere = 0
    /// Every alias that there is.
    var aliases: AliasBook
    /// Requests that wait for an alias to be moved; kept by `setPlace`.
    var watchers: [Key: Set<RequestID>] = [:]
    let scale: Scale
    /// Whether what Kubernetes clients attached to a marker keeps it: a finalizer. The core can't read it.
    let pins: @Sendable (DoneMarker) -> Bool

    /// The turn: what it touched since its first durable change, as it was; what it began; what it
    /// was told of ended holds and of aliases' moves, and the holds that it ended.
    var touchedNames: [Key: NameState] = [:]
    var touchedRequests: [RequestID: Place?] = [:]
    var touchedNamespaces: [String: NamespaceRecord?] = [:]
    var begunHolds: [(key: Key, token: FencingToken, confirmWithin: Interval?)] = []
    var touchedAliases: [Key: AliasRecord?] = [:]
    /// Markers that aliases have left in it, and which.
    var leftMarkers: [Key: Set<String>] = [:]
    var knownHolds: [FencingToken: HoldRecord] = [:]
    var knownMoves: [Revision: AliasMove] = [:]
    var holdCountBefore = 0

    /// What the present step has done to names: in which a hold began or ended, and all that somebody may
    /// wait for; a name may be in it twice. In `turnStirred`, the whole turn's.
    var stirred: [Key] = []
    var news: [Key] = []
    var turnStirred: [Key] = []
    /// The latest holds of names, as this turn was told of them.
    var histories: [Key: [HoldRecord]] = [:]
    /// No hold of a name that isn't in memory began or ended later than that.
    var forgottenStir: Instant

    /// Namespaces whose last lease or marker went in the present step.
    var emptied: Set<String> = []
    var idleRing = IdleRing()
    static let vacant = NameState()

    /// A core as it was stored, at the moment the daemon starts.
    ///
    /// Every hold gets a full duration from now. `names` has every lease that is held, the name that
    /// each member is one of, and every marker with a short retention; whatever else is named is fetched when
    /// it is. `usage` is what each namespace has, weighed with `scale`; nothing is reserved in it.
    /// `namespaces` and `aliases` are all that there are.
    public init(
        settings: CoreSettings, revision: Revision, names: [NameRecords], usage: [String: NamespaceUsage],
        namespaces: [NamespaceRecord], aliases: [AliasRecord] = [], scale: Scale,
        pins: @escaping @Sendable (DoneMarker) -> Bool = { _ in false }, quarantineUntil: Instant? = nil,
        at now: Now
    ) {
        self.settings = settings
        self.revision = revision
        self.durableRevision = revision
        self.quarantineUntil = quarantineUntil
        self.usage = UsageBook(usage)
        self.scale = scale
        self.pins = pins
        forgottenStir = now.instant
        self.aliases = AliasBook(aliases)
        for record in namespaces { self.namespaces[record.name] = record }
        for records in names {
            learn(records, at: now)
        }
        gatherMembers(names)
    }

    public var nextWake: Instant? { timers.next }
    /// Whether there is anything to commit. `committed` is to be called even if there isn't.
    public var isTurnOpen: Bool { revision > durableRevision }
    public var hasHolds: Bool { holdCount > 0 }
    public var figures: Figures {
        var contenders = 0
        var waiters = waitersElsewhere
        for place in requests.values {
            if case .contender = place { contenders += 1 } else { waiters += 1 }
        }
        return Figures(holds: holdCount, contenders: contenders, waiters: waiters, namesInMemory: names.count)
    }

    public struct Figures: Hashable, Sendable {
        public var holds: Int
        public var contenders: Int
        public var waiters: Int
        public var namesInMemory: Int
    }

    // MARK: What must be fetched first

    /// What must be learned before these commands are applied.
    public struct Needs: Hashable, Sendable {
        public var names: Set<Key> = []
        public var holds: Set<FencingToken> = []
        /// The latest holds of each of these: `historyMax`, if there are so many.
        public var histories: Set<Key> = []
        /// Moves of aliases. When they are known, ask again: their targets are needed, too.
        public var moves: Set<Revision> = []
        public var isEmpty: Bool {
            names.isEmpty && holds.isEmpty && histories.isEmpty && moves.isEmpty
        }
        public init() {}
    }

    public func needs(_ command: Command, into needs: inout Needs) {
        switch command {
        case .campaign(let campaign):
            need(campaign.key, &needs)
            for key in campaign.also { need(key, &needs) }
        case .renew(let claim), .complete(let claim, _, _), .resign(let claim, _), .phase(let claim, _):
            need(claim.key, holding: claim.token, &needs)
        case .revoke(let revocation): need(revocation.key, holding: revocation.token, &needs)
        case .clearAbandoned(let clearing): need(clearing.key, holding: clearing.token, &needs)
        case .mark(let marking): need(marking.key, &needs)
        case .unmark(let unmarking): need(unmarking.key, &needs)
        case .describe(let description): need(description.key, &needs)
        case .write(let write): need(write.key, &needs)
        case .delete(let deletion): need(deletion.key, &needs)
        case .wait(let wait): for key in wait.keys { need(key, &needs) }
        case .waitFor(let wait):
            need(wait.key, &needs)
            if case .phase = wait.condition { needs.histories.insert(wait.key) }
        case .sweep(let key, _): need(key, &needs)
        case .takeBack(let key, let token): need(home(key, token), &needs)
        case .expunge(let keys, _): for key in keys { need(key, &needs) }
        case .prune(let pruning): for target in pruning.targets { need(target.key, &needs) }
        case .alias(let command): need(for: command, &needs)
        case .forsake, .record, .writeNamespace, .terminateNamespace, .removeNamespace: break
        }
    }

    /// A reader's need: the name as it is.
    public func need(_ key: Key, _ needs: inout Needs) {
        if !names.contains(key) { needs.names.insert(key) }
    }

    private func need(_ key: Key, holding token: FencingToken, _ needs: inout Needs) {
        // A member is in memory for as long as it is held, and its name with it.
        let key = home(key, token)
        guard let name = names[key] else {
            needs.names.insert(key)
            needs.holds.insert(token)
            return
        }
        if name.lease?.hold?.token != token { needs.holds.insert(token) }
    }

    /// A name as it is stored. Ignored if memory has it: memory is never behind.
    public mutating func learn(_ records: NameRecords, at now: Now) {
        guard !names.contains(records.key) else { return }
        var name = NameState(
            lease: records.lease, marker: records.marker, leaseBytes: records.lease.map(scale.lease) ?? 0,
            markerBytes: records.marker.map(scale.marker) ?? 0)
        name.stirred = forgottenStir
        name.isPinned = records.marker.map(isPinned) ?? false
        // All of it is in the books already, but for the place of its marker.
        name.counted = name.usage
        name.counted.reserved = 0
        if let hold = records.lease?.hold {
            name.deadline = now.instant + hold.duration
            name.given = 1
            name.publishedAt = now.instant
            holdCount += 1
            holdCountBefore += 1
        }
        if !aliases.isPointed(at: records.key) { name.markerExpiry = expiry(of: records.marker, at: now) }
        shelve(name, records.key)
    }

    /// A hold of the history, for a token that is not the present hold's. Ignored if this turn
    /// ended it: memory is never behind.
    public mutating func learn(_ hold: HoldRecord) {
        if knownHolds[hold.token] == nil { knownHolds[hold.token] = hold }
    }

    // MARK: Commands

    /// Applies one command. A rejection is the answer to its request, to be said once everything
    /// up to `revision` is durable. It changes nothing; what was due anyway (a Failed marker's end)
    /// is among the effects.
    public mutating func apply(_ command: Command, at now: Now, effects: inout [Effect]) throws(Rejection) {
        forgetUnlessOpen()
        // What is refused may have been the occasion for something to go that was due.
        defer {
            tellNews(at: now, &effects)
            endEmptied(&effects)
        }
        switch command {
        case .campaign(let campaign): try self.campaign(campaign, at: now, &effects)
        case .renew(let claim): try renew(homed(claim), at: now, &effects)
        case .complete(let claim, let finding, let retention):
            try complete(homed(claim), finding, retention, at: now, &effects)
        case .resign(let claim, let resignation): try resign(homed(claim), resignation, at: now, &effects)
        case .phase(let claim, let phase): try self.phase(homed(claim), phase, at: now, &effects)
        case .clearAbandoned(let clearing): try clearAbandoned(clearing, at: now, &effects)
        case .revoke(let revocation): try revoke(revocation, at: now, &effects)
        case .mark(let marking): try mark(marking, at: now, &effects)
        case .unmark(let unmarking): try unmark(unmarking, at: now, &effects)
        case .describe(let description): try describe(description, at: now, &effects)
        case .wait(let wait): try self.wait(wait, at: now, &effects)
        case .waitFor(let wait): try waitFor(wait, at: now, &effects)
        case .write(let write): try self.write(write, at: now, &effects)
        case .delete(let deletion): try delete(deletion, at: now, &effects)
        case .writeNamespace(let write): try writeNamespace(write, at: now, &effects)
        case .terminateNamespace(let termination): try terminate(termination, at: now, &effects)
        case .expunge(let keys, let by): expunge(keys, by: by, at: now, &effects)
        case .removeNamespace(let name, let version): removeNamespace(name, version, &effects)
        case .forsake(let request): forsake(request, at: now)
        case .takeBack(let key, let token): takeBack(key, token, at: now, &effects)
        case .sweep(let key, let revision): sweep(key, revision, &effects)
        case .prune(let pruning): prune(pruning, at: now, &effects)
        case .alias(let command): try apply(command, at: now, &effects)
        case .record(let entries): record(entries, &effects)
        }
    }

    // MARK: Small parts that every command uses

    /// Uses up a revision for a turn without changes: to try whether the disk takes writes again.
    public mutating func skipRevision() { _ = nextRevision() }

    mutating func nextRevision() -> Revision {
        revision += 1
        precondition(revision < 1 << 53, "a revision must survive a JSON number")
        return revision
    }

    /// Takes a name out to be changed. Whoever takes it puts it back with `shelve`.
    mutating func take(_ key: Key) -> NameState {
        var name = Self.vacant
        guard let index = names.index(forKey: key) else {
            preconditionFailure("a command was applied before its name was learned: \(key)")
        }
        swap(&names[at: index], &name)
        if touchedNames[key] == nil { touchedNames[key] = name }
        return name
    }

    mutating func shelve(_ name: consuming NameState, _ key: Key) {
        book(&name, key)
        if let due = name.due(quarantine: quarantineUntil, canElect: canElect(name)),
            name.armed.map({ due < $0 }) ?? true
        {
            timers.arm(.name(key), at: due)
            name.armed = due
        }
        if name.isIdle && !name.isInIdleRing {
            name.isInIdleRing = true
            idleRing.append(key)
        }
        names.put(name, key)
    }

    mutating func say(_ reply: Reply, to request: RequestID, _ effects: inout [Effect]) {
        effects.append(.answer(request, reply, after: revision))
        settle(request)
    }

    /// The request waits no longer.
    mutating func settle(_ request: RequestID) {
        guard let place = requests[request] else { return }
        setPlace(of: request, to: nil)
        if touchedRequests[request] == nil { touchedRequests[request] = .some(place) }
    }

    mutating func park(_ request: RequestID, _ place: Place) {
        if touchedRequests[request] == nil { touchedRequests[request] = .some(nil) }
        setPlace(of: request, to: place)
        timers.arm(.request(request), at: place.until)
    }
}
