@testable import Coordination

/// What the dice make the clients do.
extension Simulation {
    /// With modes: a lock that is shared or not, and one that has permits.
    var names: [String] {
        if hasSeveral { return ["a", "d", "e", "s"] }
        return hasModes ? ["a", "d", "s", "p"] : ["a", "b", "c", "d"]
    }
    static let holders = ["anna", "bela", "caro", "dora"]

    mutating func someCommand() -> Command? {
        switch dice.below(40) {
        case 0..<14: return .campaign(someCampaign())
        case 14..<19: return someClaim().map { .renew($0) }
        case 19..<22: return someClaim().map { .complete($0, someFinding()) }
        case 22..<27: return someClaim().map { .resign($0, someResignation()) }
        case 27..<28: return someRevocation().map { .revoke($0) }
        case 28..<29:
            return .mark(
                Marking(
                    request: stage.newRequest(), key: someKey(), finding: someFinding(),
                    inputsDigest: someInputs(), holder: dice.pick(Self.holders), principal: nil, info: [:]))
        case 29..<31:
            guard let marker = someMarker() else { return nil }
            let revision = dice.oneIn(5) ? marker.revision - 1 : marker.revision
            return .unmark(Unmarking(request: stage.newRequest(), key: marker.key, revision: revision))
        case 31..<34: return .wait(someWait())
        case 34..<37: return someParked().map { .forsake($0) }
        case 37..<38:
            return dice.pickAny(elections).map { .takeBack($0.lease.key, $0.token) }
        default:
            let key = someKey()
            return stage.disk.leases[key].map { .sweep(key, $0.revision) }
        }
    }

    mutating func someKey() -> Key { Stage.key(dice.pick(names)) }

    private mutating func someInputs() -> String? {
        dice.pick([nil, nil, "sha256:1", "sha256:1", "sha256:2"])
    }

    private mutating func someSpan(upTo seconds: Int) -> Interval {
        .seconds(Int64(1 + dice.below(seconds))) + Interval(nanoseconds: Int64(dice.below(1_000_000_000)))
    }

    private mutating func someCampaign() -> Campaign {
        let key = someKey()
        // A retry of someone who waits or holds, now and then; otherwise anybody.
        var holder = dice.pick(Self.holders)
        var id = dice.pick([nil, "1", "2"])
        if dice.oneIn(4), let place = dice.pickAny(stage.core.contenders(key)) {
            (holder, id) = (place.holder, place.campaignID)
        } else if dice.oneIn(4), let hold = stage.disk.leases[key]?.hold {
            (holder, id) = (hold.holder, hold.campaignID)
        }
        let usualWay: Way = ["d", "e", "s", "p"].contains(key.name) ? .lock : .once
        var campaign = Campaign(
            request: stage.newRequest(), key: key, holder: holder, campaignID: id,
            principal: dice.oneIn(10) ? "robot" : nil, duration: someSpan(upTo: 40),
            way: dice.oneIn(12) ? (usualWay == .once ? .lock : .once) : usualWay,
            inputsDigest: someInputs(), maxAttempts: dice.pick([nil, nil, 1, 3]),
            supersedes: dice.oneIn(3) ? stage.disk.markers[key]?.revision : nil,
            confirmWithin: dice.oneIn(3) ? someSpan(upTo: 10) : nil,
            waitUntil: dice.oneIn(4) ? nil : stage.now.instant + someSpan(upTo: 90), client: holder)
        if hasModes { choose(&campaign) }
        if hasSeveral { addNames(&campaign) }
        return campaign
    }

    mutating func someClaim() -> Claim? {
        // Mostly the present holders, so that something gets done; sometimes a late or a wrong one.
        let present = elections.filter { stage.disk.leases[$0.lease.key]?.hold?.token == $0.token }
        guard let election = dice.pickAny(dice.oneIn(3) || present.isEmpty ? elections : present) else {
            return nil
        }
        var claim = stage.claim(election)
        if dice.oneIn(20) { claim.holder = dice.pick(Self.holders) }
        if dice.oneIn(20) { claim.principal = "robot" }
        if dice.oneIn(30) { claim.key = someKey() }
        if hasModes, dice.oneIn(2), let name = claim.key.group { claim.key = name }
        return claim
    }

    private mutating func someFinding() -> Finding {
        dice.oneIn(3)
            ? Finding(outcome: .failed, reason: dice.pick(["broken", "out of disk"]))
            : Self.made(dice.pick(["one", "two"]))
    }

    private static func made(_ image: String) -> Finding {
        Finding(
            result: ["image": image],
            artifacts: [
                Artifact(
                    name: "image.tar",
                    digest: "sha256:" + String(repeating: image == "one" ? "1" : "2", count: 64),
                    size: 1)
            ])
    }

    private mutating func someResignation() -> Resignation {
        Resignation(
            outcome: dice.pick([.released, .failed, .failed, .abandoned]), reason: dice.pick([nil, "broken"]))
    }

    private mutating func someRevocation() -> Revocation? {
        guard let election = dice.pickAny(elections) else { return nil }
        return Revocation(
            request: stage.newRequest(), key: election.lease.key, token: election.token, reason: "stuck",
            by: "olga")
    }

    private mutating func someMarker() -> DoneMarker? {
        dice.pickAny(stage.disk.markers.values.sorted { $0.key < $1.key })
    }

    private mutating func someWait() -> MarkerWait {
        var names = names
        names.removeSubrange((1 + dice.below(3))...)
        let request = stage.newRequest()
        return MarkerWait(
            request: request, keys: names.map(Stage.key), require: dice.pick([.all, .any]),
            waitUntil: dice.oneIn(5) ? nil : stage.now.instant + someSpan(upTo: 90),
            client: Self.holders[Int(request % 4)])
    }

    /// Anybody who has heard nothing yet: who waits, was told in this very turn, or asked in it.
    private mutating func someParked() -> RequestID? {
        let open = stage.fates.filter { request, fate in
            switch fate {
            case .parked: true
            case .asked: request % 4 == 0
            case .told, .unknown, .gone: false
            }
        }
        return dice.pickAny(open.keys.sorted())
    }
}
