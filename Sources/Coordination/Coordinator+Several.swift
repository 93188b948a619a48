// Several names at once, all or none.
//
// A campaign may ask for other names beside its own. It is one contender with a place in the queue of
// each, and is elected in all of them in one step: as soon as it is, in each, the first who is there,
// and fits. Until then it holds nothing. Those behind it wait, even for a name that is free meanwhile:
// otherwise they could take its names in turn for ever, and it would never find all of them free.
//
// Nobody can wait in a circle. Whoever holds waits for nothing by its campaign, and places are taken in
// all queues in one step, at their ends: so contenders stand in the same order wherever two of them
// meet, and the one that came first of all waits for holders only.
//
// Its places are alike: they have the same requests and the same grace, and whatever changes one changes
// all. Once elected, each hold is on its own: it has a token, is renewed, and ends by itself.

extension Campaign {
    /// Every name that it asks for, its own first.
    var keys: [Key] { also.isEmpty ? [key] : [key] + also }

    /// The same for one of its names: as it stands in that queue.
    func at(_ key: Key) -> Campaign {
        var campaign = self
        campaign.also = keys.filter { $0 != key }
        campaign.key = key
        return campaign
    }
}

extension Contender {
    /// The name that is told first: the one it campaigned at.
    var primary: Key { names.first ?? campaign.key }

    func at(_ key: Key) -> Contender {
        var contender = self
        contender.campaign = campaign.at(key)
        return contender
    }
}

extension NameState {
    /// Whether a campaign that comes now is the next to be elected here, and fits: nobody who is there
    /// came before it. It may have a place from before.
    func isNext(_ campaign: Campaign) -> Bool {
        guard fits(campaign.mode) else { return false }
        guard let first = queue.firstIndex(where: \.isPresent) else { return true }
        return queue[..<first].contains { $0.isSame(as: campaign) }
    }

    /// Whether the next to be elected is not behind this place, and waits for other names.
    func isKept(from index: Int) -> Bool {
        guard let first = queue[...index].first(where: \.isPresent) else { return false }
        return !first.names.isEmpty
    }

    /// The hold that was got by this campaign.
    func held(by campaign: Campaign) -> Member? {
        if let hold = lease?.hold, hold.isHeld(by: campaign) { return Member(hold) }
        return members.first { $0.isHeld(by: campaign) }
    }
}

extension Coordinator {
    /// Whether the next who is there can be elected. The name may be taken out.
    func canElect(_ name: NameState) -> Bool {
        guard let next = name.queue.first(where: \.isPresent) else { return false }
        return name.fits(next.campaign.mode) && isNextElsewhere(next)
    }

    /// Whether it is the next, and fits, in the queues of its other names.
    func isNextElsewhere(_ contender: Contender) -> Bool {
        contender.campaign.also.allSatisfy { key in
            guard let index = names.index(forKey: key),
                let next = names[at: index].queue.first(where: \.isPresent)
            else { return false }
            return next.isSame(as: contender.campaign) && names[at: index].fits(contender.campaign.mode)
        }
    }

    // MARK: To campaign

    mutating func campaignForAll(
        _ campaign: Campaign, at now: Now, _ effects: inout [Effect]
    ) throws(Rejection) {
        precondition(campaign.way == .lock, "several names can't end in one marker")
        precondition(campaign.mode != .observe, "who observes is beside one name")
        for key in campaign.keys {
            var name = take(key)
            expireMarkerIfDue(&name, at: now, &effects)
            shelve(name, key)
        }
        try forEach(campaign) { core, campaign, name throws(Rejection) in
            try core.refuseMemberName(name, campaign.key, now)
            try core.refuseOtherUse(campaign, name)
        }
        if try repeatInAll(campaign, at: now, &effects) { return }
        try forEach(campaign) { core, campaign, name throws(Rejection) in
            try core.refuseAbandoned(campaign, name)
        }
        for key in campaign.keys { try refuseOtherNames(campaign, names[key]!) }
        guard !isQuarantined(at: now), campaign.keys.allSatisfy({ names[$0]!.isNext(campaign) }) else {
            return try enqueueInAll(campaign, at: now, &effects)
        }
        try roomInAll(for: campaign, campaign.keys.map { names[$0]! })
        let contender = Contender(
            campaign: campaign, names: campaign.keys, requests: [campaign.request], since: now.wall,
            arrived: now.instant)
        effects.append(.waitEnded(.electedAtOnce, after: .zero))
        var states = takeAll(contender)
        electInAll(contender, &states, behind: states.map(\.queue.count), at: now, &effects)
        for (key, state) in zip(contender.names, states) { shelve(state, key) }
    }

    /// What one name refuses is refused for all; which one it was is said, unless it is the first.
    private func forEach(
        _ campaign: Campaign,
        _ check: (Coordinator, Campaign, NameState) throws(Rejection) -> Void
    ) throws(Rejection) {
        for key in campaign.keys {
            do throws(Rejection) {
                try check(self, campaign.at(key), names[key]!)
            } catch {
                throw key == campaign.key ? error : .about(key, error)
            }
        }
    }

    /// One who queues doesn't change what it queues for.
    func refuseOtherNames(_ campaign: Campaign, _ name: NameState) throws(Rejection) {
        guard let known = name.queue.first(where: { $0.isSame(as: campaign) }) else { return }
        try matchNames(known, campaign)
    }

    func matchNames(_ known: Contender, _ campaign: Campaign) throws(Rejection) {
        if known.names.isEmpty, campaign.also.isEmpty { return }
        let current = known.names.isEmpty ? [known.campaign.key] : known.names
        guard known.primary == campaign.key, Set(current) == Set(campaign.keys) else {
            throw .namesConflict(current: current.map(\.name), asked: campaign.keys.map(\.name))
        }
    }

    /// The same campaign again by the holder of all of them. One that has lost some of them meanwhile
    /// would hold the others while it waits: it is told what it holds.
    private mutating func repeatInAll(
        _ campaign: Campaign, at now: Now, _ effects: inout [Effect]
    ) throws(Rejection) -> Bool {
        var homes: [(name: Key, home: Key)] = []
        for key in campaign.keys {
            guard let held = names[key]!.held(by: campaign) else { continue }
            try match(held, campaign.at(key))
            homes.append((key, held.mode.isGrouped ? key.member(held.token) : key))
        }
        guard !homes.isEmpty else { return false }
        guard homes.count == campaign.keys.count else {
            throw .namesConflict(current: homes.map(\.name.name), asked: campaign.keys.map(\.name))
        }
        var elections: [Election] = []
        for (key, home) in homes {
            let (lease, behind) = (names[key]!.lease!, names[key]!.queue.count)
            var held = take(home)
            elections.append(again(&held, of: lease, behind: behind, at: now))
            shelve(held, home)
        }
        say(.elected(Election(together: elections)), to: campaign.request, &effects)
        return true
    }

    /// A place in each queue, at the end of each, or in none.
    private mutating func enqueueInAll(
        _ campaign: Campaign, at now: Now, _ effects: inout [Effect]
    ) throws(Rejection) {
        forgetUnlessOpen()
        var place: Place?
        if let until = campaign.waitUntil, until > now.instant {
            let wanted = Place.contender(
                campaign.key, also: campaign.also, until: until, client: campaign.client)
            try waiterCounts.room(for: wanted, settings)
            place = wanted
        }
        let isKnown = campaign.keys.allSatisfy { names[$0]!.queue.contains { $0.isSame(as: campaign) } }
        if !isKnown {
            for key in campaign.keys where names[key]!.queue.count >= settings.contendersMax {
                throw .tooMany(.queue, limit: settings.contendersMax)
            }
        }
        let fresh = Contender(
            campaign: campaign, names: campaign.keys, requests: [], since: now.wall, arrived: now.instant)
        var contender = fresh
        for key in campaign.keys {
            var name = take(key)
            contender = name.stand(
                fresh.at(key), isKnown: isKnown, waits: place != nil,
                graceUntil: now.instant + settings.reconnectGrace)
            shelve(name, key)
        }
        let standing = standing(of: contender, now)
        if let place {
            park(campaign.request, place)
            effects.append(.parked(campaign.request, standing, after: revision))
        } else {
            say(.waiting(standing), to: campaign.request, &effects)
        }
    }

    // MARK: To be elected

    /// All of its names, without its places in their queues. They are put back by the caller.
    private mutating func takeAll(_ contender: Contender, but here: Key? = nil) -> [NameState] {
        contender.names.map { key in
            guard key != here else { return NameState() }
            var name = take(key)
            name.queue.removeAll { $0.isSame(as: contender.campaign) }
            return name
        }
    }

    /// Elects it in this name, which is taken out, and in its others; or tells it why in none. False: it
    /// wasn't.
    mutating func admitToAll(
        _ contender: Contender, _ name: inout NameState, behind: Int, at now: Now,
        _ effects: inout [Effect]
    ) -> Bool {
        var states = takeAll(contender, but: contender.campaign.key)
        let here = contender.names.firstIndex(of: contender.campaign.key)!
        swap(&states[here], &name)
        defer {
            swap(&states[here], &name)
            for (index, key) in contender.names.enumerated() where index != here {
                shelve(states[index], key)
            }
        }
        do throws(Rejection) {
            try roomInAll(for: contender.campaign, states)
            for (key, state) in zip(contender.names, states) {
                try refuseAbandoned(contender.campaign, state, unless: contender.primary, key)
            }
        } catch {
            for key in contender.names { effects.append(.standingsChanged(key)) }
            for request in contender.requests { say(.refused(error), to: request, &effects) }
            return false
        }
        var counts = states.map(\.queue.count)
        counts[here] = behind
        effects.append(.waitEnded(.handedOver, after: now.instant - contender.arrived))
        electInAll(contender, &states, behind: counts, at: now, &effects)
        return true
    }

    private func refuseAbandoned(
        _ campaign: Campaign, _ name: NameState, unless primary: Key, _ key: Key
    ) throws(Rejection) {
        do throws(Rejection) {
            try refuseAbandoned(campaign, name)
        } catch {
            throw key == primary ? error : .about(key, error)
        }
    }

    /// The namespace has room for what all of them add, or none is elected.
    private func roomInAll(for campaign: Campaign, _ states: [NameState]) throws(Rejection) {
        let leases = states.reduce(0) {
            $0 + ($1.counted.leases == 0 ? 1 : 0) + (campaign.mode.isGrouped ? 1 : 0)
        }
        try room(for: leases, in: campaign.key.namespace)
    }

    private mutating func electInAll(
        _ contender: Contender, _ states: inout [NameState], behind: [Int], at now: Now,
        _ effects: inout [Effect]
    ) {
        var elections: [Election] = []
        for (index, key) in contender.names.enumerated() {
            elections.append(
                begin(contender.at(key), &states[index], behind: behind[index], at: now, &effects))
        }
        tell(contender, Election(together: elections), &effects)
    }

    // MARK: To wait

    /// The request's wait is over. A contender that has no other keeps its places for a while.
    mutating func leaveAll(_ request: RequestID, _ place: Place, at now: Now, _ effects: inout [Effect]) {
        var contender: Contender?
        for key in place.keys {
            var name = take(key)
            if let index = name.detach(request, graceUntil: now.instant + settings.reconnectGrace) {
                contender = name.queue[index]
            }
            shelve(name, key)
        }
        guard let contender else { return settle(request) }
        say(.waiting(standing(of: contender, now)), to: request, &effects)
    }

    /// Where it stands for each of its names. None of them is taken out.
    func standing(of contender: Contender, _ now: Now) -> Standing {
        let all = contender.names.map { key in
            let name = names[key]!
            let index = name.queue.firstIndex { $0.isSame(as: contender.campaign) }!
            return standing(at: index, in: name, now)
        }
        var first = all[0]
        first.also = Array(all.dropFirst())
        return first
    }
}

extension NameState {
    /// Takes, or takes again, a place in this queue.
    fileprivate mutating func stand(
        _ fresh: Contender, isKnown: Bool, waits: Bool, graceUntil: Instant
    ) -> Contender {
        // Places are alike: where one is missing, none counts.
        if !isKnown {
            queue.removeAll { $0.isSame(as: fresh.campaign) }
            queue.append(fresh)
        }
        let index = queue.firstIndex { $0.isSame(as: fresh.campaign) }!
        queue[index].campaign = fresh.campaign
        queue[index].names = fresh.names
        if waits {
            queue[index].requests.append(fresh.campaign.request)
            queue[index].graceUntil = nil
        } else if !queue[index].isPresent {
            queue[index].graceUntil = graceUntil
        }
        return queue[index]
    }
}

extension Election {
    /// Of several names, the first of which is told first.
    fileprivate init(together elections: [Election]) {
        self = elections[0]
        also = Array(elections.dropFirst())
    }
}
