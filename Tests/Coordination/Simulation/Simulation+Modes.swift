@testable import Coordination

/// What the dice make of names that are shared or have permits.
extension Simulation {
    /// How, and what for, and whether beside what somebody left.
    mutating func choose(_ campaign: inout Campaign) {
        campaign.mode =
            switch campaign.key.name {
            case "s": dice.oneIn(20) ? .permits(2) : dice.pick([.shared, .shared, .exclusive])
            case "p": dice.oneIn(20) ? dice.pick([.permits(3), .shared, .exclusive]) : .permits(2)
            default: .exclusive
            }
        if dice.oneIn(8) { campaign.mode = .observe }
        if campaign.mode != .exclusive { campaign.way = .lock }
        campaign.failOnAbandoned = dice.oneIn(6)
        campaign.work = dice.pick([nil, "one", "two"])
        // Of those who hold there, one asks again.
        if dice.oneIn(5), let hold = dice.pickAny(stage.disk.open[campaign.key] ?? []) {
            (campaign.holder, campaign.campaignID, campaign.principal) =
                (hold.holder, hold.campaignID, hold.principal)
            if !dice.oneIn(10) { campaign.mode = hold.mode }
            if campaign.mode == .observe { campaign.way = .lock }
        }
    }

    /// One or two more, mostly locks; or those that the same holder asked for before.
    mutating func addNames(_ campaign: inout Campaign) {
        guard campaign.mode != .observe, !dice.oneIn(3) else { return }
        campaign.way = .lock
        if dice.oneIn(3), let place = dice.pickAny(stage.core.names[campaign.key]?.queue ?? []),
            let first = place.names.first
        {
            (campaign.key, campaign.also) = (first, Array(place.names.dropFirst()))
            (campaign.holder, campaign.campaignID, campaign.principal, campaign.mode) = (
                place.campaign.holder, place.campaign.campaignID, place.campaign.principal,
                place.campaign.mode
            )
            return
        }
        if dice.oneIn(3), let hold = dice.pickAny(stage.disk.open[campaign.key] ?? []),
            hold.mode != .observe,
            let also = stage.core.names[stage.core.home(campaign.key, hold.token)]?.lease?.hold?.also
        {
            (campaign.holder, campaign.campaignID, campaign.principal, campaign.mode) =
                (hold.holder, hold.campaignID, hold.principal, hold.mode)
            // By now its name may have another's hold.
            campaign.also = hold.mode == .observe ? [] : also.map(Stage.key)
            return
        }
        var others = (dice.oneIn(10) ? names : ["d", "e", "s"]).filter { $0 != campaign.key.name }
        if dice.oneIn(2), others.count > 1 { others.remove(at: dice.below(others.count)) }
        if dice.oneIn(2) { others.reverse() }
        campaign.also = others.map(Stage.key)
    }

    /// Everybody who holds gives it back, again and again. What is left: those who wait for nobody.
    mutating func everybodyEnds() -> [RequestID] {
        stage.pass(.seconds(46))
        stage.tick()
        for _ in 0..<100 {
            let holds = stage.core.names.compactMap { key, name in name.lease?.hold.map { (key, $0) } }
            if holds.isEmpty { break }
            for (key, hold) in holds {
                let claim = Claim(
                    request: stage.newRequest(), key: key, holder: hold.holder, token: hold.token,
                    principal: hold.principal)
                stage.send(.resign(claim, Resignation()), from: claim.request)
            }
            stage.tick()
        }
        return stage.core.requests.compactMap { request, place in
            if case .contender = place { request } else { nil }
        }
    }

    mutating func someModeCommand() -> Command? {
        switch dice.below(6) {
        case 0..<3: return someClaim().map { .phase($0, dice.pick(["pushing", "pushed"])) }
        case 3: return someClearing().map { .clearAbandoned($0) }
        case 4:
            guard let lease = someMemberLease() else { return nil }
            return .delete(
                LeaseDeletion(
                    request: stage.newRequest(), key: lease.key, by: "olga", mayRevoke: !dice.oneIn(3)))
        default:
            guard let key = someMemberLease()?.key ?? dice.pickAny(elections)?.lease.key else { return nil }
            return .campaign(
                Campaign(
                    request: stage.newRequest(), key: key, holder: dice.pick(Self.holders),
                    duration: .seconds(5), way: dice.pick([.once, .lock])))
        }
    }

    private mutating func someMemberLease() -> LeaseRecord? {
        dice.pickAny(stage.disk.leases.values.filter { $0.group != nil }.sorted { $0.key < $1.key })
    }

    private mutating func someClearing() -> Clearing? {
        let key = someKey()
        let abandoned = stage.disk.leases[key]?.abandoned.holds.map(\.token) ?? []
        let token = dice.oneIn(4) ? dice.pickAny(elections)?.token : dice.pickAny(abandoned)
        return token.map {
            Clearing(
                request: stage.newRequest(), key: key, token: $0, reason: "looked after", by: "olga")
        }
    }
}
