import Testing

@testable import Coordination

/// Several names at once, all or none.
@Suite struct SeveralStories {
    // MARK: Elections

    @Test func `who asks for several free names gets all of them, each with a token`() throws {
        var stage = Stage()
        let anna = try stage.hold("a", "b", "c", by: "anna")
        #expect(anna.lease.key.name == "a" && anna.also.map(\.lease.key.name) == ["b", "c"])
        #expect(Set(([anna] + anna.also).map(\.token)).count == 3)
        for name in ["a", "b", "c"] { #expect(stage.holder(name) == "anna") }
        #expect(stage.disk.leases[Stage.key("b")]?.hold?.also == ["a", "c"])
    }

    @Test func `it waits for the second, and holds nothing meanwhile`() throws {
        var stage = Stage()
        let bela = try stage.share("b", by: "bela", .exclusive)
        let anna = stage.lineAll("a", "b", by: "anna")
        #expect(stage.isWaiting(anna) && stage.holder("a") == nil)
        let standing = stage.standing(anna)
        #expect(standing?.reason == .kept && standing?.also.map(\.reason) == [.held])
        #expect(standing?.also.first?.lease.record.hold?.holder == "bela")
        stage.resign(bela)
        #expect(try stage.election(anna).also.map(\.lease.key.name) == ["b"])
        #expect(stage.holder("a") == "anna" && stage.holder("b") == "anna")
    }

    @Test func `whichever of them becomes free last elects it, wherever it campaigned`() throws {
        var stage = Stage()
        let held = try ["a", "b", "c"].map { try stage.share($0, by: "bela", .exclusive) }
        let anna = stage.lineAll("b", "c", "a", by: "anna")
        for hold in [held[1], held[2], held[0]] {
            #expect(stage.isWaiting(anna))
            stage.resign(hold)
        }
        #expect(try stage.election(anna).lease.key.name == "b")
    }

    @Test func `those behind it wait, even for a name that is free`() throws {
        var stage = Stage()
        let bela = try stage.share("b", by: "bela", .exclusive)
        let anna = stage.lineAll("a", "b", by: "anna")
        let caro = stage.line("a", by: "caro", .exclusive)
        #expect(stage.isWaiting(caro) && stage.standing(caro)?.reason == .kept)
        #expect(stage.standing(caro)?.position == 2)
        stage.resign(bela)
        stage.resignAll(try stage.election(anna))
        #expect(stage.holder("a") == "caro")
    }

    @Test func `one that came before it is elected before it`() throws {
        var stage = Stage()
        let bela = try stage.share("b", by: "bela", .exclusive)
        let caro = stage.line("b", by: "caro", .exclusive)
        let anna = stage.lineAll("a", "b", by: "anna")
        stage.resign(bela)
        #expect(stage.holder("b") == "caro" && stage.isWaiting(anna))
        stage.resign(try stage.election(caro))
        #expect(stage.holder("b") == "anna")
    }

    @Test func `crossed sets wait in no circle: they are served in order`() throws {
        var stage = Stage()
        let held = try ["a", "b", "c"].map { try stage.share($0, by: "bela", .exclusive) }
        let first = stage.lineAll("a", "b", by: "anna")
        let second = stage.lineAll("b", "c", by: "caro")
        let third = stage.lineAll("c", "a", by: "dora")
        for hold in held.reversed() { stage.resign(hold) }
        for (request, others) in [(first, [second, third]), (second, [third]), (third, [])] {
            stage.tick()
            for other in others { #expect(stage.isWaiting(other)) }
            stage.resignAll(try stage.election(request))
        }
    }

    @Test func `those who have nothing in common don't wait for each other`() throws {
        var stage = Stage()
        try stage.hold("a", "b", by: "anna")
        try stage.hold("c", "d", by: "bela")
    }

    @Test func `one that is away is passed over in all of them, and keeps its places`() throws {
        var stage = Stage()
        let bela = try stage.share("b", by: "bela", .exclusive, for: .minutes(5))
        let anna = stage.lineAll("a", "b", by: "anna")
        let caro = stage.line("a", by: "caro", .exclusive)
        stage.disconnect(anna)
        stage.tick()
        let held = try stage.election(caro)
        // Its places are kept, and it is the first when it is back.
        let dora = stage.line("b", by: "dora", .exclusive)
        let again = stage.lineAll("a", "b", by: "anna")
        #expect(stage.standing(again)?.position == 1 && stage.standing(again)?.also[0].position == 1)
        stage.resign(bela)
        #expect(stage.isWaiting(dora) && stage.isWaiting(again))
        stage.resign(held)
        #expect(stage.holder("a") == "anna" && stage.holder("b") == "anna")
    }

    @Test func `one that stays away loses all of its places at once`() throws {
        var stage = Stage()
        try stage.share("b", by: "bela", .exclusive, for: .minutes(5))
        let anna = stage.lineAll("a", "b", by: "anna")
        stage.disconnect(anna)
        stage.after(.seconds(11))
        #expect(
            stage.core.contenders(Stage.key("a")).isEmpty && stage.core.contenders(Stage.key("b")).isEmpty)
    }

    @Test func `a wait that is over says where it stands, and keeps the places`() throws {
        var stage = Stage()
        try stage.share("b", by: "bela", .exclusive, for: .minutes(5))
        let anna = stage.queue("a", by: "anna", way: .lock, waiting: .seconds(20)) {
            $0.also = [Stage.key("b")]
        }
        let caro = stage.line("a", by: "caro", .exclusive)
        stage.after(.seconds(20))
        #expect(stage.standing(anna)?.also.map(\.lease.record.key.name) == ["b"])
        #expect(stage.holder("a") == "caro" && stage.reply(to: caro) != nil)
        #expect(stage.core.contenders(Stage.key("b")).map(\.present) == [false])
    }

    // MARK: The same again

    @Test func `the same campaign again gets the same tokens`() throws {
        var stage = Stage()
        let anna = try stage.hold("a", "b", by: "anna") { $0.campaignID = "1" }
        let again = try stage.hold("a", "b", by: "anna") { $0.campaignID = "1" }
        #expect(again.token == anna.token && again.also.map(\.token) == anna.also.map(\.token))
        stage.restart()
        let later = try stage.hold("a", "b", by: "anna") { $0.campaignID = "1" }
        #expect(later.token == anna.token && later.also.map(\.token) == anna.also.map(\.token))
    }

    @Test(arguments: [["a", "c"], ["a"], ["b"], ["a", "b", "c"], ["c", "b"]])
    func `with other names it is refused with both, whether it holds or waits`(asked: [String]) throws {
        let refusal = { (current: [String]) in Rejection.namesConflict(current: current, asked: asked) }
        func ask(_ stage: inout Stage) -> Rejection? {
            var campaign = stage.aCampaign(asked[0], by: "anna", id: "1", way: .lock)
            campaign.also = asked.dropFirst().map(Stage.key)
            return stage.ask(campaign)?.rejection
        }
        var waiting = Stage()
        try waiting.share("b", by: "bela", .exclusive)
        _ = waiting.lineAll("a", "b", by: "anna") { $0.campaignID = "1" }
        #expect(ask(&waiting) == refusal(["a", "b"]))
        var holding = Stage()
        try holding.hold("a", "b", by: "anna") { $0.campaignID = "1" }
        guard case .namesConflict(let current, let other)? = stripped(ask(&holding)) else {
            Issue.record("it was not refused")
            return
        }
        #expect(Set(current) == ["a", "b"] && Set(other) == Set(asked))
    }

    /// Which name it was about isn't of interest.
    private func stripped(_ rejection: Rejection?) -> Rejection? {
        if case .about(_, let inner)? = rejection { inner } else { rejection }
    }

    @Test func `who has lost one of them is told what it holds, and waits for nothing meanwhile`() throws {
        var stage = Stage()
        let anna = try stage.hold("a", "b", by: "anna") { $0.campaignID = "1" }
        stage.revoke(anna.also[0])
        var campaign = stage.aCampaign("a", by: "anna", id: "1", way: .lock, waiting: .minutes(1))
        campaign.also = [Stage.key("b")]
        #expect(stage.ask(campaign)?.rejection == .namesConflict(current: ["a"], asked: ["a", "b"]))
    }

    // MARK: Each on its own

    @Test func `each hold ends by itself`() throws {
        var stage = Stage()
        let anna = try stage.hold("a", "b", "c", by: "anna")
        stage.revoke(anna.also[0])
        #expect(stage.holder("a") == "anna" && stage.holder("b") == nil && stage.holder("c") == "anna")
        #expect(stage.renew(anna.also[0])?.rejection?.endedHow == .revoked)
        stage.after(.seconds(20))
        stage.renew(anna)
        stage.after(.seconds(11))
        #expect(stage.holder("a") == "anna" && stage.end(of: anna.also[1])?.how == .expired)
        #expect(stage.lease("c")?.record.abandoned.holds.map(\.holder) == ["anna"])
    }

    @Test func `each has to be confirmed in time`() throws {
        var stage = Stage()
        let anna = try stage.hold("a", "b", by: "anna") { $0.confirmWithin = .seconds(5) }
        stage.renew(anna)
        stage.after(.seconds(6))
        #expect(stage.holder("a") == "anna" && stage.end(of: anna.also[0])?.how == .unconfirmed)
    }

    @Test func `an answer that never left is taken back for all of them`() throws {
        var stage = Stage()
        let bela = try stage.share("b", by: "bela", .exclusive)
        let anna = stage.lineAll("a", "b", by: "anna")
        let caro = stage.lineAll("b", "a", by: "caro")
        stage.turn {
            $0.resign(bela)
            $0.disconnect(anna)
        }
        #expect(stage.undelivered.map(\.key.name) == ["a", "b"])
        stage.turn { stage in
            for (key, token) in stage.takeUndelivered() { stage.send(.takeBack(key, token)) }
        }
        #expect(try stage.election(caro).previous?.holder == "bela")
        #expect(stage.holder("a") == "caro" && stage.holder("b") == "caro")
    }

    // MARK: All or none

    @Test func `a full namespace refuses all of them`() throws {
        var stage = Stage(CoreSettings(namespaceLeasesMax: 2))
        try stage.share("other", by: "bela", .exclusive)
        var campaign = stage.aCampaign("a", by: "anna", way: .lock)
        campaign.also = [Stage.key("b")]
        let full = Rejection.quotaExceeded(.leases, namespace: "ci", limit: 2, used: 1)
        #expect(stage.ask(campaign)?.rejection == full)
        #expect(stage.holder("a") == nil && stage.disk.leases.count == 1)
        // One more fits.
        try stage.share("a", by: "caro", .exclusive)
    }

    @Test func `one that waits is told so when its turn comes, and the next is elected`() throws {
        var stage = Stage(CoreSettings(namespaceLeasesMax: 2))
        let bela = try stage.share("a", by: "bela", .exclusive)
        let anna = stage.lineAll("a", "b", "c", by: "anna")
        let caro = stage.line("b", by: "caro", .exclusive)
        stage.resign(bela)
        #expect(
            stage.reply(to: anna)?.rejection
                == .quotaExceeded(.leases, namespace: "ci", limit: 2, used: 1))
        stage.tick()
        #expect(try stage.election(caro).lease.key.name == "b")
        #expect(stage.core.contenders(Stage.key("c")).isEmpty)
    }

    @Test func `what one of them refuses is refused for all, with its name`() throws {
        var stage = Stage()
        try stage.campaign("b", by: "bela")
        try stage.share("c", by: "bela", .permits(3))
        var campaign = stage.aCampaign("a", by: "anna", way: .lock)
        campaign.also = [Stage.key("b")]
        #expect(
            stage.ask(campaign)?.rejection
                == .about(Stage.key("b"), .wayConflict(current: .once, asked: .lock)))
        campaign.also = [Stage.key("c")]
        campaign.request = stage.newRequest()
        #expect(
            stage.ask(campaign)?.rejection
                == .about(Stage.key("c"), .modeConflict(current: .permits(3), asked: .exclusive)))
        campaign.also = [Stage.key("d.hold-7")]
        campaign.request = stage.newRequest()
        #expect(
            stage.ask(campaign)?.rejection
                == .about(Stage.key("d.hold-7"), .reserved(Stage.key("d.hold-7"))))
        #expect(stage.holder("a") == nil)
    }

    @Test func `an abandoned hold of any of them refuses who asked for that`() throws {
        var stage = Stage()
        let bela = try stage.share("b", by: "bela", .exclusive)
        let anna = stage.lineAll("a", "b", by: "anna") { $0.failOnAbandoned = true }
        let caro = stage.line("a", by: "caro", .exclusive)
        stage.resign(bela, .abandoned)
        guard case .about(let key, .abandonedHolds(let holds))? = stage.reply(to: anna)?.rejection else {
            Issue.record("it was not refused")
            return
        }
        #expect(key.name == "b" && holds.holds.map(\.holder) == ["bela"])
        stage.tick()
        #expect(stage.holder("a") == "caro" && stage.reply(to: caro) != nil)
    }

    @Test func `a queue that is full takes it in none`() throws {
        var stage = Stage(CoreSettings(contendersMax: 1))
        for name in ["a", "b"] { try stage.share(name, by: "bela", .exclusive) }
        _ = stage.line("b", by: "caro", .exclusive)
        let anna = stage.lineAll("a", "b", by: "anna")
        #expect(stage.reply(to: anna)?.rejection == .tooMany(.queue, limit: 1))
        #expect(stage.core.contenders(Stage.key("a")).isEmpty)
    }

    @Test func `it counts as a waiter of each of its names, and of the client once`() throws {
        var stage = Stage(CoreSettings(nameWaitersMax: 1, clientWaitersMax: 2))
        try stage.share("a", by: "bela", .exclusive)
        let anna = stage.lineAll("a", "b", by: "anna") { $0.client = "anna" }
        #expect(stage.core.waiterCounts.clients == ["anna": 1])
        let caro = stage.line("b", by: "caro", .exclusive)
        #expect(stage.reply(to: caro)?.rejection == .tooMany(.waitersOfName, limit: 1))
        stage.disconnect(anna)
        #expect(stage.core.waiterCounts.names.isEmpty && stage.core.waiterCounts.clients.isEmpty)
    }

    // MARK: Shared

    @Test func `a mode goes for all of its names`() throws {
        var stage = Stage()
        let anna = try stage.hold("a", "b", by: "anna", .shared)
        let bela = try stage.hold("b", "c", by: "bela", .shared)
        #expect(stage.holders("b") == ["anna", "bela"])
        let olga = stage.lineAll("a", "c", by: "olga")
        let caro = stage.lineAll("a", "b", by: "caro", .shared)
        #expect(stage.isWaiting(olga) && stage.isWaiting(caro))
        for hold in [anna] + anna.also { stage.resign(hold) }
        #expect(stage.isWaiting(olga))
        for hold in [bela] + bela.also { stage.resign(hold) }
        stage.resignAll(try stage.election(olga))
        stage.tick()
        #expect(stage.holders("a") == ["caro"] && stage.holders("b") == ["caro"])
        let again = try stage.hold("a", "b", by: "caro", .shared)
        #expect(again.token == (try stage.election(caro).token))
    }

    @Test func `those who share go in together when one before them goes`() throws {
        var stage = Stage()
        let bela = try stage.share("a", by: "bela", .exclusive)
        let anna = stage.lineAll("a", "b", by: "anna", .shared)
        let caro = stage.lineAll("b", "a", by: "caro", .shared)
        stage.resign(bela)
        stage.tick()
        #expect(stage.holders("a") == ["anna", "caro"] && stage.holders("b") == ["anna", "caro"])
        #expect(stage.reply(to: anna) != nil && stage.reply(to: caro) != nil)
    }

    // MARK: Lives

    @Test func `an election that isn't on disk never was, in none of them`() throws {
        var stage = Stage()
        let bela = try stage.share("b", by: "bela", .exclusive)
        let anna = stage.lineAll("a", "b", by: "anna")
        let caro = stage.line("a", by: "caro", .exclusive)
        stage.failedTurn { $0.resign(bela) }
        #expect(stage.isWaiting(anna) && stage.isWaiting(caro))
        #expect(stage.holder("a") == nil && stage.holder("b") == "bela")
        stage.resign(bela)
        #expect(stage.holder("a") == "anna" && stage.holder("b") == "anna" && stage.isWaiting(caro))
        var lost: RequestID = 0
        stage.failedTurn { lost = $0.lineAll("c", "d", by: "dora") }
        #expect(stage.fates[lost] == .unknown && stage.core.record(Stage.key("d")) == nil)
    }

    @Test func `a peer that goes in a turn that fails has gone from all of its queues`() throws {
        var stage = Stage()
        let bela = try stage.share("b", by: "bela", .exclusive)
        let anna = stage.lineAll("a", "b", by: "anna")
        let caro = stage.line("a", by: "caro", .exclusive)
        stage.failedTurn {
            $0.resign(bela)
            $0.disconnect(anna)
        }
        #expect(stage.core.contenders(Stage.key("a")).map(\.present) == [false, true])
        #expect(stage.core.contenders(Stage.key("b")).map(\.present) == [false])
        stage.tick()
        #expect(stage.holder("a") == "caro" && stage.reply(to: caro) != nil)
    }

    @Test func `a restart forgets who waits, and knows who holds`() throws {
        var stage = Stage()
        let anna = try stage.hold("a", "b", by: "anna")
        let bela = stage.lineAll("b", "c", by: "bela")
        stage.restart()
        #expect(stage.fates[bela] == .unknown && stage.holder("b") == "anna")
        let again = stage.lineAll("b", "c", by: "bela")
        stage.resignAll(anna)
        #expect(try stage.election(again).also.map(\.lease.key.name) == ["c"])
    }

    @Test func `after a restore's quarantine it is elected in all of them`() throws {
        var stage = Stage(quarantine: .seconds(60))
        let anna = stage.lineAll("a", "b", by: "anna")
        let bela = stage.line("b", by: "bela", .exclusive)
        #expect(stage.standing(anna)?.also.map(\.reason) == [.restoreQuarantine])
        stage.after(.seconds(61))
        #expect(stage.holder("a") == "anna" && stage.holder("b") == "anna" && stage.isWaiting(bela))
    }

    @Test func `it is told once that its namespace goes`() throws {
        var stage = Stage()
        try stage.share("b", by: "bela", .exclusive)
        let anna = stage.lineAll("a", "b", by: "anna")
        stage.terminate()
        #expect(stage.reply(to: anna)?.rejection == .namespaceTerminating("ci"))
        #expect(stage.core.contenders(Stage.key("b")).isEmpty && stage.core.requests.isEmpty)
    }

    @Test func `a Kubernetes client's hold keeps it waiting as any other`() throws {
        var stage = Stage()
        stage.acquire("b", by: "karl", for: 15)
        let anna = stage.lineAll("a", "b", by: "anna")
        #expect(stage.isWaiting(anna))
        stage.letGo("b")
        #expect(stage.holder("a") == "anna" && stage.holder("b") == "anna")
        stage.delete("b")
        #expect(stage.holder("a") == "anna" && stage.holder("b") == nil)
    }

    @Test func `a poller gets its turn where those before it are away`() throws {
        var stage = Stage()
        let bela = try stage.share("b", by: "bela", .exclusive)
        // First in both queues, and not there.
        var poll = stage.aCampaign("a", by: "anna", way: .lock)
        poll.also = [Stage.key("b")]
        #expect(stage.ask(poll)?.standing?.position == 1)
        let caro = stage.lineAll("a", "b", by: "caro")
        stage.failedTurn { $0.resign(bela) }
        stage.turn { stage in
            stage.resign(bela)
        }
        #expect(try stage.election(caro).token > 0)
    }
}
