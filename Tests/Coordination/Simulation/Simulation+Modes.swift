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
        if campaign.mode != .exclusive { campaign.way = .lock }
        campaign.failOnAbandoned = dice.oneIn(6)
        campaign.work = dice.pick([nil, "one", "two"])
        // Of those who hold there, one asks again.
        if dice.oneIn(5), let hold = dice.pickAny(stage.disk.open[campaign.key] ?? []) {
            (campaign.holder, campaign.campaignID, campaign.principal) =
                (hold.holder, hold.campaignID, hold.principal)
            if !dice.oneIn(10) { campaign.mode = hold.mode }
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
