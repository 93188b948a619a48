import Testing

@testable import Client

@Suite struct `Asking to be elected` {
    @Test func `the elected one renews at once and starts its command only when that was answered`() {
        var stage = Stage()
        stage.happens(.started)
        #expect(stage.sent == [.campaign(supersedes: nil)])
        stage.after(.seconds(600))
        stage.answer(.elected(Stage.hold))
        #expect(stage.sent == [.renew(token: 17)])
        #expect(!stage.hasStarted)
        stage.after(.seconds(1))
        stage.answer(.accepted)
        #expect(stage.has(.run(.command(Stage.hold))))
    }

    @Test func `the deadman is armed and the guardian knows the hold before the command runs`() throws {
        let stage = Stage.working()
        let order = stage.effects.compactMap { effect -> String? in
            switch effect {
            case .report(.some(let report)): "report \(report.outcome)"
            case .armDeadman: "arm"
            case .run: "run"
            default: nil
            }
        }
        #expect(order == ["report abandoned", "arm", "run"])
    }

    @Test func `a marker ends the run without work`() {
        var stage = Stage()
        stage.happens(.started)
        stage.answer(.done(Stage.marker()))
        #expect(stage.verdict == .done(Stage.marker()))
        #expect(stage.verdict?.exitCode == 0)
    }

    @Test func `a failure of others ends it with 76`() {
        var stage = Stage()
        stage.happens(.started)
        stage.answer(.failed(Stage.marker(succeeded: false, reason: "no such release")))
        #expect(stage.verdict?.exitCode == 76)
    }

    @Test func `a stream that breaks is opened again, sooner first and later then`() {
        var stage = Stage()
        stage.happens(.started)
        var gaps: [Duration] = []
        for _ in 0..<8 {
            stage.answer(.unknown(Stage.outage))
            let due = stage.machine.wakeAt!
            gaps.append(due - stage.now)
            stage.pass(due - stage.now)
            #expect(stage.sent == [.campaign(supersedes: nil)])
        }
        #expect(gaps[0] <= .milliseconds(250))
        #expect(gaps[7] > .seconds(2) && gaps[7] <= .seconds(5))
    }

    @Test func `a limit of the server is waited for, for longer than an outage would be`() {
        var stage = Stage {
            $0.unreachableTimeout = .seconds(1)
            $0.runAnyway = true
        }
        stage.happens(.started)
        let limit = Outage("As many wait as may.", retryAfter: .seconds(2), isSilent: false, isLimit: true)
        var gaps: [Duration] = []
        for _ in 0..<9 {
            stage.answer(.unknown(limit))
            let due = stage.machine.wakeAt!
            gaps.append(due - stage.now)
            stage.pass(due - stage.now)
            #expect(stage.sent == [.campaign(supersedes: nil)])
        }
        #expect(gaps.allSatisfy { $0 >= .seconds(2) } && gaps[8] > .seconds(7) && gaps[8] <= .seconds(15))
        #expect(!stage.hasStarted && stage.verdict == nil)
        stage.answer(.elected(Stage.hold))
        #expect(stage.sent == [.renew(token: 17)])
    }

    @Test func `a limit is said once, and the wait's own time ends it`() {
        var stage = Stage { $0.waitTimeout = .seconds(60) }
        stage.happens(.started)
        let limit = Outage("As many wait as may.", retryAfter: .seconds(2), isSilent: false, isLimit: true)
        var said = 0
        while stage.verdict == nil {
            stage.answer(.unknown(limit))
            if stage.has(.say(.limited(limit))) { said += 1 }
            guard let due = stage.machine.wakeAt else { break }
            stage.pass(due - stage.now)
        }
        #expect(said == 1)
        #expect(stage.verdict == .waitTimedOut)
    }

    @Test func `a server that says reconnect is asked again after that long`() {
        var stage = Stage()
        stage.happens(.started)
        stage.answer(.reconnect(after: .seconds(2)))
        stage.pass(.seconds(2))
        #expect(stage.sent.isEmpty)
        stage.pass(.milliseconds(250))
        #expect(stage.sent == [.campaign(supersedes: nil)])
    }

    @Test func `a server that can't be reached is given up after the timeout`() {
        var stage = Stage { $0.unreachableTimeout = .seconds(60) }
        stage.happens(.started)
        while stage.verdict == nil, stage.now < Moment(nanoseconds: 1_100_000_000_000) {
            stage.answer(.unknown(Stage.outage))
            stage.pass(.seconds(1))
        }
        #expect(stage.verdict == .unavailable("connection refused"))
        #expect(stage.verdict?.exitCode == 69)
        #expect(!stage.hasStarted)
    }

    @Test func `a server heard again starts the timeout anew`() {
        var stage = Stage { $0.unreachableTimeout = .seconds(60) }
        stage.happens(.started)
        for _ in 0..<5 {
            stage.answer(.unknown(Stage.outage))
            stage.pass(.seconds(50))
            stage.answer(.waiting(Waiting(holder: "anna")))
            #expect(stage.notices.contains(.reachedAgain))
        }
        #expect(stage.verdict == nil)
    }

    @Test func `running anyway is without a lease and says so`() {
        var stage = Stage {
            $0.unreachableTimeout = .seconds(1)
            $0.runAnyway = true
        }
        stage.happens(.started)
        stage.answer(.unknown(Stage.outage))
        stage.pass(.seconds(2))
        #expect(stage.has(.run(.command(nil))))
        #expect(stage.notices.contains(.commandStartedWithoutLease))
        stage.commandEnds(0)
        #expect(stage.has(.readResult))
        stage.happens(.resultRead(["a": "b"]))
        #expect(stage.verdict == .ranWithoutLease(0, result: ["a": "b"]))
    }

    @Test func `waiting has an end of its own`() {
        var stage = Stage { $0.waitTimeout = .seconds(30) }
        stage.happens(.started)
        stage.answer(.waiting(Waiting(holder: "anna")))
        stage.pass(.seconds(30))
        #expect(stage.verdict == .waitTimedOut)
        #expect(stage.verdict?.exitCode == 124)
    }

    @Test func `waiting for a server that isn't there is not a timeout of waiting`() {
        var stage = Stage { $0.waitTimeout = .seconds(30) }
        stage.happens(.started)
        stage.answer(.unknown(Stage.outage))
        stage.pass(.seconds(31))
        #expect(stage.verdict?.exitCode == 69)
    }

    @Test func `an election that was lost before the work began is asked for again`() {
        var stage = Stage()
        stage.happens(.started)
        stage.answer(.elected(Stage.hold))
        stage.answer(.refused(Stage.ended))
        #expect(stage.sent == [.campaign(supersedes: nil)])
        #expect(stage.has(.report(nil)))
        #expect(!stage.hasStarted)
    }

    @Test func `a renewal that was answered too late is worth nothing`() {
        var stage = Stage()
        stage.happens(.started)
        stage.answer(.elected(Stage.hold))
        stage.after(.seconds(100))
        stage.answer(.accepted)
        #expect(!stage.hasStarted)
        #expect(stage.sent == [.renew(token: 17)])
        stage.answer(.accepted)
        #expect(stage.hasStarted)
    }

    @Test func `what only wants the election ends with it`() {
        let stage = Stage.working { $0.electsOnly = true }
        #expect(stage.verdict == .elected(Stage.hold))
        #expect(!stage.hasStarted)
    }

    @Test func `a lease of a second is long enough for who only wants the election`() {
        var stage = Stage {
            $0.electsOnly = true
            $0.duration = .seconds(1)
            $0.grace = .zero
        }
        stage.happens(.started)
        stage.answer(.elected(Hold(token: 17, duration: .seconds(1))))
        stage.after(.milliseconds(20))
        stage.answer(.accepted)
        #expect(stage.verdict?.name == "elected")
        #expect(stage.sent.isEmpty)
    }

    @Test func `who has no time to wait is told by the first answer`() {
        var stage = Stage { $0.waitTimeout = .zero }
        stage.happens(.started)
        stage.pass(.seconds(1))
        #expect(stage.verdict == nil)
        stage.answer(.waiting(Waiting(position: 1)))
        #expect(stage.verdict == .waitTimedOut)
        stage = Stage { $0.waitTimeout = .zero }
        stage.happens(.started)
        stage.answer(.elected(Stage.hold))
        stage.answer(.accepted)
        #expect(stage.hasStarted)
        stage = Stage { $0.waitTimeout = .zero }
        stage.happens(.started)
        stage.pass(.seconds(11))
        #expect(stage.verdict == .waitTimedOut)
    }

    @Test(arguments: [(400, "invalid-field", 64), (409, "inputs-mismatch", 64), (401, "", 69), (404, "", 69)])
    func `a refusal ends it`(status: Int, kind: String, code: Int32) {
        var stage = Stage()
        stage.happens(.started)
        stage.answer(.refused(Problem(status: status, kind: kind, detail: "no")))
        #expect(stage.verdict?.exitCode == code)
    }

    @Test func `an answer to a request that was given up is nobody's`() {
        var stage = Stage()
        stage.happens(.started)
        stage.answer(.unknown(Stage.outage))
        stage.happens(.answered(1, .elected(Stage.hold)))
        #expect(stage.sent.isEmpty)
    }
}

@Suite struct `Judging others' markers` {
    static func done(_ change: (inout RunSettings) -> Void) -> Stage {
        var stage = Stage(change)
        stage.happens(.started)
        stage.answer(.done(Stage.marker(revision: 5, principal: "ci-main")))
        return stage
    }

    @Test func `one that passes is accepted`() {
        var stage = Self.done { $0.verifies = true }
        #expect(stage.has(.run(.verification(Stage.marker(revision: 5, principal: "ci-main")))))
        stage.commandEnds(0)
        #expect(stage.verdict?.name == "done")
    }

    @Test func `one that doesn't is superseded, by its revision`() {
        var stage = Self.done { $0.verifies = true }
        stage.commandEnds(1)
        #expect(stage.sent == [.campaign(supersedes: 5)])
    }

    @Test func `when somebody was faster to supersede it, his marker is looked at`() {
        var stage = Self.done { $0.verifies = true }
        stage.commandEnds(1)
        stage.answer(.refused(Problem(status: 409, kind: "revision-differs")))
        #expect(stage.sent == [.campaign(supersedes: nil)])
    }

    @Test(arguments: [126, 127, 137]) func `a judge that can't be run, or was killed, judges nothing`(
        code: Int32
    ) {
        var stage = Self.done { $0.verifies = true }
        stage.commandEnds(code)
        #expect(stage.verdict?.exitCode == code)
    }

    @Test func `a signal ends the judge and the run`() {
        var stage = Self.done { $0.verifies = true }
        stage.happens(.signalled(15))
        #expect(stage.has(.signalCommand(15)))
        stage.pass(.seconds(5))
        #expect(stage.has(.endTree(grace: .zero)))
        stage.commandEnds(137)
        #expect(stage.verdict == .interrupted(15))
    }

    @Test func `one of somebody who isn't trusted is done again`() {
        #expect(Self.done { $0.trust = ["ci-*"] }.verdict?.name == "done")
        #expect(Self.done { $0.trust = ["release-?"] }.sent == [.campaign(supersedes: 5)])
    }

    @Test func `a marker of nobody that is known isn't trusted`() {
        var stage = Stage { $0.trust = ["*"] }
        stage.happens(.started)
        stage.answer(.done(Stage.marker()))
        #expect(stage.sent == [.campaign(supersedes: 5)])
    }
}
