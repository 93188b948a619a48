@testable import Coordination

/// Several names at once.
extension Model.Place {
    /// Whether it campaigned at this name.
    func isAt(_ key: Key) -> Bool { names.isEmpty || names[0] == key }

    /// As it stands in the queue of this one of its names.
    func at(_ key: Key) -> Model.Place {
        var place = self
        place.campaign.key = key
        place.campaign.also = ([campaign.key] + campaign.also).filter { $0 != key }
        return place
    }
}

extension Model {
    /// Nobody who is there came before it.
    func isNext(_ campaign: Campaign, _ key: Key) -> Bool {
        for place in names[key]!.queue {
            if place.isPresent { return false }
            if place.isOf(campaign) { return true }
        }
        return true
    }

    func isNextElsewhere(_ place: Place) -> Bool {
        for key in place.names where key != place.campaign.key {
            guard let first = names[key]!.queue.first(where: { $0.isPresent }), first.isOf(place.campaign),
                fits(first.campaign)
            else { return false }
        }
        return true
    }

    func refuseOtherNames(_ campaign: Campaign, _ key: Key) throws(Rejection) {
        guard let place = names[key]!.queue.first(where: { $0.isOf(campaign) }) else { return }
        let current = place.names.isEmpty ? [key] : place.names
        let asked = [campaign.key] + campaign.also
        if current[0] != asked[0] || Set(current) != Set(asked) {
            throw .namesConflict(current: current.map(\.name), asked: asked.map(\.name))
        }
    }

    mutating func campaignForSeveral(_ campaign: Campaign, _ now: Now) throws(Rejection) {
        let keys = [campaign.key] + campaign.also
        let asked = Place(
            campaign: campaign, arrived: now.instant, requests: [campaign.request], names: keys)
        for key in keys {
            names[key] = names[key] ?? Name()
            dropFailedMarker(key, now)
        }
        for key in keys {
            if let refusal = refusalOfUse(asked.at(key).campaign, now) { throw about(key, keys, refusal) }
        }
        if try repeatSeveral(campaign, keys, now) { return }
        for key in keys {
            do { try refuseIfAbandoned(asked.at(key).campaign) } catch { throw about(key, keys, error) }
        }
        for key in keys { try refuseOtherNames(campaign, key) }
        let isFree = keys.allSatisfy { fits(asked.at($0).campaign) && isNext(campaign, $0) }
        guard isFree, !isQuarantined(now) else { return try enqueueSeveral(asked, now) }
        try roomForSeveral(campaign, keys)
        electSeveral(asked, now)
    }

    private func about(_ key: Key, _ keys: [Key], _ refusal: Rejection) -> Rejection {
        key == keys[0] ? refusal : .about(key, refusal)
    }

    private func refusalOfUse(_ campaign: Campaign, _ now: Now) -> Rejection? {
        let key = campaign.key
        if key.name.contains(".hold-") {
            return names[key]!.hold == nil ? .reserved(key) : .held(view(key, now)!)
        }
        if let inUse = wayInUse(key), inUse != campaign.way {
            return .wayConflict(current: inUse, asked: campaign.way)
        }
        if let inUse = modeInUse(key), inUse != campaign.mode, inUse.isPermits || campaign.mode.isPermits {
            return .modeConflict(current: inUse, asked: campaign.mode)
        }
        return nil
    }

    private mutating func repeatSeveral(
        _ campaign: Campaign, _ keys: [Key], _ now: Now
    ) throws(Rejection) -> Bool {
        let held = keys.compactMap { key -> (name: Key, home: Key)? in
            let home = ([key] + members(key)).first { home in
                guard let hold = names[home]!.hold, !hold.isWritten else { return false }
                return Place(campaign: campaign, arrived: now.instant).isOf(hold.asCampaign(key))
            }
            return home.map { (key, $0) }
        }
        if held.isEmpty { return false }
        for (key, home) in held {
            let hold = names[home]!.hold!
            if hold.mode != campaign.mode {
                throw .modeConflict(current: hold.mode, asked: campaign.mode)
            }
            let asked = [key] + keys.filter { $0 != key }
            if Set(hold.also + [key.name]) != Set(asked.map(\.name)) {
                throw .namesConflict(current: [key.name] + hold.also, asked: asked.map(\.name))
            }
        }
        if held.count < keys.count {
            throw .namesConflict(current: held.map(\.name.name), asked: keys.map(\.name))
        }
        var elections: [Election] = []
        for (key, home) in held {
            let hold = names[home]!.hold!
            names[home]!.given += 1
            names[home]!.deadline = max(names[home]!.deadline, now.instant + hold.duration)
            elections.append(
                Election(
                    lease: names[home]!.lease!, hold: hold, previous: names[key]!.lease!.last,
                    abandoned: names[key]!.lease!.abandoned, queueLength: names[key]!.queue.count))
        }
        say(.elected(together(elections)), to: campaign.request)
        return true
    }

    private func together(_ elections: [Election]) -> Election {
        var first = elections[0]
        first.also = Array(elections[1...])
        return first
    }

    private func roomForSeveral(_ campaign: Campaign, _ keys: [Key]) throws(Rejection) {
        var leases = keys.filter { names[$0]!.lease == nil }.count
        if campaign.mode != .exclusive { leases += keys.count }
        if leases == 0 { return }
        let used = usage
        func refuse(_ bound: Bound, _ used: Int, _ limit: Int) -> Rejection {
            .quotaExceeded(bound, namespace: campaign.key.namespace, limit: limit, used: used)
        }
        if used.leases + leases > settings.namespaceLeasesMax {
            throw refuse(.leases, used.leases, settings.namespaceLeasesMax)
        }
        if used.bytes >= settings.namespaceBytesMax {
            throw refuse(.bytes, used.bytes, settings.namespaceBytesMax)
        }
    }

    private mutating func enqueueSeveral(_ asked: Place, _ now: Now) throws(Rejection) {
        let campaign = asked.campaign
        let waits = campaign.waitUntil.map { $0 > now.instant } ?? false
        if waits { try roomToWait(for: asked.names, campaign.client) }
        let known = asked.names.allSatisfy { names[$0]!.queue.contains { $0.isOf(campaign) } }
        if !known, asked.names.contains(where: { names[$0]!.queue.count >= settings.contendersMax }) {
            throw .tooMany(.queue, limit: settings.contendersMax)
        }
        for key in asked.names {
            if !known { names[key]!.queue.removeAll { $0.isOf(campaign) } }
            var place =
                names[key]!.queue.first { $0.isOf(campaign) }
                ?? Place(campaign: campaign, arrived: now.instant)
            (place.campaign, place.names) = (asked.at(key).campaign, asked.names)
            if waits {
                place.requests.append(campaign.request)
                place.graceUntil = nil
            } else if !place.isPresent {
                place.graceUntil = now.instant + settings.reconnectGrace
            }
            if let index = names[key]!.queue.firstIndex(where: { $0.isOf(campaign) }) {
                names[key]!.queue[index] = place
            } else {
                names[key]!.queue.append(place)
            }
        }
        let stands = standing(of: asked, now)
        if waits {
            patience[campaign.request] = campaign.waitUntil!
            clients[campaign.request] = campaign.client
            said.append(Said(request: campaign.request, standing: stands, after: revision))
        } else {
            say(.waiting(stands), to: campaign.request)
        }
    }

    func standing(of place: Place, _ now: Now) -> Standing {
        let keys = place.names.isEmpty ? [place.campaign.key] : place.names
        let all = keys.map { key in
            standing(key, names[key]!.queue.firstIndex { $0.isOf(place.campaign) }!, now)
        }
        var first = all[0]
        first.also = Array(all[1...])
        return first
    }

    /// Its turn has come: all of them, or none and why.
    mutating func admitSeveral(_ place: Place, _ now: Now) -> Bool {
        for key in place.names { names[key]!.queue.removeAll { $0.isOf(place.campaign) } }
        do throws(Rejection) {
            try roomForSeveral(place.campaign, place.names)
            for key in place.names {
                do { try refuseIfAbandoned(place.at(key).campaign) } catch {
                    throw about(key, place.names, error)
                }
            }
        } catch {
            for request in place.requests { say(.refused(error), to: request) }
            return false
        }
        electSeveral(place, now)
        return true
    }

    private mutating func electSeveral(_ place: Place, _ now: Now) {
        var elections: [Election] = []
        for key in place.names {
            names[key]!.queue.removeAll { $0.isOf(place.campaign) }
            elections.append(hold(place.at(key), now))
        }
        for request in place.requests { say(.elected(together(elections)), to: request) }
    }
}
