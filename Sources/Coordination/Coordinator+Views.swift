// What readers are shown. Nothing here changes anything.

extension Coordinator {
    /// The lease as memory has it; nil if it has none of this name. The name must have been learned.
    public func lease(_ key: Key, at now: Now) -> LeaseView? {
        names[key].flatMap { view(of: $0, now) }
    }

    /// The lease of the hold with this token, if it is one of those that share the name; otherwise the
    /// name's own. The name must have been learned.
    public func lease(_ key: Key, holding token: FencingToken, at now: Now) -> LeaseView? {
        lease(home(key, token), at: now)
    }

    /// Whether memory knows the name: if it does, it knows better than the store.
    public func knows(_ key: Key) -> Bool { names.contains(key) }

    /// The lease's record alone.
    public func record(_ key: Key) -> LeaseRecord? { names[key]?.lease }

    public func marker(_ key: Key) -> DoneMarker? { names[key]?.marker }

    /// The queue, first to be elected first.
    public func contenders(_ key: Key) -> [ContenderView] {
        (names[key]?.queue ?? []).map {
            ContenderView(
                holder: $0.campaign.holder, campaignID: $0.campaign.campaignID, mode: $0.campaign.mode,
                present: $0.isPresent, since: $0.since, also: $0.campaign.also.map(\.name))
        }
    }

    /// Where each waiting request of this name stands: for the streams.
    public func standings(_ key: Key, at now: Now) -> [(request: RequestID, standing: Standing)] {
        guard let name = names[key], !name.queue.isEmpty else { return [] }
        let view = viewOrBlank(name, now)
        var all: [(RequestID, Standing)] = []
        for index in name.queue.indices {
            let standing =
                name.queue[index].names.isEmpty
                ? standing(at: index, in: name, view, now) : standing(of: name.queue[index], now)
            for request in name.queue[index].requests { all.append((request, standing)) }
        }
        return all
    }

    /// When the contender that has waited longest came; nil if nobody queues. Looks at every name in
    /// memory: for now and then.
    public var oldestArrival: Instant? {
        var oldest: Instant?
        for index in names.indices {
            // In order of arrival.
            guard let first = names[at: index].queue.first(where: \.isPresent) else { continue }
            oldest = min(oldest ?? first.arrived, first.arrived)
        }
        return oldest
    }

    func view(of name: NameState, _ now: Now, showing most: Int = SharedHold.mostShown) -> LeaseView? {
        guard let lease = name.lease else { return nil }
        // Who waits for a member's hold to end waits for the name.
        let isObserving = lease.hold?.mode == .observe
        let queue =
            lease.group == nil
            ? name.queue.count : isObserving ? 0 : names[lease.nameKey]?.queue.count ?? 0
        return LeaseView(
            record: lease, remaining: lease.hold == nil ? nil : max(.zero, name.deadline - now.instant),
            lastRenewal: name.lastRenewal, queueLength: queue, shared: shared(name, lease.key, now, most),
            sharedCount: name.members.count)
    }

    private func shared(_ name: NameState, _ key: Key, _ now: Now, _ most: Int) -> [SharedHold] {
        name.members.prefix(most).compactMap { member in
            guard let state = names[key.member(member.token)], let hold = state.lease?.hold else {
                return nil
            }
            return SharedHold(
                hold: hold, remaining: max(.zero, state.deadline - now.instant),
                lastRenewal: state.lastRenewal)
        }
    }

    /// A name that was never held, waited for during a restore's quarantine, has no record yet.
    private func viewOrBlank(_ name: NameState, _ now: Now) -> LeaseView {
        if let view = view(of: name, now, showing: SharedHold.mostShownWaiting) { return view }
        let campaign = name.queue[0].campaign
        let blank = LeaseRecord(
            key: campaign.key, revision: 0, created: 0, createdAt: now.wall, way: campaign.way,
            maxAttempts: campaign.maxAttempts ?? settings.defaultMaxAttempts)
        return LeaseView(record: blank, remaining: nil, lastRenewal: nil, queueLength: name.queue.count)
    }

    func standing(at index: Int, in name: NameState, _ now: Now) -> Standing {
        standing(at: index, in: name, viewOrBlank(name, now), now)
    }

    private func standing(at index: Int, in name: NameState, _ view: LeaseView, _ now: Now) -> Standing {
        let reason: Standing.Reason =
            if let hold = name.lease?.hold {
                hold.holder == name.queue[index].campaign.holder ? .sameIdentityHolds : .held
            } else if !name.members.isEmpty {
                name.members.contains { $0.holder == name.queue[index].campaign.holder }
                    ? .sameIdentityHolds : .held
            } else {
                isQuarantined(at: now)
                    ? .restoreQuarantine : name.isKept(from: index) ? .kept : .free
            }
        return Standing(
            reason: reason, lease: view, position: index + 1, queueLength: name.queue.count)
    }
}
