@testable import Coordination

/// What the actors of a story do. Each is a command with everything unsaid left at its default.
extension Stage {
    /// The reply was not the one that the story needs to go on.
    struct Surprise: Error { var reply: Reply? }

    static func key(_ name: String) -> Key { Key(namespace: "ci", name: name) }

    /// A campaign, to be changed before it is asked.
    mutating func aCampaign(
        _ name: String, by holder: String, id: String? = nil, for duration: Interval = .seconds(30),
        way: Way = .once, waiting: Interval? = nil
    ) -> Campaign {
        Campaign(
            request: newRequest(), key: Self.key(name), holder: holder, campaignID: id, duration: duration,
            way: way, waitUntil: waiting.map { now.instant + $0 })
    }

    /// Asks, and gets whatever there is to say at once; nil if the request waits.
    @discardableResult
    mutating func ask(_ campaign: Campaign) -> Reply? {
        send(.campaign(campaign), from: campaign.request)
        return reply(to: campaign.request)
    }

    /// Campaigns and is elected, or the story stops here.
    @discardableResult
    mutating func campaign(
        _ name: String, by holder: String, id: String? = nil, for duration: Interval = .seconds(30),
        way: Way = .once, _ change: (inout Campaign) -> Void = { _ in }
    ) throws -> Election {
        var campaign = aCampaign(name, by: holder, id: id, for: duration, way: way)
        change(&campaign)
        let reply = ask(campaign)
        guard case .elected(let election) = reply else { throw Surprise(reply: reply) }
        return election
    }

    /// Campaigns and waits for its turn.
    @discardableResult
    mutating func queue(
        _ name: String, by holder: String, id: String? = nil, for duration: Interval = .seconds(30),
        way: Way = .once, waiting: Interval = .minutes(10), _ change: (inout Campaign) -> Void = { _ in }
    ) -> RequestID {
        var campaign = aCampaign(name, by: holder, id: id, for: duration, way: way, waiting: waiting)
        change(&campaign)
        send(.campaign(campaign), from: campaign.request)
        return campaign.request
    }

    /// By the hold's own lease, or by the name that it shares.
    mutating func claim(_ election: Election, byName: Bool = false) -> Claim {
        Claim(
            request: newRequest(), key: byName ? election.lease.nameKey : election.lease.key,
            holder: election.hold.holder,
            token: election.token, principal: election.hold.principal)
    }

    @discardableResult
    mutating func renew(_ election: Election) -> Reply? {
        let claim = claim(election)
        send(.renew(claim), from: claim.request)
        return reply(to: claim.request)
    }

    @discardableResult
    mutating func complete(_ election: Election, _ finding: Finding = Finding()) -> Reply? {
        let claim = claim(election)
        send(.complete(claim, finding), from: claim.request)
        return reply(to: claim.request)
    }

    @discardableResult
    mutating func resign(
        _ election: Election, _ outcome: Resignation.Outcome = .released, reason: String? = nil
    ) -> Reply? {
        let claim = claim(election)
        send(.resign(claim, Resignation(outcome: outcome, reason: reason)), from: claim.request)
        return reply(to: claim.request)
    }

    @discardableResult
    mutating func revoke(_ election: Election, reason: String = "stuck", by operator: String = "olga")
        -> Reply?
    {
        let request = newRequest()
        let revocation = Revocation(
            request: request, key: election.lease.key, token: election.token, reason: reason, by: `operator`)
        send(.revoke(revocation), from: request)
        return reply(to: request)
    }

    @discardableResult
    mutating func mark(
        _ name: String, _ finding: Finding = Finding(), inputs: String? = nil, by holder: String = "maria"
    ) -> Reply? {
        let request = newRequest()
        let marking = Marking(
            request: request, key: Self.key(name), finding: finding, inputsDigest: inputs, holder: holder,
            principal: nil, info: [:])
        send(.mark(marking), from: request)
        return reply(to: request)
    }

    @discardableResult
    mutating func unmark(_ name: String, revision: Revision) -> Reply? {
        let request = newRequest()
        send(.unmark(Unmarking(request: request, key: Self.key(name), revision: revision)), from: request)
        return reply(to: request)
    }

    /// Waits for markers without contending.
    @discardableResult
    mutating func wait(
        _ names: String..., require: MarkerWait.Require = .all, waiting: Interval? = .minutes(10)
    ) -> RequestID {
        let request = newRequest()
        let wait = MarkerWait(
            request: request, keys: names.map(Self.key), require: require,
            waitUntil: waiting.map { now.instant + $0 })
        send(.wait(wait), from: request)
        return request
    }

    // MARK: Holds that share a name

    @discardableResult
    mutating func share(
        _ name: String, by holder: String, _ mode: Mode = .shared, for duration: Interval = .seconds(30),
        _ change: (inout Campaign) -> Void = { _ in }
    ) throws -> Election {
        try campaign(name, by: holder, for: duration, way: .lock) {
            $0.mode = mode
            change(&$0)
        }
    }

    /// Waits for its turn, as a lock of this mode.
    mutating func line(
        _ name: String, by holder: String, _ mode: Mode, _ change: (inout Campaign) -> Void = { _ in }
    ) -> RequestID {
        queue(name, by: holder, way: .lock) {
            $0.mode = mode
            change(&$0)
        }
    }

    // MARK: Several names at once

    /// All of these names, the first of which it campaigns at.
    @discardableResult
    mutating func hold(
        _ names: String..., by holder: String, _ mode: Mode = .exclusive,
        _ change: (inout Campaign) -> Void = { _ in }
    ) throws -> Election {
        try share(names[0], by: holder, mode) {
            $0.also = names.dropFirst().map(Self.key)
            change(&$0)
        }
    }

    mutating func lineAll(
        _ names: String..., by holder: String, _ mode: Mode = .exclusive,
        _ change: (inout Campaign) -> Void = { _ in }
    ) -> RequestID {
        line(names[0], by: holder, mode) {
            $0.also = names.dropFirst().map(Self.key)
            change(&$0)
        }
    }

    /// Each name by itself, as a holder does.
    mutating func resignAll(_ election: Election) {
        for one in [election] + election.also { resign(one) }
    }

    @discardableResult
    mutating func enter(_ phase: String, _ election: Election) -> Reply? {
        let claim = claim(election, byName: true)
        send(.phase(claim, phase), from: claim.request)
        return reply(to: claim.request)
    }

    @discardableResult
    mutating func clear(_ name: String, _ token: FencingToken) -> Reply? {
        var clearing = Clearing(
            request: newRequest(), key: Self.key(name), token: token, reason: "looked after", by: "olga")
        clearing.origin = Origin(requestID: "1", identity: "olga", address: "unix")
        send(.clearAbandoned(clearing), from: clearing.request)
        return reply(to: clearing.request)
    }

    /// Who holds the name, by the disk.
    func holders(_ name: String) -> [String] {
        disk.leases.values.filter { $0.nameKey == Self.key(name) && $0.hold != nil }
            .sorted { $0.hold!.token < $1.hold!.token }.map { $0.hold!.holder }
    }

    mutating func disconnect(_ request: RequestID) { send(.forsake(request)) }
    mutating func takeBack(_ election: Election) { send(.takeBack(election.lease.key, election.token)) }
    mutating func sweep(_ name: String) {
        guard let lease = disk.leases[Self.key(name)] else { return }
        send(.sweep(lease.key, lease.revision))
    }

    // MARK: What they see

    func reply(to request: RequestID) -> Reply? {
        if case .told(let reply)? = fates[request] { reply } else { nil }
    }

    func election(_ request: RequestID) throws -> Election {
        guard let election = reply(to: request)?.election else { throw Surprise(reply: reply(to: request)) }
        return election
    }

    func isWaiting(_ request: RequestID) -> Bool {
        if case .parked? = fates[request] { true } else { false }
    }

    func standing(_ request: RequestID) -> Standing? {
        if case .parked(let standing)? = fates[request] { standing } else { reply(to: request)?.standing }
    }

    func lease(_ name: String) -> LeaseView? { core.lease(Self.key(name), at: now) }
    func marker(_ name: String) -> DoneMarker? { disk.markers[Self.key(name)] }
    func holder(_ name: String) -> String? { disk.leases[Self.key(name)]?.hold?.holder }
    /// How the hold of this election ended, as the history tells it.
    func end(of election: Election) -> HoldRecord.End? { disk.holds[election.token]?.end }
}

extension Election {
    var token: FencingToken { hold.token }
}

/// The parts of a reply, by what they are.
extension Reply {
    var election: Election? { if case .elected(let election) = self { election } else { nil } }
    var settled: DoneMarker? { if case .settled(let marker) = self { marker } else { nil } }
    var standing: Standing? { if case .waiting(let standing) = self { standing } else { nil } }
    var renewed: LeaseView? { if case .renewed(let view) = self { view } else { nil } }
    var phased: LeaseView? { if case .phased(let view) = self { view } else { nil } }
    var cleared: AbandonedHold? { if case .cleared(let hold) = self { hold } else { nil } }
    var ended: HoldRecord? { if case .ended(let record) = self { record } else { nil } }
    var markers: MarkersView? { if case .markers(let view) = self { view } else { nil } }
    var rejection: Rejection? { if case .refused(let rejection) = self { rejection } else { nil } }
    var completed: (record: HoldRecord, marker: DoneMarker?)? {
        if case .completed(let record, let marker) = self { (record, marker) } else { nil }
    }
    var marked: (marker: DoneMarker, new: Bool)? {
        if case .marked(let marker, let new) = self { (marker, new) } else { nil }
    }
}
