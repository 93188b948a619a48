import Testing

@testable import Coordination

/// What a namespace may have at the most. The stage compares the core's books with the disk after each turn.
@Suite struct QuotaStories {
    private func stage(leases: Int = 100, markers: Int = 100, bytes: Int = 1 << 20) -> Stage {
        Stage(
            CoreSettings(
                defaultMaxAttempts: 1, failedRetention: .minutes(1), namespaceLeasesMax: leases,
                namespaceMarkersMax: markers, namespaceBytesMax: bytes))
    }

    private func full(_ bound: Bound, _ limit: Int, used: Int? = nil) -> Reply {
        .refused(.quotaExceeded(bound, namespace: "ci", limit: limit, used: used ?? limit))
    }

    @Test func `as many leases as may, and one more when one is swept`() throws {
        var stage = stage(leases: 2)
        let first = try stage.campaign("a", by: "anna", way: .lock)
        try stage.campaign("b", by: "anna", way: .lock)
        let refused = stage.aCampaign("c", by: "anna", way: .lock)
        #expect(stage.ask(refused) == full(.leases, 2))
        // The names that are there don't notice.
        stage.resign(first)
        try stage.campaign("a", by: "bela", way: .lock)
        stage.after(.hours(1))
        stage.sweep("a")
        try stage.campaign("c", by: "anna", way: .lock)
    }

    @Test func `another namespace doesn't notice`() throws {
        var stage = stage(leases: 1, markers: 1)
        try stage.campaign("a", by: "anna")
        var campaign = stage.aCampaign("b", by: "anna")
        #expect(stage.ask(campaign) == full(.leases, 1))
        campaign.request = stage.newRequest()
        campaign.key.namespace = "release"
        #expect(stage.ask(campaign)?.election != nil)
    }

    @Test func `an election for work keeps a place for the marker that it may leave`() throws {
        var stage = stage(markers: 2)
        let anna = try stage.campaign("a", by: "anna")
        stage.mark("b")
        #expect(stage.mark("c") == full(.markers, 2))
        let campaign = stage.aCampaign("d", by: "dora")
        #expect(stage.ask(campaign) == full(.markers, 2))
        // A lock leaves no marker.
        try stage.campaign("e", by: "dora", way: .lock)
        #expect(stage.complete(anna)?.completed?.marker != nil)
        #expect(stage.mark("c") == full(.markers, 2))
        stage.unmark("a", revision: stage.marker("a")!.revision)
        #expect(stage.mark("c")?.marked?.new == true)
    }

    @Test func `a hold that leaves no marker gives its place back`() throws {
        var stage = stage(markers: 1)
        let anna = try stage.campaign("a", by: "anna")
        #expect(stage.mark("b") == full(.markers, 1))
        stage.resign(anna)
        #expect(stage.mark("b")?.marked?.new == true)
        #expect(stage.ask(stage.aCampaign("a", by: "anna")) == full(.markers, 1))
    }

    @Test func `the work of a full namespace goes on: handed over, failed for good, done again`() throws {
        var stage = stage(leases: 1, markers: 1)
        let anna = try stage.campaign("a", by: "anna") { $0.maxAttempts = 2 }
        let bela = stage.queue("a", by: "bela")
        stage.resign(anna, .failed, reason: "broken")
        let second = try stage.election(bela)
        stage.resign(second, .failed, reason: "broken")
        let failed = try #require(stage.marker("a"))
        let third = try stage.campaign("a", by: "caro") { $0.supersedes = failed.revision }
        // Its marker goes by time while the work is under way: the place stays with the hold.
        stage.pass(.minutes(2))
        #expect(stage.mark("b") == full(.markers, 1))
        #expect(stage.complete(third)?.completed?.marker != nil)
    }

    @Test func `a Failed marker whose time is over makes room in the same step`() throws {
        var stage = stage(leases: 1, markers: 1)
        let anna = try stage.campaign("a", by: "anna")
        stage.resign(anna, .failed)
        #expect(stage.marker("a")?.finding.outcome == .failed)
        stage.pass(.minutes(2))
        try stage.campaign("a", by: "bela")
    }

    @Test func `nothing new begins when the bytes are used up, and what is there may end`() throws {
        var stage = stage(bytes: 300)
        let anna = try stage.campaign("a", by: "anna")
        #expect(stage.mark("b", Finding(result: ["image": "one"]))?.marked?.new == true)
        let used = stage.core.usage(of: "ci").bytes
        #expect(used >= 300)
        #expect(stage.mark("c") == full(.bytes, 300, used: used))
        #expect(stage.ask(stage.aCampaign("d", by: "dora", way: .lock)) == full(.bytes, 300, used: used))
        #expect(stage.renew(anna)?.renewed != nil)
        #expect(stage.complete(anna, Finding(result: ["image": "two"]))?.completed?.marker != nil)
        #expect(stage.core.usage(of: "ci").bytes > used)
    }

    @Test func `a failed turn gives back what it took, and takes again what it gave`() throws {
        var stage = stage(leases: 2, markers: 2)
        let anna = try stage.campaign("a", by: "anna")
        let before = stage.core.usage(of: "ci")
        stage.failedTurn { stage in
            stage.complete(anna)
            stage.mark("b")
        }
        #expect(stage.core.usage(of: "ci") == before)
        stage.failedTurn { stage in
            stage.resign(anna)
            stage.sweep("a")
        }
        #expect(stage.core.usage(of: "ci") == before)
        stage.complete(anna)
        #expect(stage.mark("b")?.marked?.new == true)
        #expect(stage.mark("c") == full(.markers, 2))
    }

    @Test func `a restart counts the same, promises included`() throws {
        var stage = stage(leases: 2, markers: 2)
        let anna = try stage.campaign("a", by: "anna")
        stage.mark("b")
        let before = stage.core.usage(of: "ci")
        stage.restart()
        #expect(stage.core.usage(of: "ci") == before)
        #expect(before == NamespaceUsage(leases: 1, markers: 1, reserved: 1, bytes: before.bytes))
        #expect(stage.complete(anna)?.completed?.marker != nil)
    }

    @Test func `lowered limits take nothing away`() throws {
        var stage = stage()
        let anna = try stage.campaign("a", by: "anna")
        stage.mark("b")
        var strict = self.stage(leases: 1, markers: 1, bytes: 1)
        strict.disk = stage.disk
        strict.now = stage.now
        strict.restart()
        let bela = strict.queue("a", by: "bela")
        strict.resign(anna)
        let hold = try strict.election(bela)
        #expect(strict.complete(hold)?.completed?.marker != nil)
        #expect(strict.mark("c") == full(.markers, 1, used: 2))
    }

    @Test func `who waited through a restore's quarantine is told when the namespace is full`() throws {
        var stage = Stage(CoreSettings(namespaceLeasesMax: 1), quarantine: .minutes(1))
        let first = stage.queue("a", by: "anna", way: .lock)
        let second = stage.queue("b", by: "bela", way: .lock)
        stage.after(.minutes(2))
        let replies = [first, second].compactMap { stage.reply(to: $0) }
        #expect(replies.compactMap(\.election).count == 1)
        #expect(replies.contains(full(.leases, 1)))
    }
}
