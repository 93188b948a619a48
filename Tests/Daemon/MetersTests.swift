import API
import Coordination
import Testing

@testable import Daemon

@Suite struct `What a turn's changes count as` {
    private let key = Key(namespace: "ci", name: "import")
    private let began = Timestamp(microseconds: 1_000_000)

    private func hold(_ how: HoldEnd?, seconds: Int64 = 0) -> Change {
        let end = how.map {
            HoldRecord.End(
                how: $0, reason: nil, by: nil, at: Timestamp(microseconds: 1_000_000 + seconds * 1_000_000),
                revision: 9)
        }
        return .hold(
            HoldRecord(
                key: key, token: 5, way: .once, holder: "anna", campaignID: nil, principal: nil, attempt: 1,
                info: [:], began: began, end: end))
    }

    private func lease(revision: Revision, token: FencingToken?, after how: HoldEnd?) -> Change {
        let hold = token.map {
            Hold(
                token: $0, holder: "bela", campaignID: nil, principal: nil, duration: .seconds(30),
                attempt: 2,
                began: began, inputsDigest: nil, supersedes: nil, info: [:])
        }
        let last = how.map { EndedHold(token: 1, holder: "anna", how: $0, reason: nil, ended: began) }
        return .lease(
            LeaseRecord(
                key: key, revision: revision, created: 1, createdAt: began, way: .once, hold: hold,
                maxAttempts: 5, last: last))
    }

    private func meters(_ changes: Change...) -> Meters {
        let meters = Meters()
        meters.committed(
            changes, commands: changes.count, handedOver: Meters.moment, flush: .milliseconds(3), bytes: 700)
        return meters
    }

    @Test(arguments: HoldEnd.allCases) func `an end is counted as what it was, with the hold's length`(
        how: HoldEnd
    ) {
        let meters = meters(hold(nil), hold(how, seconds: 7))
        #expect(meters.holdEnds.reduce(0, +) == 1)
        #expect(meters.holdEnds[Int(how.rawValue)] == 1)
        #expect((meters.held.count, meters.held.sum) == (1, 7))
    }

    @Test func `a wall clock that was set back makes no negative length`() {
        #expect(meters(hold(.resigned, seconds: -90)).held.sum == 0)
    }

    @Test(arguments: HoldEnd.allCases) func `an election after a holder that vanished is a takeover`(
        how: HoldEnd
    ) {
        let takeovers = meters(lease(revision: 6, token: 6, after: how)).takeovers
        #expect(takeovers == (how == .expired || how == .abandoned ? 1 : 0))
    }

    @Test func `a lease that only changed, or is free, is no takeover`() {
        #expect(meters(lease(revision: 7, token: 6, after: .expired)).takeovers == 0)
        #expect(meters(lease(revision: 7, token: nil, after: .expired)).takeovers == 0)
    }

    @Test func `a marker is counted once, however often its metadata change`() {
        var marker = DoneMarker(
            key: key, revision: 6, finding: Finding(), inputsDigest: nil, holder: "anna", principal: nil,
            token: nil, attempt: 1, info: [:], start: began, end: began, retention: nil)
        let made = Change.marker(marker)
        marker.version = 7
        #expect(meters(made, .marker(marker, was: [1])).markers == [1, 0])
    }

    @Test func `a turn is one commit of so many commands`() {
        let meters = meters(hold(nil), hold(.completed))
        #expect((meters.commitTime.count, meters.turnSize.count, meters.turnSize.sum) == (1, 1, 2))
        #expect((meters.flushTime.sum, meters.turnBytes.sum) == (0.003, 700))
    }

    @Test func `answers are counted by route and code`() {
        let meters = Meters()
        for code in [200, 404, 200] { meters.answered(.lease, code) }
        meters.answered(.status, 200)
        let lease = meters.answers[RouteTemplate.lease.rawValue]
        #expect(lease.map(\.code) == [200, 404])
        #expect(lease.map(\.count) == [2, 1])
        #expect(meters.answers[RouteTemplate.status.rawValue].map(\.count) == [1])
    }

    @Test func `how long an answer took is counted where nobody was waited for`() {
        let meters = Meters()
        meters.answered(.campaign, 200, after: .milliseconds(2))
        meters.answered(.campaign, 202, after: nil)
        let time = meters.answerTime[RouteTemplate.campaign.rawValue]
        #expect((time.count, time.sum) == (1, 0.002))
    }

    @Test func `refusals that were folded count as many as they were`() {
        var entry = AuditEntry(.renew, .refused, at: began, reason: "hold-ended")
        entry.count = 40
        let meters = meters(.audit(entry), .audit(AuditEntry(.revoke, .done, at: began)))
        #expect(meters.recorded == [.refused: 40, .done: 1])
    }

    @Test func `every route's text is its own`() {
        #expect(Set(RouteTemplate.allCases.map(\.text)).count == RouteTemplate.allCases.count)
        #expect(RouteTemplate(path: ["v1", "namespaces", "ci", "leases", "a", "renew"]) == .renew)
        #expect(RouteTemplate(path: ["metrics"]) == .metrics)
        #expect(RouteTemplate(path: ["v1", "namespaces", "ci", "leases", "UPPER"]) == .unknown)
    }

    @Test func `a refusal is counted by its setting`() {
        let meters = Meters()
        meters.said(.refused(.tooMany(.waitersOfName, limit: 5)))
        meters.said(.refused(.quotaExceeded(.bytes, namespace: "ci", limit: 5, used: 5)))
        meters.said(.refused(.lockHasNoMarker))
        meters.refused(Meters.rate)
        let met = meters.refusals.filter { $0.value > 0 }
        #expect(met == ["waiters.perName": 1, "namespace.bytes": 1, "rate.perSecond": 1])
        #expect(Set(meters.refusals.keys).isSubset(of: Setting.all.map(\.key)))
    }
}
