import Testing

@testable import Coordination

@Suite struct ElectionStories {
    @Test func `a hold nobody renews passes to the next contender with a greater token`() throws {
        var stage = Stage()
        let first = try stage.campaign("build", by: "anna")
        stage.after(.seconds(30))
        let second = try stage.campaign("build", by: "bela")
        #expect(second.token > first.token)
    }

    @Test func `contenders are elected in order of arrival`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let bela = stage.queue("build", by: "bela")
        let caro = stage.queue("build", by: "caro")
        #expect(stage.standing(caro)?.position == 2)
        stage.resign(anna)
        #expect(stage.holder("build") == "bela")
        #expect(stage.isWaiting(caro))
        stage.resign(try stage.election(bela))
        #expect(stage.holder("build") == "caro")
    }

    @Test func `a waiting contender is told who holds, until when, and its place`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.after(.seconds(10))
        let bela = stage.queue("build", by: "bela")
        let standing = stage.standing(bela)
        #expect(standing?.reason == .held)
        #expect(standing?.lease.record.hold == anna.hold)
        #expect(standing?.lease.remaining == .seconds(20))
        #expect(standing?.position == 1)
        #expect(standing?.queueLength == 1)
    }

    @Test func `a campaign repeated by its holder gets the same token and a full duration`() throws {
        var stage = Stage()
        let first = try stage.campaign("build", by: "anna", id: "run-1")
        stage.after(.seconds(20))
        let again = try stage.campaign("build", by: "anna", id: "run-1")
        #expect(again == first)
        #expect(stage.lease("build")?.remaining == .seconds(30))
    }

    @Test func `without a campaignID the identity alone is the contender`() throws {
        var stage = Stage()
        let first = try stage.campaign("build", by: "anna")
        #expect(try stage.campaign("build", by: "anna").token == first.token)
        let other = stage.queue("build", by: "anna", id: "run-1")
        #expect(stage.standing(other)?.reason == .sameIdentityHolds)
    }

    @Test func `the same identity with another campaignID waits and is told so`() throws {
        var stage = Stage()
        let first = try stage.campaign("build", by: "anna", id: "run-1")
        let second = stage.queue("build", by: "anna", id: "run-2")
        #expect(stage.standing(second)?.reason == .sameIdentityHolds)
        stage.resign(first)
        #expect(try stage.election(second).token > first.token)
    }

    @Test func `another authenticated identity is another contender`() throws {
        var stage = Stage()
        try stage.campaign("build", by: "anna") { $0.principal = "robot" }
        let other = stage.queue("build", by: "anna") { $0.principal = "fork" }
        #expect(stage.isWaiting(other))
    }

    @Test func `a retry of a waiting campaign keeps its place, and both requests are told`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let first = stage.queue("build", by: "bela", id: "b")
        stage.queue("build", by: "caro")
        let retry = stage.queue("build", by: "bela", id: "b")
        #expect(stage.standing(retry)?.position == 1)
        stage.resign(anna)
        #expect(try stage.election(first) == stage.election(retry))
    }

    @Test func `a name in use one way is refused the other way, with both values`() throws {
        var stage = Stage()
        let once = try stage.campaign("build", by: "anna", way: .once)
        let asked = stage.aCampaign("build", by: "bela", way: .lock)
        #expect(stage.ask(asked)?.rejection == .wayConflict(current: .once, asked: .lock))
        stage.resign(once)
        try stage.campaign("build", by: "bela", way: .lock)
        let back = stage.aCampaign("build", by: "caro", way: .once)
        #expect(stage.ask(back)?.rejection == .wayConflict(current: .lock, asked: .once))
    }

    @Test func `a lock leaves no marker, reads none, and cannot be completed`() throws {
        var stage = Stage()
        stage.mark("deploy")
        let anna = try stage.campaign("deploy", by: "anna", way: .lock)
        #expect(stage.complete(anna)?.rejection == .lockHasNoMarker)
        #expect(stage.resign(anna)?.ended?.end?.how == .resigned)
        try stage.campaign("deploy", by: "bela", way: .lock)
    }

    @Test func `one digest of inputs under one name: another is refused, an absent one isn't`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna") { $0.inputsDigest = "sha256:a" }
        let refusal = Rejection.inputsMismatch(stored: "sha256:a", given: "sha256:b")
        var other = stage.aCampaign("build", by: "bela", waiting: .minutes(1))
        other.inputsDigest = "sha256:b"
        #expect(stage.ask(other)?.rejection == refusal)
        let caro = stage.queue("build", by: "caro")
        #expect(stage.isWaiting(caro))
        stage.complete(anna)
        other.request = stage.newRequest()
        #expect(stage.ask(other)?.rejection == refusal)
        #expect(stage.ask(stage.aCampaign("build", by: "caro"))?.settled?.holder == "anna")
    }

    @Test func `a contender of other inputs than the marker's is not told done`() throws {
        var stage = Stage()
        // Nothing to compare with while anna, who gave no digest, holds it.
        let anna = try stage.campaign("build", by: "anna")
        let bela = stage.queue("build", by: "bela") { $0.inputsDigest = "sha256:b" }
        let caro = stage.queue("build", by: "caro") { $0.inputsDigest = "sha256:c" }
        stage.resign(anna)
        stage.complete(try stage.election(bela))
        #expect(
            stage.reply(to: caro)?.rejection == .inputsMismatch(stored: "sha256:b", given: "sha256:c"))
    }

    @Test func `the queue has a limit, and a retry of one who is in it is not counted twice`() throws {
        var stage = Stage(CoreSettings(contendersMax: 2))
        try stage.campaign("build", by: "anna")
        stage.queue("build", by: "bela")
        stage.queue("build", by: "caro")
        let late = stage.queue("build", by: "dora")
        #expect(stage.reply(to: late)?.rejection == .tooMany(.queue, limit: 2))
        let retry = stage.queue("build", by: "caro")
        #expect(stage.isWaiting(retry))
    }

    @Test func `the next holder is told how the last hold ended`() throws {
        var stage = Stage()
        let ways: [(HoldEnd, (inout Stage, Election) -> Void)] = [
            (.resigned, { $0.resign($1) }),
            (.failed, { $0.resign($1, .failed, reason: "broken") }),
            (.abandoned, { $0.resign($1, .abandoned, reason: "killed") }),
            (.expired, { stage, _ in stage.after(.seconds(30)) }),
            (.revoked, { $0.revoke($1) }),
        ]
        for (how, finish) in ways {
            let first = try stage.campaign("deploy", by: "anna", id: "\(how)", way: .lock)
            finish(&stage, first)
            let second = try stage.campaign("deploy", by: "bela", way: .lock)
            #expect(second.previous?.how == how)
            #expect(second.previous?.token == first.token)
            stage.resign(second)
        }
    }

    @Test func `after a restore nobody is elected until the quarantine is over, then in order`() throws {
        var stage = Stage(quarantine: .minutes(10))
        let anna = stage.queue("build", by: "anna", waiting: .minutes(30))
        let bela = stage.queue("build", by: "bela", waiting: .minutes(30))
        #expect(stage.standing(anna)?.reason == .restoreQuarantine)
        stage.after(.minutes(10) - .milliseconds(1))
        #expect(stage.isWaiting(anna))
        stage.after(.milliseconds(1))
        #expect(try stage.election(anna).hold.holder == "anna")
        #expect(stage.isWaiting(bela))
    }

    @Test func `a ghost that goes during the quarantine changes nothing on disk`() throws {
        var stage = Stage()
        stage.resign(try stage.campaign("build", by: "anna"))
        stage.restart(quarantine: .minutes(10))
        stage.queue("build", by: "bela", waiting: .minutes(30))
        stage.disconnect(stage.queue("build", by: "caro", waiting: .minutes(30)))
        stage.pass(.seconds(10))
        let effects = stage.tick()
        #expect(effects == [.standingsChanged(Stage.key("build"))])
        #expect(stage.core.contenders(Stage.key("build")).map(\.holder) == ["bela"])
    }
}
