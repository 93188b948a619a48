// Those who wait for a condition of a name.
//
// A condition is judged at the end of each step in which a hold of the name began or ended or entered a
// phase (`stir`, `note`), and when time meets it. Between the end of a hold and the election of the next
// nobody holds, but that is within a step: so nobody is told "idle" while there is a queue.
//
// How long it has been quiet is measured on the boot clock, from the moment at which the latest beginning
// or end was durable. What left memory isn't known that well: then it counts from the latest that any name
// had that left, or from the daemon's start. So a restart makes whoever waits for quiet wait longer, never
// shorter.

/// A request that waits for a condition, where its name is.
struct ConditionWaiter: Sendable {
    var request: RequestID
    /// When time may meet the condition, unless something happens.
    var due: Instant?
}

extension Coordinator {
    mutating func waitFor(
        _ asked: ConditionWait, at now: Now, _ effects: inout [Effect]
    ) throws(Rejection) {
        if case .drained(let token?) = asked.condition, token > revision {
            throw .aheadOfTime(token, current: revision)
        }
        var wait = asked
        wait.condition = settled(asked.condition, names[wait.key]!)
        var view = judge(wait, names[wait.key]!, at: now)
        if view.verdict == .waiting, isTerminating(wait.key.namespace) { view.verdict = .deleted }
        guard view.verdict == .waiting, let until = wait.waitUntil, until > now.instant else {
            return say(.condition(view), to: wait.request, &effects)
        }
        let place = Place.condition(wait, until: until)
        try waiterCounts.room(for: place, settings)
        var name = take(wait.key)
        name.conditions.append(ConditionWaiter(request: wait.request, due: due(view, at: now)))
        shelve(name, wait.key)
        park(wait.request, place)
        effects.append(.parkedFor(wait.request, view, after: revision))
    }

    /// The condition with what the first answer names. Only what is on disk is named: the token of a hold.
    private func settled(_ condition: NameCondition, _ name: NameState) -> NameCondition {
        switch condition {
        case .drained(nil): .drained(name.tokens.max() ?? 0)
        // What has no revision yet is from now on: a number from the future would let what comes next pass.
        case .phase(let phase, let holder, let since):
            .phase(phase, holder: holder, since: min(since ?? revision, revision))
        default: condition
        }
    }

    // MARK: Judging

    private func judge(_ wait: ConditionWait, _ name: NameState, at now: Now) -> ConditionView {
        var view = ConditionView(
            verdict: .waiting, condition: wait.condition,
            lease: self.view(of: name, now, showing: SharedHold.mostShownWaiting))
        // After a restore there may be holders whom the backup doesn't know.
        let isKnown = !isQuarantined(at: now)
        switch wait.condition {
        case .idle:
            view.left = name.tokens.count
            if view.left == 0, isKnown { view.verdict = .met }
        case .drained(let last):
            view.left = name.tokens.count { $0 <= last ?? .max }
            if view.left == 0, isKnown { view.verdict = .met }
        case .quiet(let interval):
            let left = name.stirred + interval - now.instant
            if left <= .zero, isKnown { view.verdict = .met } else { view.remaining = max(.zero, left) }
        case .phase(let phase, let holder, let since):
            judge(phase, holder, since ?? revision, wait.key, name, &view)
        }
        return view
    }

    private func judge(
        _ phase: String, _ holder: String?, _ since: Revision, _ key: Key, _ name: NameState,
        _ view: inout ConditionView
    ) {
        let living = living(name).filter { holder == nil || $0.holder == holder }
        let past = past(key).filter { holder == nil || $0.holder == holder }
        let found =
            living.first { $0.entered(phase) }
            ?? past.first { $0.entered(phase, after: holder == nil ? since : 0) }
        if let found {
            view.verdict = .met
            view.hold = found
        } else if holder != nil, living.isEmpty,
            !name.queue.contains(where: { $0.campaign.holder == holder }),
            let gone = past.first(where: { $0.end?.how != .undelivered })
        {
            view.verdict = .orphaned
            view.hold = gone
        }
    }

    /// The holds that the name has, as the history will tell of them.
    private func living(_ name: NameState) -> [HoldRecord] {
        var leases = name.members.compactMap { member in
            name.lease.flatMap { names[$0.key.member(member.token)]?.lease }
        }
        if let lease = name.lease { leases.append(lease) }
        return leases.compactMap { lease in lease.hold.map { HoldRecord($0, of: lease) } }
    }

    /// Holds that have ended, as far as this turn has been told of them; latest first.
    private func past(_ key: Key) -> [HoldRecord] {
        let ended = knownHolds.values.filter { $0.key == key && $0.end != nil }
        return ended.sorted { $0.token > $1.token } + (histories[key] ?? []).filter { $0.end != nil }
    }

    private func due(_ view: ConditionView, at now: Now) -> Instant? {
        let quarantine = isQuarantined(at: now) ? quarantineUntil : nil
        return switch view.condition {
        case .idle, .drained: quarantine
        case .quiet: max(now.instant + (view.remaining ?? .zero), quarantine ?? now.instant)
        case .phase: nil
        }
    }

    // MARK: What meets it

    /// A hold of the name began or ended.
    mutating func stir(_ lease: LeaseRecord, _ hold: Hold) {
        // Who observes holds nothing that anybody could wait for.
        if hold.mode == .observe { return }
        stirred.append(lease.nameKey)
        news.append(lease.nameKey)
        if lease.group != nil { news.append(lease.key) }
    }

    /// Something else of it that somebody may wait for.
    mutating func note(_ key: Key) { news.append(key) }

    /// At a step's end: whoever's condition is met now is told.
    mutating func tellNews(at now: Now, _ effects: inout [Effect]) {
        guard !news.isEmpty else { return }
        let (news, stirred) = (self.news, self.stirred)
        self.news = []
        self.stirred = []
        for key in stirred {
            if let index = names.index(forKey: key) { names[at: index].stirred = now.instant }
        }
        turnStirred += stirred
        for key in news.count == 1 ? news : Set(news).sorted() {
            guard let index = names.index(forKey: key), !names[at: index].conditions.isEmpty else { continue }
            var name = take(key)
            tellConditions(&name, at: now, &effects)
            shelve(name, key)
        }
    }

    mutating func tellConditions(_ name: inout NameState, at now: Now, _ effects: inout [Effect]) {
        let waiters = name.conditions
        name.conditions = []
        for waiter in waiters {
            guard case .condition(let wait, _)? = requests[waiter.request] else { continue }
            let view = judge(wait, name, at: now)
            if view.verdict == .waiting {
                name.conditions.append(ConditionWaiter(request: waiter.request, due: due(view, at: now)))
            } else {
                say(.condition(view), to: waiter.request, &effects)
            }
        }
    }

    /// The namespace is being deleted.
    mutating func tellDeleted(_ name: inout NameState, at now: Now, _ effects: inout [Effect]) {
        let waiters = name.conditions
        name.conditions = []
        for waiter in waiters {
            guard case .condition(let wait, _)? = requests[waiter.request] else { continue }
            var view = judge(wait, name, at: now)
            if view.verdict == .waiting { view.verdict = .deleted }
            say(.condition(view), to: waiter.request, &effects)
        }
    }

    /// The wait's time is over.
    mutating func stopWaiting(for wait: ConditionWait, at now: Now, _ effects: inout [Effect]) {
        var name = take(wait.key)
        name.conditions.removeAll { $0.request == wait.request }
        shelve(name, wait.key)
        say(.condition(judge(wait, name, at: now)), to: wait.request, &effects)
    }

    /// Where each request stands that waits for a condition of this name: for the streams.
    public func conditions(_ key: Key, at now: Now) -> [(request: RequestID, view: ConditionView)] {
        guard let name = names[key] else { return [] }
        return name.conditions.compactMap { waiter in
            guard case .condition(let wait, _)? = requests[waiter.request] else { return nil }
            return (waiter.request, judge(wait, name, at: now))
        }
    }

    /// The name whose condition the request waits for.
    public func condition(of request: RequestID) -> Key? {
        guard case .condition(let wait, _)? = requests[request] else { return nil }
        return wait.key
    }

    /// The latest holds of a name, newest first, for who waits for a phase.
    public mutating func learn(_ history: [HoldRecord], of key: Key) { histories[key] = history }

    /// So many of them are wanted.
    public static let historyMax = 200
}

extension NameState {
    /// Of the holds that there are.
    var tokens: [FencingToken] {
        let own = lease?.hold.map { [$0.token] } ?? []
        return own + members.map(\.token)
    }
}
