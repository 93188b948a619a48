import Testing

@testable import Coordination

@Suite struct TimeStories {
    @Test func `expiry never comes early, and wakes the next at the deadline`() throws {
        var stage = Stage()
        try stage.campaign("build", by: "anna")
        let bela = stage.queue("build", by: "bela")
        stage.after(.seconds(30) - Interval(nanoseconds: 1))
        #expect(stage.isWaiting(bela))
        #expect(stage.core.nextWake == stage.now.instant + Interval(nanoseconds: 1))
        stage.after(Interval(nanoseconds: 1))
        #expect(try stage.election(bela).previous?.how == .expired)
    }

    @Test func `each renewal gives the full duration from then on`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        for _ in 1...10 {
            stage.after(.seconds(29))
            #expect(stage.renew(anna)?.renewed?.remaining == .seconds(30))
        }
        stage.after(.seconds(30))
        #expect(stage.end(of: anna)?.how == .expired)
    }

    @Test func `a renewal costs no revision, and is shown`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let revision = stage.core.revision
        stage.after(.seconds(10))
        stage.renew(anna)
        #expect(stage.core.revision == revision)
        #expect(stage.lease("build")?.lastRenewal == stage.now.wall)
    }

    @Test func `a renewal that was waiting in a socket comes before the expiry it prevents`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.pass(.seconds(31))
        #expect(stage.renew(anna)?.renewed?.remaining == .seconds(30))
        stage.tick()
        #expect(stage.holder("build") == "anna")
    }

    @Test func `a restart gives every hold a full duration`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.after(.seconds(29))
        stage.restart()
        stage.after(.seconds(29))
        #expect(stage.renew(anna)?.renewed?.remaining == .seconds(30))
        stage.restart()
        stage.after(.seconds(30))
        #expect(stage.end(of: anna)?.how == .expired)
    }

    @Test func `after a restart the holder's campaign gets its token again`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna", id: "run-1")
        stage.restart()
        #expect(try stage.campaign("build", by: "anna", id: "run-1").token == anna.token)
    }

    @Test func `a loop that was away adds the gap to every deadline and every grace`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        try stage.campaign("deploy", by: "anna") { $0.confirmWithin = .seconds(5) }
        stage.disconnect(stage.queue("build", by: "bela"))
        stage.after(.seconds(4))
        stage.pass(.minutes(1))
        stage.core.wasAway(for: .minutes(1))
        stage.after(.zero)
        #expect(stage.lease("build")?.remaining == .seconds(26))
        #expect(stage.holder("deploy") == "anna")
        #expect(stage.core.contenders(Stage.key("build")).count == 1)
        stage.after(.seconds(1))
        #expect(stage.holder("deploy") == nil)
        stage.after(.seconds(5))
        #expect(stage.core.contenders(Stage.key("build")).isEmpty)
        stage.after(.seconds(20))
        #expect(stage.end(of: anna)?.how == .expired)
    }

    @Test func `a hold counts from the commit of its beginning, however slow the flush`() throws {
        var stage = Stage()
        let request = stage.newRequest()
        stage.turn { stage in
            var campaign = stage.aCampaign("build", by: "anna")
            campaign.request = request
            campaign.confirmWithin = .seconds(10)
            stage.send(.campaign(campaign), from: request)
            stage.pass(.seconds(40))
        }
        #expect(stage.lease("build")?.remaining == .seconds(30))
        stage.after(.seconds(9))
        #expect(stage.holder("build") == "anna")
        stage.after(.seconds(1))
        #expect(stage.end(of: try stage.election(request))?.how == .unconfirmed)
    }

    @Test func `a campaign repeated in the turn of its election leaves confirmWithin whole`() throws {
        var stage = Stage()
        stage.turn { stage in
            for _ in 1...2 {
                var campaign = stage.aCampaign("build", by: "anna")
                campaign.confirmWithin = .seconds(10)
                stage.send(.campaign(campaign), from: campaign.request)
                stage.pass(.seconds(5))
            }
        }
        stage.after(.seconds(9))
        #expect(stage.holder("build") == "anna")
    }

    @Test func `tokens never go back: not across sweep, restart or a failed turn`() throws {
        var stage = Stage()
        var last: FencingToken = 0
        for round in 1...5 {
            let hold = try stage.campaign("build", by: "anna")
            #expect(hold.token > last)
            last = hold.token
            stage.resign(hold)
            stage.sweep("build")
            #expect(stage.lease("build") == nil)
            if round % 2 == 0 { stage.restart() }
            stage.failedTurn { stage in stage.queue("build", by: "bela") }
        }
    }

    @Test func `a sweep leaves alone what is held, queued for, or changed since`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.sweep("build")
        #expect(stage.holder("build") == "anna")
        let key = Stage.key("build")
        stage.resign(anna)
        stage.send(.sweep(key, anna.lease.revision))
        #expect(stage.disk.leases[key] != nil)
        stage.resign(try stage.campaign("build", by: "bela"))
        let caro = try stage.campaign("build", by: "caro")
        stage.disconnect(stage.queue("build", by: "dora"))
        stage.resign(caro)
        stage.sweep("build")
        #expect(stage.disk.leases[key] != nil)
        stage.after(.seconds(10))
        stage.sweep("build")
        #expect(stage.disk.leases[key] == nil)
    }

    @Test func `a jump of the wall clock moves no deadline`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.now.wall.microseconds += 86_400_000_000
        stage.after(.seconds(29))
        #expect(stage.renew(anna)?.renewed != nil)
        stage.now.wall.microseconds -= 2 * 86_400_000_000
        stage.after(.seconds(30))
        #expect(stage.end(of: anna)?.how == .expired)
    }
}
