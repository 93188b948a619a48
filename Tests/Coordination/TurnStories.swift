import Testing

@testable import Coordination

@Suite struct TurnStories {
    @Test func `nothing is said before it is durable`() throws {
        var stage = Stage()
        var asked: RequestID = 0
        stage.turn { stage in
            asked = stage.queue("build", by: "anna")
            #expect(stage.fates[asked] == .asked)
        }
        #expect(try stage.election(asked).token == stage.disk.revision)
    }

    @Test func `a refusal that reveals something undurable waits for it, too`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.failedTurn { stage in
            stage.revoke(anna)
            #expect(stage.renew(anna) == nil)
        }
        #expect(stage.renew(anna)?.renewed != nil)
    }

    @Test func `after a failed turn everything is as before, and its revisions are never used`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let bela = stage.queue("build", by: "bela")
        let waiter = stage.wait("build")
        let before = stage.core.names[Stage.key("build")]
        var burnt: Revision = 0
        stage.failedTurn { stage in
            stage.complete(anna)
            stage.mark("other")
            burnt = stage.core.revision
        }
        #expect(stage.core.names[Stage.key("build")]?.queue.map(\.requests) == [[bela]])
        #expect(stage.core.names[Stage.key("build")]?.lease == before?.lease)
        #expect(stage.lease("other") == nil)
        #expect(stage.isWaiting(bela))
        #expect(stage.isWaiting(waiter))
        stage.complete(anna)
        #expect(stage.reply(to: bela)?.settled?.revision ?? 0 > burnt)
        #expect(stage.reply(to: waiter)?.markers?.verdict == .done)
    }

    @Test func `those in a failed turn are told to ask again, and asking again is safe`() throws {
        var stage = Stage()
        var first: RequestID = 0
        stage.failedTurn { stage in first = stage.queue("build", by: "anna", id: "run-1") }
        #expect(stage.fates[first] == .unknown)
        #expect(stage.core.figures == .init(holds: 0, contenders: 0, waiters: 0, namesInMemory: 1))
        try stage.campaign("build", by: "anna", id: "run-1")
    }

    @Test func `an expiry that can't be committed hands nothing over, and a renewal revives the hold`() throws
    {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let bela = stage.queue("build", by: "bela")
        stage.pass(.seconds(30))
        stage.failedTurn { stage in stage.tick() }
        #expect(stage.isWaiting(bela))
        #expect(stage.renew(anna)?.renewed?.remaining == .seconds(30))
        stage.after(.seconds(29))
        #expect(stage.isWaiting(bela))
        stage.after(.seconds(1))
        #expect(try stage.election(bela).previous?.token == anna.token)
    }

    @Test func `a renewal that was answered stays, though the hold ended later in the failed turn`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna") { $0.confirmWithin = .seconds(25) }
        stage.after(.seconds(20))
        stage.failedTurn { stage in
            stage.mark("other")
            stage.queue("build", by: "bela")
            #expect(stage.renew(anna)?.renewed?.remaining == .seconds(30))
            stage.revoke(anna)
        }
        #expect(stage.lease("build")?.remaining == .seconds(30))
        stage.after(.seconds(29))
        #expect(stage.holder("build") == "anna")
    }

    @Test func `renewals go on while a commit is in its flush, and outlive its failure`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.after(.seconds(20))
        stage.failedTurn { stage in
            stage.mark("other")
            stage.queue("build", by: "bela")
            let claim = stage.claim(anna)
            #expect(stage.core.renewAtOnce(claim, at: stage.now)?.renewed?.remaining == .seconds(30))
        }
        #expect(stage.lease("build")?.remaining == .seconds(30))
    }

    @Test func `a renewal depends on the beginning of its hold only`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.turn { stage in
            stage.mark("other")
            #expect(stage.renew(anna)?.renewed != nil)
            var young: RequestID = 0
            young = stage.queue("deploy", by: "bela")
            let hold = stage.core.lease(Stage.key("deploy"), at: stage.now)?.record.hold
            let claim = Claim(
                request: stage.newRequest(), key: Stage.key("deploy"), holder: "bela",
                token: hold?.token ?? 0)
            #expect(stage.core.renewAtOnce(claim, at: stage.now) == nil)
            stage.send(.renew(claim), from: claim.request)
            #expect(stage.reply(to: claim.request) == nil)
            #expect(stage.reply(to: young) == nil)
        }
    }

    @Test func `a wait that was over before the turn's first change stays answered when it fails`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna", for: .minutes(5))
        let bela = stage.queue("build", by: "bela", waiting: .seconds(20))
        stage.pass(.seconds(20))
        stage.failedTurn { stage in
            stage.tick()
            #expect(stage.reply(to: bela)?.standing != nil)
            stage.revoke(anna)
        }
        #expect(stage.core.contenders(Stage.key("build")).map(\.present) == [false])
        stage.after(.seconds(10))
        #expect(stage.core.contenders(Stage.key("build")).isEmpty)
    }

    @Test func `a peer that went in a failed turn does not come back with it`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let bela = stage.queue("build", by: "bela")
        let caro = stage.queue("build", by: "caro")
        let waiter = stage.wait("build")
        stage.failedTurn { stage in
            stage.resign(anna)
            stage.disconnect(bela)
            stage.disconnect(caro)
            stage.disconnect(waiter)
        }
        #expect(stage.core.figures.contenders == 0)
        #expect(stage.core.figures.waiters == 0)
        stage.resign(anna)
        #expect(stage.holder("build") == nil)
    }

    @Test func `a gap in a failed turn is made good all the same`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.after(.seconds(20))
        stage.failedTurn { stage in
            stage.revoke(anna)
            stage.pass(.minutes(1))
            stage.core.wasAway(for: .minutes(1))
        }
        #expect(stage.lease("build")?.remaining == .seconds(10))
    }

    @Test func `an election at the quarantine's end that can't be committed is tried again`() throws {
        var stage = Stage(quarantine: .minutes(10))
        let anna = stage.queue("build", by: "anna", waiting: .hours(1))
        stage.pass(.minutes(10))
        stage.failedTurn { stage in stage.tick() }
        #expect(stage.isWaiting(anna))
        stage.after(.seconds(1))
        #expect(try stage.election(anna).hold.holder == "anna")
    }

    @Test func `how a hold ended is known in the turn that ended it`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let (build, deploy) = (anna.lease.key, Key(namespace: anna.lease.key.namespace, name: "deploy"))
        #expect(stage.core.ended(anna.token, build) == nil)
        stage.turn { stage in
            stage.complete(anna)
            #expect(stage.core.ended(anna.token, build)?.end?.how == .completed)
            #expect(stage.core.ended(anna.token, deploy) == nil)
        }
    }

    @Test func `two ends of holds in one turn: the changes keep the order of their revisions`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let bela = try stage.campaign("deploy", by: "bela")
        stage.queue("deploy", by: "caro")
        stage.turn { stage in
            stage.complete(anna)
            stage.resign(bela, .failed)
        }
        #expect(stage.faults == [])
    }
}
