import Testing

@testable import Client

@Suite struct `Holding the lease` {
    @Test func `it is renewed every interval, counted from when the last was sent`() {
        var stage = Stage.working()
        for _ in 0..<20 {
            stage.pass(.milliseconds(9_990))
            #expect(stage.sent.isEmpty)
            stage.pass(.milliseconds(10))
            #expect(stage.sent == [.renew(token: 17)])
            stage.answer(.accepted)
        }
    }

    @Test func `the deadline counts from when the answered renewal was sent`() {
        var stage = Stage.working()
        stage.pass(.seconds(10))
        let sentAt = stage.now
        stage.after(.seconds(8))
        stage.answer(.accepted)
        // 90 s less the margin of 1.9 s, and 5 s before that.
        let killAt = sentAt + .milliseconds(88_100)
        #expect(stage.has(.armDeadman(termAt: killAt - .seconds(5), killAt: killAt)))
    }

    @Test func `an outage of 70 s does the work no harm`() {
        var stage = Stage.working()
        stage.pass(.seconds(10))
        let down = stage.now
        while stage.now < down + .seconds(70) {
            stage.answer(.unknown(Stage.outage))
            stage.pass(.milliseconds(500))
        }
        #expect(!stage.all.contains { if case .endTree = $0 { true } else { false } })
        stage.pass(.seconds(2))
        stage.answer(.accepted)
        #expect(stage.notices == [.renewedAgain])
        stage.commandEnds(0)
        #expect(stage.has(.readResult))
    }

    @Test func `a longer one ends the command in time to be gone by the deadline`() {
        var stage = Stage.working()
        let start = stage.now
        var ended: Moment?
        while ended == nil, stage.now < start + .seconds(100) {
            stage.answer(.unknown(Stage.outage))
            stage.pass(.milliseconds(100))
            if stage.has(.endTree(grace: .seconds(5))) { ended = stage.now }
        }
        let due = start + .milliseconds(83_100)
        #expect(ended! >= due && ended! <= due + .milliseconds(100))
        stage.commandEnds(143)
        #expect(stage.sent == [.resign(token: 17, .abandoned, reason: "no renewal was answered in time")])
        stage.answer(.unknown(Stage.outage))
        stage.pass(.seconds(2))
        #expect(stage.verdict?.exitCode == 75)
    }

    @Test func `a hold that has ended ends the command, and 75 tells`() {
        var stage = Stage.working()
        stage.pass(.seconds(10))
        stage.answer(.refused(Stage.ended))
        #expect(stage.has(.endTree(grace: .seconds(5))))
        stage.commandEnds(0)
        #expect(stage.sent.isEmpty)
        #expect(stage.verdict == .lost("the hold expired"))
    }

    @Test func `a baton that was stopped past its deadline finds its command killed`() {
        var stage = Stage.working()
        stage.after(.seconds(120))
        stage.happens(.deadmanFired)
        stage.commandEnds(143)
        stage.answer(.refused(Stage.ended))
        #expect(stage.verdict?.exitCode == 75)
    }

    @Test func `work that ended by itself is completed, even past the deadline: the server decides`() {
        var stage = Stage.working()
        stage.after(.seconds(120))
        stage.happens(.commandExited(0))
        stage.happens(.deadmanFired)
        stage.happens(.treeGone)
        stage.happens(.resultRead([:]))
        #expect(stage.sent == [.complete(token: 17, result: [:])])
        stage.answer(.refused(Stage.ended))
        #expect(stage.verdict?.exitCode == 75)
    }

    @Test func `a server with a shorter duration than ours is believed`() {
        var stage = Stage()
        stage.happens(.started)
        stage.answer(.elected(Hold(token: 3, duration: .seconds(30))))
        let sentAt = stage.now
        stage.answer(.accepted)
        let killAt = sentAt + .milliseconds(28_100)
        #expect(stage.has(.armDeadman(termAt: killAt - .seconds(5), killAt: killAt)))
    }

    @Test func `a guardian that was killed took the command with it`() {
        var stage = Stage.working()
        stage.happens(.guardianLost)
        #expect(
            stage.sent == [.resign(token: 17, .abandoned, reason: "the guardian of its command was killed")])
        stage.answer(.accepted)
        #expect(stage.verdict?.exitCode == 137)
    }
}

@Suite struct `Signals` {
    @Test func `go to the command at once, and SIGKILL follows after 5 s`() {
        var stage = Stage.working()
        stage.happens(.signalled(2))
        #expect(stage.has(.signalCommand(2)))
        stage.pass(.milliseconds(4_990))
        #expect(!stage.has(.endTree(grace: .zero)))
        stage.happens(.signalled(15))
        #expect(stage.has(.signalCommand(15)))
        stage.pass(.milliseconds(10))
        #expect(stage.has(.endTree(grace: .zero)))
        stage.commandEnds(137)
        #expect(stage.sent == [.resign(token: 17, .released, reason: nil)])
        stage.answer(.accepted)
        #expect(stage.verdict == .interrupted(2))
        #expect(stage.verdict?.exitCode == 130)
    }

    @Test func `the resignation has 2 s of its own`() {
        var stage = Stage.working()
        stage.happens(.signalled(15))
        stage.commandEnds(143)
        stage.answer(.unknown(Stage.outage))
        let start = stage.now
        stage.pass(.seconds(2))
        #expect(stage.now - start == .seconds(2))
        #expect(stage.verdict == .interrupted(15))
    }

    @Test func `Ctrl-C that only the command got is a cancel as well`() {
        var stage = Stage.working()
        stage.commandEnds(130)
        #expect(stage.sent == [.resign(token: 17, .released, reason: nil)])
        stage.answer(.accepted)
        #expect(stage.verdict == .ran(130))
    }

    @Test func `while waiting they end it at once`() {
        var stage = Stage()
        stage.happens(.started)
        stage.happens(.signalled(15))
        #expect(stage.effects == [.cancel(1), .finish(.interrupted(15))])
    }

    @Test func `between election and work the hold is given back`() {
        var stage = Stage()
        stage.happens(.started)
        stage.answer(.elected(Stage.hold))
        stage.happens(.signalled(15))
        #expect(stage.sent == [.resign(token: 17, .released, reason: nil)])
    }

    @Test func `work that was over by then is still recorded, within 2 s`() {
        var stage = Stage.working()
        stage.commandEnds(0)
        stage.happens(.resultRead([:]))
        stage.happens(.signalled(15))
        stage.answer(.accepted)
        #expect(stage.verdict == .ran(0))
        var late = Stage.working()
        late.commandEnds(0)
        late.happens(.resultRead([:]))
        late.answer(.unknown(Stage.outage))
        late.happens(.signalled(15))
        late.pass(.seconds(2))
        #expect(late.verdict == .interrupted(15))
    }
}
