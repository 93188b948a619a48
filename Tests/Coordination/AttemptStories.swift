import Testing

@testable import Coordination

@Suite struct AttemptStories {
    @Test func `the last failed attempt fails everyone at once, with the reason`() throws {
        var stage = Stage()
        var hold = try stage.campaign("build", by: "anna") { $0.maxAttempts = 2 }
        let bela = stage.queue("build", by: "bela")
        let caro = stage.queue("build", by: "caro")
        let waiter = stage.wait("build")
        stage.resign(hold, .failed, reason: "out of disk")
        hold = try stage.election(bela)
        #expect(hold.hold.attempt == 2)
        stage.resign(hold, .failed, reason: "out of disk")
        let marker = stage.marker("build")
        #expect(marker?.finding.outcome == .failed)
        #expect(marker?.finding.reason == "attempt 2 of 2 ended: out of disk")
        #expect(stage.reply(to: caro)?.settled == marker)
        #expect(stage.reply(to: waiter)?.markers?.verdict == .failed)
    }

    @Test func `failed, abandoned and expired holds count`() throws {
        var stage = Stage()
        stage.resign(try stage.campaign("build", by: "anna"), .failed)
        stage.resign(try stage.campaign("build", by: "anna"), .abandoned)
        try stage.campaign("build", by: "anna")
        stage.after(.seconds(30))
        #expect(try stage.campaign("build", by: "anna").hold.attempt == 4)
    }

    @Test func `a cancel, a revoke and an election that was taken back do not count`() throws {
        var stage = Stage()
        stage.resign(try stage.campaign("build", by: "anna"))
        stage.revoke(try stage.campaign("build", by: "anna"))
        stage.takeBack(try stage.campaign("build", by: "anna"))
        try stage.campaign("build", by: "anna") { $0.confirmWithin = .seconds(5) }
        stage.after(.seconds(5))
        #expect(try stage.campaign("build", by: "anna").hold.attempt == 1)
    }

    @Test func `the first campaign's maxAttempts governs, and others are told it`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna") { $0.maxAttempts = 3 }
        let bela = stage.queue("build", by: "bela") { $0.maxAttempts = 1 }
        #expect(stage.standing(bela)?.lease.record.maxAttempts == 3)
        stage.resign(anna, .failed)
        #expect(try stage.election(bela).lease.maxAttempts == 3)
        stage.resign(try stage.election(bela), .failed)
        #expect(stage.marker("build") == nil)
    }

    @Test func `five attempts unless the campaign says otherwise`() throws {
        var stage = Stage()
        for attempt in 1...5 {
            #expect(stage.marker("build") == nil)
            let hold = try stage.campaign("build", by: "anna")
            #expect(hold.hold.attempt == attempt)
            stage.resign(hold, .failed)
        }
        #expect(stage.marker("build")?.attempt == 5)
    }

    @Test func `a Failed marker has its retention, then the work begins anew`() throws {
        var stage = Stage()
        stage.resign(try stage.campaign("build", by: "anna") { $0.maxAttempts = 1 }, .failed)
        stage.after(.minutes(10) - .milliseconds(1))
        #expect(stage.ask(stage.aCampaign("build", by: "bela"))?.settled?.finding.outcome == .failed)
        stage.after(.milliseconds(1))
        #expect(stage.marker("build") == nil)
        #expect(try stage.campaign("build", by: "bela").hold.attempt == 1)
    }

    @Test func `a Failed marker that is over is not shown, even if no timer came first`() throws {
        var stage = Stage()
        stage.mark("build", Finding(outcome: .failed))
        stage.pass(.minutes(10))
        let waiter = stage.wait("build", waiting: nil)
        #expect(stage.reply(to: waiter)?.markers?.verdict == .waiting)
        #expect(stage.marker("build") == nil)
    }

    @Test func `a Failed marker is kept for its whole retention after a restart`() throws {
        var stage = Stage()
        stage.mark("build", Finding(outcome: .failed))
        stage.after(.minutes(9))
        stage.restart()
        stage.after(.minutes(9))
        #expect(stage.marker("build") != nil)
        stage.after(.minutes(1))
        #expect(stage.marker("build") == nil)
    }

    @Test func `complete with outcome Failed is permanent at once`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let bela = stage.queue("build", by: "bela")
        stage.complete(anna, Finding(outcome: .failed, reason: "no such image"))
        #expect(stage.reply(to: bela)?.settled?.finding.reason == "no such image")
        #expect(stage.end(of: anna)?.how == .failed)
    }

    @Test func `a Failed marker of the last attempt carries its digest, so other inputs are not told failed`()
        throws
    {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna") {
            $0.maxAttempts = 1
            $0.inputsDigest = "sha256:a"
        }
        stage.resign(anna, .failed)
        var other = stage.aCampaign("build", by: "bela")
        other.inputsDigest = "sha256:b"
        #expect(stage.ask(other)?.rejection == .inputsMismatch(stored: "sha256:a", given: "sha256:b"))
    }

    @Test func `a lock counts failures in a row and is never given up`() throws {
        var stage = Stage()
        for attempt in 1...7 {
            let hold = try stage.campaign("deploy", by: "anna", way: .lock)
            #expect(hold.hold.attempt == attempt)
            stage.resign(hold, .failed)
        }
        stage.resign(try stage.campaign("deploy", by: "anna", way: .lock))
        #expect(try stage.campaign("deploy", by: "anna", way: .lock).hold.attempt == 1)
        #expect(stage.marker("deploy") == nil)
    }
}
