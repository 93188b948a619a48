import Testing

@testable import Coordination

@Suite struct CompletionStories {
    let one = Finding(result: ["image": "one"])
    let two = Finding(result: ["image": "two"])

    @Test func `complete writes the marker, ends the hold and tells everyone, in one turn`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna") { $0.info = ["url": "https://ci/1"] }
        let bela = stage.queue("build", by: "bela")
        let waiter = stage.wait("build")
        stage.after(.seconds(10))
        let answer = stage.complete(anna, one)?.completed
        let marker = try #require(stage.marker("build"))
        #expect(answer?.marker == marker)
        #expect(marker.finding == one)
        #expect(marker.token == anna.token)
        #expect(marker.info == ["url": "https://ci/1"])
        #expect(marker.end.microseconds - marker.start.microseconds == 10_000_000)
        #expect(stage.end(of: anna)?.how == .completed)
        #expect(stage.holder("build") == nil)
        #expect(stage.reply(to: bela)?.settled == marker)
        #expect(stage.reply(to: waiter)?.markers?.verdict == .done)
    }

    @Test func `whoever comes after it is told the marker`() throws {
        var stage = Stage()
        stage.complete(try stage.campaign("build", by: "anna"), one)
        #expect(stage.ask(stage.aCampaign("build", by: "bela"))?.settled?.finding == one)
    }

    @Test func `a complete repeated is a success, a different one is refused`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let answer = stage.complete(anna, one)
        stage.after(.hours(1))
        #expect(stage.complete(anna, one) == answer)
        let marker = try #require(stage.marker("build"))
        #expect(stage.complete(anna, two)?.rejection == .markerDiffers(marker))
    }

    @Test
    func `what a marker says of its artifacts outlives a restart, and no other digest or size is the same`()
        throws
    {
        let digest = "sha256:" + String(repeating: "a", count: 64)
        func finding(_ digest: String, _ size: Int64?) -> Finding {
            Finding(artifacts: [Artifact(name: "image.tar", digest: digest, size: size)])
        }
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let waiting = stage.queue("build", by: "bela")
        let answer = stage.complete(anna, finding(digest, 7))
        #expect(stage.reply(to: waiting)?.settled?.finding.artifacts == finding(digest, 7).artifacts)
        stage.restart()
        let late = stage.wait("build")
        #expect(stage.reply(to: late)?.markers?.markers.map(\.finding) == [finding(digest, 7)])
        #expect(stage.complete(anna, finding(digest, 7)) == answer)
        let marker = try #require(stage.marker("build"))
        let other = "sha256:" + String(repeating: "b", count: 64)
        for different in [finding(other, 7), finding(digest, 8), finding(digest, nil), Finding()] {
            #expect(stage.complete(anna, different)?.rejection == .markerDiffers(marker))
            #expect(stage.mark("build", different)?.rejection == .markerDiffers(marker))
        }
    }

    @Test func `a complete repeated by the marker's token is a success after its history was pruned`() throws
    {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.complete(anna, one)
        stage.disk.holds = [:]
        stage.restart()
        let answer = stage.complete(anna, one)?.completed
        #expect(answer?.marker == stage.marker("build"))
        #expect(answer?.record.token == anna.token)
        #expect(answer?.record.end?.how == .completed)
    }

    @Test func `a complete repeated is a success when only the history still knows of it`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let marker = stage.complete(anna, one)?.completed?.marker
        stage.unmark("build", revision: try #require(marker?.revision))
        stage.restart()
        let answer = stage.complete(anna, one)?.completed
        #expect(answer?.record.token == anna.token)
        #expect(answer?.marker == nil)
    }

    @Test func `a complete repeated is a success after its marker was replaced`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let old = stage.complete(anna, one)?.completed?.marker
        let bela = try stage.campaign("build", by: "bela") { $0.supersedes = old?.revision }
        #expect(stage.complete(anna, one)?.completed?.record.token == anna.token)
        stage.complete(bela, two)
        let again = stage.complete(anna, one)?.completed
        #expect(again?.record.token == anna.token)
        #expect(again?.marker == nil)
        #expect(stage.marker("build")?.finding == two)
    }

    @Test func `complete may come after the deadline, if nobody looked yet`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.pass(.seconds(31))
        #expect(stage.complete(anna, one)?.completed?.marker != nil)
    }

    @Test func `nobody else completes with a holder's token`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna") { $0.principal = "robot" }
        var thief = stage.claim(anna)
        thief.principal = "fork"
        stage.send(.complete(thief, one), from: thief.request)
        #expect(stage.reply(to: thief.request)?.rejection == .notTheHolder(holder: "anna"))
        stage.complete(anna, one)
        thief.request = stage.newRequest()
        stage.send(.complete(thief, one), from: thief.request)
        #expect(stage.reply(to: thief.request)?.rejection == .notTheHolder(holder: "anna"))
    }

    @Test(arguments: [Resignation.Outcome.released, .failed, .abandoned])
    func `a resign repeated gets its answer again`(outcome: Resignation.Outcome) throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let answer = stage.resign(anna, outcome, reason: "cancelled")
        #expect(answer?.ended?.end?.reason == "cancelled")
        try stage.campaign("build", by: "bela")
        stage.restart()
        #expect(stage.resign(anna, outcome, reason: "cancelled") == answer)
    }

    @Test func `a revoke repeated gets its answer again, and names who did it`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let answer = stage.revoke(anna, by: "olga")
        #expect(answer?.ended?.end?.by == "olga")
        #expect(stage.revoke(anna, by: "olga") == answer)
    }

    @Test func `revoke names the token: a later hold is left alone`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.resign(anna)
        let bela = try stage.campaign("build", by: "bela")
        guard case .holdEnded(_, let record, let current)? = stage.revoke(anna)?.rejection else {
            throw Stage.Surprise(reply: nil)
        }
        #expect(record?.end?.how == .resigned)
        #expect(current?.record.hold == bela.hold)
        #expect(stage.holder("build") == "bela")
    }

    @Test func `a stale token is told how its hold ended and who holds now`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.after(.seconds(30))
        let bela = try stage.campaign("build", by: "bela")
        for reply in [stage.renew(anna), stage.complete(anna), stage.resign(anna)] {
            guard case .holdEnded(let token, let record, let current)? = reply?.rejection else {
                throw Stage.Surprise(reply: reply)
            }
            #expect(token == anna.token)
            #expect(record?.end?.how == .expired)
            #expect(current?.record.hold?.token == bela.token)
        }
    }

    @Test func `two commands of one turn: the second knows how the first ended the hold`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        var answers: [RequestID] = []
        stage.turn { stage in
            for _ in 1...2 {
                let claim = stage.claim(anna)
                stage.send(.resign(claim, Resignation()), from: claim.request)
                answers.append(claim.request)
            }
        }
        #expect(stage.reply(to: answers[0])?.ended?.end?.how == .resigned)
        #expect(stage.reply(to: answers[1]) == stage.reply(to: answers[0]))
    }
}
