import JSON
import Testing

@testable import Client

/// A hold of several names.
@Suite struct `Several names at once` {
    static let also = [OtherHold("index", token: 18), OtherHold("cdn", token: 19)]
    static var hold: Hold {
        var hold = Hold(token: 17)
        hold.also = also
        return hold
    }

    private func elected() -> Stage {
        var stage = Stage { $0.once = false }
        stage.happens(.started)
        stage.answer(.elected(Self.hold))
        return stage
    }

    private func working() -> Stage {
        var stage = elected()
        stage.answer(.accepted)
        return stage
    }

    private static let ended = Problem(status: 409, kind: "hold-ended", detail: "ended")

    @Test func `all of them are renewed, and known to the guardian`() {
        var stage = elected()
        #expect(stage.sent == [.renew(token: 17, also: Self.also)])
        let waiting = Campaigner.Report(token: 17, outcome: .released, also: Self.also)
        #expect(stage.has(.report(waiting)))
        stage.answer(.accepted)
        let atWork = Campaigner.Report(token: 17, outcome: .abandoned, also: Self.also)
        #expect(stage.has(.report(atWork)))
        #expect(stage.hasStarted)
    }

    @Test func `who loses one of them stops, and gives the others back`() {
        var stage = working()
        stage.pass(.seconds(10))
        stage.answer(.refused(Self.ended))
        #expect(stage.has(.endTree(grace: .seconds(5))))
        stage.commandEnds(143)
        #expect(stage.sent == [.resign(token: 17, .abandoned, reason: "ended", also: Self.also)])
        stage.answer(.refused(Self.ended))
        #expect(stage.verdict == .lost("ended") && stage.verdict?.exitCode == 75)
    }

    @Test func `a command that ends well gives all of them back`() {
        var stage = working()
        stage.commandEnds(0)
        #expect(stage.sent == [.resign(token: 17, .released, reason: nil, also: Self.also)])
        stage.answer(.accepted)
        #expect(stage.verdict?.exitCode == 0)
    }

    @Test func `one that is lost before work begins ends the run, with the others given back`() {
        var stage = elected()
        stage.answer(.refused(Self.ended))
        #expect(stage.sent == [.resign(token: 17, .released, reason: nil, also: Self.also)])
        stage.answer(.refused(Self.ended))
        #expect(stage.verdict == .lost("ended") && !stage.hasStarted)
    }

    @Test func `each name gets a request of its own`() {
        var contender = Contender(
            namespace: "ci", lease: "registry", holder: "anna", campaignID: "1", settings: RunSettings())
        contender.also = ["index", "cdn"]
        let targets = contender.https(.renew(token: 17, also: Self.also)).map(\.target)
        #expect(targets == ["registry", "index", "cdn"].map { "/v1/namespaces/ci/leases/\($0)/renew" })
        let bodies = contender.https(.resign(token: 17, .failed, reason: "no", also: Self.also)).map(\.body)
        #expect(bodies.map { $0?["fencingToken"]?.integer } == [17, 18, 19])
        #expect(contender.campaign().body?["also"]?.array?.compactMap(\.string) == ["index", "cdn"])
    }

    private static let no = Reply.refused(ended)
    private static let unknown = Reply.unknown(Stage.outage)

    @Test(
        arguments: [
            ([.accepted, .accepted], .accepted), ([.accepted, nil], nil), ([nil, no], no),
            ([unknown, .accepted], unknown), ([unknown, no], no), ([unknown, nil], nil),
        ] as [([Reply?], Reply?)])
    func `a renewal is lost with the first no`(replies: [Reply?], together: Reply?) {
        #expect(SeveralReplies.together(replies, to: .renew(token: 17)) == together)
    }

    @Test(
        arguments: [
            ([.accepted, .accepted], .accepted), ([no, nil], nil), ([.accepted, no], no),
            ([unknown, no], unknown), ([.accepted, unknown], unknown),
        ] as [([Reply?], Reply?)])
    func `a resignation is said again until all have heard it`(replies: [Reply?], together: Reply?) {
        let request = Campaigner.Request.resign(token: 17, .released, reason: nil)
        #expect(SeveralReplies.together(replies, to: request) == together)
    }

    @Test func `answers tell the other names`() throws {
        let elected = """
            {"outcome":"elected","fencingToken":17,"lease":{"leaseDuration":30},"previous":null,\
            "also":[{"name":"index","fencingToken":18},{"name":"cdn","fencingToken":19}]}
            """
        guard case .elected(let hold)? = Reply.from(line: Array(elected.utf8)) else {
            Issue.record("no election")
            return
        }
        #expect(hold.also == Self.also && hold.others == "index=18 cdn=19")
        let waiting = """
            {"outcome":"waiting","reason":"Kept","position":1,"queueLength":1,"lease":{},\
            "also":[{"name":"index","reason":"Held","position":2,"queueLength":2,"holderIdentity":"bela"}]}
            """
        guard case .waiting(let state)? = Reply.from(line: Array(waiting.utf8)) else {
            Issue.record("no waiting")
            return
        }
        #expect(
            NoticeText.waiting(state, lease: "registry")
                == "waiting for registry, place 1 of 1; and for index, place 2: held by bela")
    }
}
