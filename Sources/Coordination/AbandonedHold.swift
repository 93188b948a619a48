// Abandoned is not released: whoever held a lock and died may have left its work half done.

/// A hold that expired, or whose holder was reported dead, as the name remembers it until somebody
/// clears it: an operator, or a hold of the same work that was released.
public struct AbandonedHold: Hashable, Sendable {
    public var token: FencingToken
    public var holder: String
    public var mode: Mode
    /// `expired` or `abandoned`.
    public var how: HoldEnd
    /// Where the holder said it was last.
    public var phase: String?
    public var reason: String?
    public var ended: Timestamp
    /// The identity of the work across runs, if its campaign gave one.
    public var work: String?

    public init(
        token: FencingToken, holder: String, mode: Mode, how: HoldEnd, phase: String?, reason: String?,
        ended: Timestamp, work: String?
    ) {
        self.token = token
        self.holder = holder
        self.mode = mode
        self.how = how
        self.phase = phase
        self.reason = reason
        self.ended = ended
        self.work = work
    }

    /// As the history tells it; nil if it wasn't one.
    init?(_ record: HoldRecord) {
        guard let end = record.end, end.how == .expired || end.how == .abandoned, record.way == .lock else {
            return nil
        }
        self.init(
            token: record.token, holder: record.holder, mode: record.mode, how: end.how,
            phase: record.phases.last?.name, reason: end.reason, ended: end.at, work: record.work)
    }

    /// Whether a released hold has done this one's work. Without a `work`, the work of an exclusive
    /// hold is what its name says; that of a shared one is known to nobody.
    func isDone(by hold: Hold) -> Bool {
        work == hold.work && (work != nil || (mode == .exclusive && hold.mode == .exclusive))
    }
}

/// The abandoned holds of a name: the newest, and how many older ones there was no room for.
public struct AbandonedHolds: Hashable, Sendable {
    public static let most = 64
    /// Oldest first.
    public var holds: [AbandonedHold]
    /// Older ones that are in the history only. They can't be told apart any more: they are
    /// forgotten when the last of the others is cleared.
    public var beyond: Int

    public init(holds: [AbandonedHold] = [], beyond: Int = 0) {
        self.holds = holds
        self.beyond = beyond
    }

    public var isEmpty: Bool { holds.isEmpty }

    /// Whether the lease is kept for them. An exclusive hold without a `work` is of no interest but to
    /// the next of the same name: a lock that is used once, and expires, must not stay for good.
    var outliveLease: Bool { holds.contains { $0.mode.isGrouped || $0.work != nil } }

    mutating func add(_ hold: AbandonedHold) {
        holds.append(hold)
        guard holds.count > Self.most else { return }
        holds.removeFirst()
        beyond += 1
    }

    mutating func clear(where isCleared: (AbandonedHold) -> Bool) {
        holds.removeAll(where: isCleared)
        if holds.isEmpty { beyond = 0 }
    }
}

/// An operator has looked after the abandoned hold with this token.
public struct Clearing: Sendable {
    public var request: RequestID
    public var key: Key
    public var token: FencingToken
    public var reason: String
    /// Who did it.
    public var by: String?
    /// For the audit record.
    public var origin: Origin?

    public init(request: RequestID, key: Key, token: FencingToken, reason: String, by: String?) {
        self.request = request
        self.key = key
        self.token = token
        self.reason = reason
        self.by = by
    }
}

extension LeaseRecord {
    /// What the next holder will be told of a hold of this name that ended. A hold that nobody was
    /// told of is no news.
    mutating func remember(_ hold: Hold, _ end: HoldRecord.End) {
        guard end.how != .undelivered else { return }
        last = EndedHold(
            token: hold.token, holder: hold.holder, how: end.how, reason: end.reason, ended: end.at)
        guard way == .lock, !hold.isWritten else { return }
        let before = abandoned
        switch end.how {
        case .expired, .abandoned:
            abandoned.add(
                AbandonedHold(
                    token: hold.token, holder: hold.holder, mode: hold.mode, how: end.how,
                    phase: hold.phase?.name, reason: end.reason, ended: end.at, work: hold.work))
        case .resigned: abandoned.clear { $0.isDone(by: hold) }
        default: break
        }
        // Kubernetes clients see how many there are.
        if abandoned != before { version = revision }
    }
}

extension Coordinator {
    mutating func clearAbandoned(
        _ clearing: Clearing, at now: Now, _ effects: inout [Effect]
    ) throws(Rejection) {
        let name = names[clearing.key]!
        guard let hold = name.lease?.abandoned.holds.first(where: { $0.token == clearing.token }) else {
            // Asked again: it was abandoned once, by the history, and isn't any more.
            guard let record = knownHolds[clearing.token], record.key == clearing.key,
                let before = AbandonedHold(record)
            else { throw .notAbandoned(token: clearing.token) }
            return say(.cleared(before), to: clearing.request, &effects)
        }
        var cleared = take(clearing.key)
        defer { shelve(cleared, clearing.key) }
        cleared.lease!.abandoned.clear { $0.token == clearing.token }
        cleared.lease!.revision = nextRevision()
        cleared.lease!.version = revision
        keepLease(&cleared, &effects)
        recordClearing(clearing, of: hold, at: now, &effects)
        effects.append(.standingsChanged(clearing.key))
        say(.cleared(hold), to: clearing.request, &effects)
    }
}
