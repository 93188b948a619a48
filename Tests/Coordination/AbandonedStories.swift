import Testing

@testable import Coordination

/// Abandoned is not released; and where a hold says it is.
@Suite struct AbandonedStories {
    @Test func `the next one is told who died, where, and how, until somebody clears it`() throws {
        var stage = Stage()
        let anna = try stage.share("images", by: "anna") { $0.work = "publish-1" }
        stage.enter("pushing", anna)
        stage.resign(anna, .abandoned, reason: "its child was killed")
        let olga = try stage.share("images", by: "olga", .exclusive)
        let told = AbandonedHold(
            token: anna.token, holder: "anna", mode: .shared, how: .abandoned, phase: "pushing",
            reason: "its child was killed", ended: stage.now.wall, work: "publish-1")
        #expect(olga.abandoned.holds == [told])
        stage.resign(olga)
        stage.restart()
        let olaf = try stage.share("images", by: "olaf", .exclusive)
        #expect(olaf.abandoned.holds == [told])
        #expect(stage.clear("images", anna.token)?.cleared == told)
        #expect(stage.disk.audit.last?.verb == .clearAbandoned && stage.disk.audit.last?.token == anna.token)
        stage.resign(olaf)
        #expect(try stage.share("images", by: "olga", .exclusive).abandoned.isEmpty)
        // Asked again: the same answer, and no other entry.
        #expect(stage.clear("images", anna.token)?.cleared == told)
        #expect(stage.disk.audit.count == 1)
        #expect(stage.clear("images", olaf.token)?.rejection == .notAbandoned(token: olaf.token))
    }

    @Test func `who asked for it is refused, now and at its turn`() throws {
        var stage = Stage()
        let anna = try stage.share("images", by: "anna")
        let olga = stage.line("images", by: "olga", .exclusive) { $0.failOnAbandoned = true }
        let olaf = stage.line("images", by: "olaf", .exclusive)
        stage.after(.seconds(31))
        let abandoned = stage.lease("images")!.record.abandoned
        #expect(abandoned.holds.map(\.token) == [anna.token])
        #expect(stage.reply(to: olga)?.rejection == .abandonedHolds(abandoned))
        #expect(try stage.election(olaf).abandoned == abandoned)
        var late = stage.aCampaign("images", by: "olga", way: .lock, waiting: .minutes(1))
        late.failOnAbandoned = true
        #expect(stage.ask(late)?.rejection == .abandonedHolds(abandoned))
        stage.clear("images", anna.token)
        stage.resign(try stage.election(olaf))
        late.request = stage.newRequest()
        #expect(stage.ask(late)?.election != nil)
    }

    @Test func `what its own work left is no reason to refuse it, and is cleared when it ends well`() throws {
        var stage = Stage()
        for work in ["annotate", "publish"] {
            let election = try stage.share("images", by: work) { $0.work = work }
            stage.resign(election, .abandoned)
        }
        var careful = stage.aCampaign("images", by: "again", way: .lock)
        careful.failOnAbandoned = true
        careful.work = "annotate"
        guard case .abandonedHolds(let others)? = stage.ask(careful)?.rejection else { throw Surprise() }
        #expect(others.holds.map(\.work) == ["publish"])
        stage.clear("images", others.holds[0].token)
        careful.request = stage.newRequest()
        let election = try #require(stage.ask(careful)?.election)
        #expect(election.abandoned.holds.map(\.work) == ["annotate"])
        stage.resign(election)
        #expect(stage.lease("images")?.record.abandoned.isEmpty == true)
    }

    @Test func `a restart forgives nobody: who asked for it is refused, until a run of that work ends well`()
        throws
    {
        var stage = Stage()
        try stage.share("images", by: "anna", for: .seconds(20)) { $0.work = "publish" }
        stage.after(.seconds(15))
        // It could not renew while the daemon was down; then it is given up for good.
        stage.restart()
        stage.after(.seconds(19))
        #expect(stage.holders("images") == ["anna"])
        stage.after(.seconds(1))
        stage.restart()
        func careful(_ stage: inout Stage) -> Reply? {
            var campaign = stage.aCampaign("images", by: "olga", way: .lock)
            campaign.failOnAbandoned = true
            return stage.ask(campaign)
        }
        guard case .abandonedHolds(let left)? = careful(&stage)?.rejection else { throw Surprise() }
        #expect(left.holds.map(\.work) == ["publish"] && left.holds.map(\.how) == [.expired])
        let again = try stage.share("images", by: "anna-2") { $0.work = "publish" }
        stage.restart()
        stage.resign(again)
        stage.restart()
        #expect(careful(&stage)?.election != nil)
    }

    private struct Surprise: Error {}

    @Test func `a refusal that isn't on disk is asked again`() throws {
        var stage = Stage()
        try stage.share("images", by: "anna")
        let olga = stage.line("images", by: "olga", .exclusive) { $0.failOnAbandoned = true }
        stage.failedTurn {
            $0.pass(.seconds(31))
            $0.tick()
        }
        #expect(stage.isWaiting(olga))
        stage.tick()
        #expect(stage.reply(to: olga)?.rejection != nil)
    }

    @Test func `a released run of the same work clears it, another doesn't`() throws {
        var stage = Stage()
        try stage.share("images", by: "anna") { $0.work = "publish-1" }
        try stage.share("images", by: "bela") { $0.work = "publish-2" }
        try stage.share("images", by: "caro")
        stage.after(.seconds(31))
        #expect(stage.lease("images")?.record.abandoned.holds.count == 3)
        let failed = try stage.share("images", by: "anna") { $0.work = "publish-1" }
        stage.resign(failed, .failed)
        stage.resign(try stage.share("images", by: "dora"))
        #expect(stage.lease("images")?.record.abandoned.holds.count == 3)
        stage.resign(try stage.share("images", by: "anna") { $0.work = "publish-1" })
        let left = stage.lease("images")!.record.abandoned.holds.map(\.work)
        #expect(Set(left) == ["publish-2", nil] && left.count == 2)
    }

    @Test func `an exclusive hold's name is its work`() throws {
        var stage = Stage()
        try stage.campaign("deploy", by: "anna", way: .lock)
        stage.after(.seconds(31))
        let bela = try stage.campaign("deploy", by: "bela", way: .lock)
        #expect(bela.abandoned.holds.map(\.holder) == ["anna"])
        stage.resign(bela)
        #expect(stage.lease("deploy")?.record.abandoned.isEmpty == true)
    }

    @Test func `work that ends in a marker has attempts instead`() throws {
        var stage = Stage()
        try stage.campaign("import", by: "anna")
        stage.after(.seconds(31))
        #expect(try stage.campaign("import", by: "bela").abandoned.isEmpty)
    }

    @Test func `a name with abandoned holds stays until they are cleared`() throws {
        var stage = Stage()
        let anna = try stage.share("images", by: "anna")
        stage.after(.seconds(31))
        stage.sweep("images")
        #expect(stage.lease("images") != nil)
        stage.clear("images", anna.token)
        stage.sweep("images")
        #expect(stage.lease("images") == nil)
    }

    @Test func `the newest are kept, and how many there were`() throws {
        var stage = Stage()
        for number in 0..<70 { try stage.share("images", by: "run-\(number)") }
        stage.after(.seconds(31))
        let abandoned = stage.lease("images")!.record.abandoned
        #expect(abandoned.holds.count == 64 && abandoned.beyond == 6)
        for hold in abandoned.holds { stage.clear("images", hold.token) }
        #expect(stage.lease("images")!.record.abandoned == AbandonedHolds())
    }

    // MARK: Phases

    @Test func `a phase is durable, told to those who wait, and in the history`() throws {
        var stage = Stage()
        let anna = try stage.share("images", by: "anna", for: .minutes(5))
        #expect(stage.enter("pushing", anna)?.phased?.record.hold?.phase?.name == "pushing")
        stage.after(.seconds(10))
        stage.enter("pushed", anna)
        stage.restart()
        let olga = stage.line("images", by: "olga", .exclusive)
        #expect(stage.standing(olga)?.lease.shared.map(\.hold.phase?.name) == ["pushed"])
        stage.resign(anna)
        let record = stage.disk.holds[anna.token]
        #expect(record?.phases.map(\.name) == ["pushing", "pushed"])
        #expect(record.map { $0.phases[1].at.microseconds - $0.phases[0].at.microseconds } == 10_000_000)
    }

    @Test func `the same phase again changes nothing`() throws {
        var stage = Stage()
        let anna = try stage.campaign("import", by: "anna")
        stage.enter("pulling", anna)
        let revision = stage.core.revision
        #expect(stage.enter("pulling", anna)?.phased?.record.hold?.phases.count == 1)
        #expect(stage.core.revision == revision)
        stage.enter("pushing", anna)
        stage.enter("pulling", anna)
        #expect(stage.disk.holds[anna.token]?.phases.map(\.name) == ["pulling", "pushing", "pulling"])
    }

    @Test func `a phase that isn't on disk was never entered`() throws {
        var stage = Stage()
        let anna = try stage.campaign("import", by: "anna")
        stage.failedTurn { $0.enter("pulling", anna) }
        #expect(stage.lease("import")?.record.hold?.phases == [])
        #expect(stage.enter("pulling", anna)?.phased != nil)
    }

    @Test func `only the holder says where it is, and only while it holds`() throws {
        var stage = Stage()
        let anna = try stage.campaign("import", by: "anna")
        var claim = stage.claim(anna)
        claim.holder = "bela"
        stage.send(.phase(claim, "pulling"), from: claim.request)
        #expect(stage.reply(to: claim.request)?.rejection == .notTheHolder(holder: "anna"))
        stage.resign(anna)
        #expect(stage.enter("pulling", anna)?.rejection?.endedHow == .resigned)
    }

    @Test func `the newest hundred phases are kept`() throws {
        var stage = Stage()
        let anna = try stage.campaign("import", by: "anna")
        for number in 1...103 { stage.enter("step \(number)", anna) }
        let phases = stage.disk.holds[anna.token]!.phases
        #expect(phases.count == 100 && phases[0].name == "step 4" && phases[99].name == "step 103")
    }
}
