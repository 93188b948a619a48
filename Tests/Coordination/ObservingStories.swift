import Testing

@testable import Coordination

/// Holds that are recorded, and do nothing else.
@Suite struct ObservingStories {
    @Test func `who observes begins at once, beside an exclusive hold, its queue, and others who observe`()
        throws
    {
        var stage = Stage()
        let anna = try stage.campaign("deploy", by: "anna", way: .lock)
        let waiting = stage.line("deploy", by: "bela", .exclusive)
        let first = try stage.share("deploy", by: "caro", .observe)
        let second = try stage.share("deploy", by: "dora", .observe)
        #expect(first.lease.key.name == "deploy.hold-\(first.token)" && first.lease.group == "deploy")
        #expect(first.previous == nil && first.queueLength == 0)
        #expect(
            stage.disk.holds[second.token]?.mode == .observe
                && stage.disk.holds[anna.token]?.mode == .exclusive)
        // To those who hold and wait nothing has changed.
        #expect(
            stage.lease("deploy")?.sharedCount == 0 && stage.lease("deploy")?.record.hold?.holder == "anna")
        #expect(stage.standing(waiting)?.position == 1)
        stage.resign(first)
        stage.resign(second)
        #expect(stage.isWaiting(waiting))
        stage.resign(anna)
        #expect(try stage.election(waiting).previous?.holder == "anna")
    }

    @Test func `it keeps nobody away, and counts as nobody's permit`() throws {
        var stage = Stage()
        let observer = try stage.share("downloads", by: "olga", .observe)
        try stage.share("downloads", by: "anna", .permits(1))
        let second = stage.line("downloads", by: "bela", .permits(1))
        #expect(stage.isWaiting(second))
        let alone = try stage.campaign("build", by: "anna")
        try stage.share("build", by: "olga", .observe)
        stage.complete(alone)
        #expect(stage.marker("build")?.finding.outcome == .succeeded)
        #expect(stage.holders("downloads") == ["olga", "anna"] && stage.end(of: observer) == nil)
    }

    @Test func `the work's marker, its way and its abandoned holds are nothing to it`() throws {
        var stage = Stage()
        stage.complete(try stage.campaign("build", by: "anna"))
        let lease = stage.disk.leases[Stage.key("build")]
        let observer = try stage.share("build", by: "bela", .observe)
        stage.resign(observer, .failed)
        #expect(stage.disk.leases[Stage.key("build")] == lease)
        #expect(stage.end(of: observer)?.how == .failed)
        // A name that nobody ever held has no lease by it.
        try stage.share("new", by: "bela", .observe)
        #expect(stage.disk.leases[Stage.key("new")] == nil && stage.lease("new") == nil)
        #expect(try stage.campaign("new", by: "caro").previous == nil)
    }

    @Test func `a restart in the middle leaves it its token, and a full duration`() throws {
        var stage = Stage()
        let observer = try stage.share("deploy", by: "anna", .observe, for: .seconds(20))
        try stage.campaign("deploy", by: "bela", way: .lock)
        stage.after(.seconds(15))
        stage.restart()
        stage.after(.seconds(15))
        #expect(stage.renew(observer)?.renewed?.record.hold?.token == observer.token)
        #expect(try stage.share("deploy", by: "anna", .observe).token == observer.token)
        stage.enter("pushing", observer)
        #expect(stage.resign(observer)?.ended?.phases.map(\.name) == ["pushing"])
        #expect(stage.holder("deploy") == nil || stage.holder("deploy") == "bela")
    }

    @Test func `who overlapped before, over and after a restart overlapped once, for as long as it was`()
        throws
    {
        var stage = Stage()
        let began = stage.now.wall
        let observer = try stage.share("deploy", by: "anna", .observe, for: .minutes(5))
        stage.after(.seconds(10))
        let holder = try stage.campaign("deploy", by: "bela", for: .minutes(5), way: .lock)
        stage.enter("pushing", holder)
        stage.after(.seconds(20))
        stage.restart()
        stage.after(.seconds(30))
        stage.resign(observer)
        stage.after(.seconds(5))
        stage.resign(holder)
        stage.restart()
        var sweep = OverlapSweep(TimeWindow(since: began, until: stage.now.wall))
        var found: [Overlap] = []
        for hold in stage.disk.holds.values.sorted(by: { $0.end!.at > $1.end!.at }) {
            sweep.add(hold) { found.append($0) }
        }
        let overlap = try #require(found.first)
        #expect(found.count == 1 && overlap.isObserved && overlap.length == .seconds(50))
        #expect(overlap.first.token == observer.token && overlap.second.token == holder.token)
        #expect(overlap.second.phases.map(\.name) == ["pushing"])
    }

    @Test func `one that isn't renewed expires, and the history says so; the next is told nothing of it`()
        throws
    {
        var stage = Stage()
        let observer = try stage.share("deploy", by: "anna", .observe, for: .seconds(20))
        stage.after(.seconds(21))
        #expect(stage.end(of: observer)?.how == .expired && stage.holders("deploy").isEmpty)
        #expect(AbandonedHold(stage.disk.holds[observer.token]!)?.mode == .observe)
        let next = try stage.campaign("deploy", by: "bela", way: .lock) { $0.failOnAbandoned = true }
        #expect(next.abandoned.isEmpty && next.previous == nil)
        #expect(stage.renew(observer)?.rejection?.endedHow == .expired)
    }

    @Test func `a restore's quarantine elects nobody, and lets observe`() throws {
        var stage = Stage(quarantine: .seconds(60))
        let waiting = stage.line("deploy", by: "anna", .exclusive)
        #expect(stage.isWaiting(waiting))
        #expect(try stage.share("deploy", by: "bela", .observe).hold.mode == .observe)
    }

    @Test func `what a failed turn began never was`() throws {
        var stage = Stage()
        stage.failedTurn { stage in
            let campaign = stage.aCampaign("deploy", by: "anna", way: .lock)
            var observing = campaign
            observing.mode = .observe
            stage.send(.campaign(observing), from: observing.request)
        }
        #expect(stage.disk.holds.isEmpty && stage.core.figures.holds == 0)
        #expect(try stage.share("deploy", by: "anna", .observe).hold.attempt == 1)
    }

    @Test func `a full namespace has no room for one more`() throws {
        var settings = CoreSettings()
        settings.namespaceLeasesMax = 1
        var stage = Stage(settings)
        try stage.share("deploy", by: "anna", .observe)
        var campaign = stage.aCampaign("deploy", by: "bela", way: .lock)
        campaign.mode = .observe
        #expect(stage.ask(campaign)?.rejection?.bound == .leases)
    }
}

/// Waits that ended, as the history has them.
@Suite struct WaitsStories {
    @Test func `who was elected from the queue waited so long`() throws {
        var stage = Stage()
        let anna = try stage.campaign("deploy", by: "anna", way: .lock)
        _ = stage.line("deploy", by: "bela", .exclusive)
        #expect(stage.disk.waits.isEmpty)
        stage.after(.seconds(7))
        stage.resign(anna)
        let record = try #require(stage.disk.waits.first)
        #expect(record.key == Stage.key("deploy") && record.at == stage.now.wall)
        #expect(record.waits.elected == 1 && record.waits.electedTime == .seconds(7))
        #expect(record.waits.settled == 0 && record.waits.avoided == 0)
    }

    @Test func `a result that two waited for is work that two didn't do`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna", for: .seconds(60))
        stage.after(.seconds(2))
        _ = stage.queue("build", by: "bela")
        stage.after(.seconds(3))
        _ = stage.queue("build", by: "caro")
        stage.after(.seconds(5))
        stage.complete(anna)
        // A third one comes when it is done, and waits for nothing.
        stage.ask(stage.aCampaign("build", by: "dora"))
        #expect(stage.disk.waits.count == 1)
        let waits = stage.disk.waits[0].waits
        #expect(waits.settled == 2 && waits.settledTime == .seconds(8 + 5))
        #expect(waits.avoided == 2 && waits.avoidedTime == .seconds(10 + 10))
    }

    @Test func `a failure told to those who wait is a wait, and no work avoided`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna") { $0.maxAttempts = 1 }
        _ = stage.queue("build", by: "bela")
        stage.after(.seconds(4))
        stage.resign(anna, .failed)
        let waits = try #require(stage.disk.waits.first?.waits)
        #expect(waits.settled == 1 && waits.settledTime == .seconds(4) && waits.avoided == 0)
    }
}
