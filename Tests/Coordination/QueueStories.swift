import Testing

@testable import Coordination

@Suite struct QueueStories {
    @Test func `a wait that is over ends in waiting, and the place is kept`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna", for: .minutes(5))
        let bela = stage.queue("build", by: "bela", waiting: .seconds(20))
        stage.queue("build", by: "caro")
        stage.after(.seconds(20))
        #expect(stage.reply(to: bela)?.standing?.position == 1)
        stage.after(.seconds(9))
        let again = stage.queue("build", by: "bela")
        #expect(stage.standing(again)?.position == 1)
        stage.resign(anna)
        #expect(try stage.election(again).hold.holder == "bela")
    }

    @Test func `a campaign that doesn't wait is answered at once, and its place is kept for a while`() throws
    {
        var stage = Stage()
        try stage.campaign("build", by: "anna", for: .minutes(5))
        let asked = stage.aCampaign("build", by: "bela")
        #expect(stage.ask(asked)?.standing?.position == 1)
        #expect(stage.core.contenders(Stage.key("build")).map(\.present) == [false])
        stage.after(.seconds(10))
        #expect(stage.core.contenders(Stage.key("build")).isEmpty)
    }

    @Test func `who lost the connection is skipped meanwhile, and has its place when it comes back`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let bela = stage.queue("build", by: "bela")
        let caro = stage.queue("build", by: "caro")
        let dora = stage.queue("build", by: "dora")
        stage.disconnect(bela)
        stage.resign(anna)
        #expect(stage.holder("build") == "caro")
        let back = stage.queue("build", by: "bela")
        #expect(stage.standing(back)?.position == 1)
        stage.resign(try stage.election(caro))
        #expect(try stage.election(back).hold.holder == "bela")
        #expect(stage.isWaiting(dora))
    }

    @Test func `a place is kept for reconnectGrace and no longer`() throws {
        var stage = Stage()
        try stage.campaign("build", by: "anna", for: .minutes(5))
        stage.disconnect(stage.queue("build", by: "bela"))
        let caro = stage.queue("build", by: "caro")
        stage.after(.seconds(10) - .milliseconds(1))
        #expect(stage.core.contenders(Stage.key("build")).count == 2)
        stage.after(.milliseconds(1))
        #expect(stage.core.standings(Stage.key("build"), at: stage.now).first?.request == caro)
        let back = stage.queue("build", by: "bela")
        #expect(stage.standing(back)?.position == 2)
    }

    @Test func `nobody waits for a ghost: a newcomer is elected past it`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.disconnect(stage.queue("build", by: "bela"))
        stage.resign(anna)
        #expect(stage.holder("build") == nil)
        #expect(try stage.campaign("build", by: "caro").hold.holder == "caro")
    }

    @Test func `of two requests of one contender one may go: it is still there`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let first = stage.queue("build", by: "bela")
        let second = stage.queue("build", by: "bela")
        stage.disconnect(first)
        stage.after(.seconds(15))
        stage.resign(anna)
        #expect(try stage.election(second).hold.holder == "bela")
    }

    @Test func `a hold taken back goes to the next, who isn't told of it`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let bela = stage.queue("build", by: "bela")
        let caro = stage.queue("build", by: "caro")
        stage.resign(anna)
        let undelivered = try stage.election(bela)
        stage.takeBack(undelivered)
        #expect(stage.end(of: undelivered)?.how == .undelivered)
        let next = try stage.election(caro)
        #expect(next.previous?.token == anna.token)
        #expect(next.hold.attempt == 1)
    }

    @Test func `a token given to two requests is taken back when both were undelivered`() throws {
        var stage = Stage()
        let first = try stage.campaign("build", by: "anna")
        try stage.campaign("build", by: "anna")
        stage.takeBack(first)
        #expect(stage.holder("build") == "anna")
        stage.takeBack(first)
        #expect(stage.holder("build") == nil)
    }

    @Test func `a hold that was renewed isn't taken back`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.renew(anna)
        stage.takeBack(anna)
        #expect(stage.holder("build") == "anna")
    }

    @Test func `to take back a hold that is over changes nothing`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.resign(anna)
        try stage.campaign("build", by: "bela")
        stage.takeBack(anna)
        #expect(stage.holder("build") == "bela")
    }

    @Test func `without the first renewal in time the next is elected`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna") { $0.confirmWithin = .seconds(10) }
        let bela = stage.queue("build", by: "bela")
        stage.after(.seconds(10) - .milliseconds(1))
        #expect(stage.isWaiting(bela))
        stage.after(.milliseconds(1))
        #expect(stage.end(of: anna)?.how == .unconfirmed)
        let next = try stage.election(bela)
        #expect(next.hold.attempt == 1)
        #expect(next.previous?.how == .unconfirmed)
    }

    @Test func `the first renewal confirms: from then on the duration counts`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna") { $0.confirmWithin = .seconds(10) }
        stage.renew(anna)
        stage.after(.seconds(29))
        #expect(stage.holder("build") == "anna")
        stage.after(.seconds(1))
        #expect(stage.end(of: anna)?.how == .expired)
    }

    @Test func `a campaign repeated is no confirmation`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna") { $0.confirmWithin = .seconds(10) }
        stage.after(.seconds(5))
        try stage.campaign("build", by: "anna") { $0.confirmWithin = .seconds(10) }
        stage.after(.seconds(5))
        #expect(stage.end(of: anna)?.how == .unconfirmed)
    }

    @Test func `those who stream are told when the queue before them changes`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.queue("build", by: "bela")
        let caro = stage.queue("build", by: "caro")
        let effects = stage.send(
            .resign(Claim(request: 99, key: Stage.key("build"), holder: "anna", token: anna.token), .init()),
            from: 99)
        #expect(effects.contains(.standingsChanged(Stage.key("build"))))
        let standings = stage.core.standings(Stage.key("build"), at: stage.now)
        #expect(standings.map(\.request) == [caro])
        #expect(standings.first?.standing.position == 1)
        #expect(standings.first?.standing.lease.record.hold?.holder == "bela")
    }

    @Test func `what ends a contender's wait says how long it was`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        #expect(stage.core.oldestArrival == nil)
        let arrival = stage.now.instant
        stage.queue("build", by: "bela", waiting: .minutes(30))
        stage.pass(.seconds(7))
        stage.queue("build", by: "caro", waiting: .minutes(30))
        #expect(stage.core.oldestArrival == arrival)
        let handover = stage.send(
            .resign(Claim(request: 99, key: Stage.key("build"), holder: "anna", token: anna.token), .init()),
            from: 99)
        #expect(handover.contains(.waitEnded(.handedOver, after: .seconds(7))))
        #expect(stage.core.oldestArrival == arrival + .seconds(7))
        stage.pass(.seconds(5))
        let token = try #require(stage.lease("build")?.record.hold?.token)
        let settled = stage.send(
            .complete(
                Claim(request: 100, key: Stage.key("build"), holder: "bela", token: token), Finding()),
            from: 100)
        #expect(settled.contains(.waitEnded(.settled, after: .seconds(5))))
        #expect(stage.core.oldestArrival == nil)
    }
}
