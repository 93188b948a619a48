@testable import Coordination

/// A run of /v1: campaigns and waits, renews, resigns; counts from when it sent the renewal that
/// was answered, and stops a second before the end.
struct Campaigner {
    let identity: String
    let duration = Interval.seconds(12)
    let margin = Interval.seconds(1)

    var token: FencingToken?
    var renewalSent = Instant(nanoseconds: 0)
    var believesUntil = Instant(nanoseconds: 0)
    private var life = 0

    init(identity: String) { self.identity = identity }

    mutating func woke(at now: Now, _ outbox: inout Outbox) {
        guard let token else { return campaign(at: now, &outbox) }
        if outbox.dice.oneIn(15) { return die(&outbox) }
        let claim = Claim(
            request: outbox.newRequest(), key: MixedPlay.key, holder: identity, token: token)
        if believesUntil > now.instant, outbox.dice.oneIn(6) {
            believesUntil = now.instant
            self.token = nil
            return outbox.wishes.append(.send(.command(.resign(claim, Resignation()))))
        }
        renewalSent = now.instant
        outbox.wishes.append(.send(.command(.renew(claim))))
    }

    private mutating func die(_ outbox: inout Outbox) {
        token = nil
        believesUntil = Instant(nanoseconds: 0)
        life += 1
        outbox.wishes.append(.die)
    }

    private func campaign(at now: Now, _ outbox: inout Outbox) {
        let campaign = Campaign(
            request: outbox.newRequest(), key: MixedPlay.key, holder: identity, campaignID: "\(life)",
            duration: duration, way: .lock, waitUntil: now.instant + .seconds(20))
        outbox.wishes.append(.send(.command(.campaign(campaign))))
    }

    mutating func heard(
        _ message: MixedPlay.Message, _ answer: MixedPlay.Answer?, at now: Now, _ outbox: inout Outbox
    ) {
        switch answer {
        case .reply(.elected(let election)):
            token = election.token
            // It works from the first renewal on.
            woke(at: now, &outbox)
        case .reply(.renewed(let view)) where view.record.hold?.token == token && token != nil:
            believesUntil = renewalSent + duration - margin
            outbox.wishes.append(.believe(until: believesUntil))
            outbox.wishes.append(.wake(in: .seconds(3)))
        case .reply(.refused(.holdEnded)), .reply(.refused(.notTheHolder)):
            token = nil
            believesUntil = min(believesUntil, now.instant)
            outbox.wishes.append(.wake(in: .seconds(1)))
        default: outbox.wishes.append(.wake(in: .seconds(2)))
        }
    }
}
