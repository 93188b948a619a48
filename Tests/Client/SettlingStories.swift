import Testing

@testable import Client

@Suite struct `Saying how it ended` {
    @Test func `success is completed with the result that was written`() {
        var stage = Stage.working()
        stage.commandEnds(0)
        #expect(stage.has(.readResult))
        stage.happens(.resultRead(["digest": "sha256:1"]))
        #expect(stage.sent == [.complete(token: 17, result: ["digest": "sha256:1"])])
        stage.answer(.accepted)
        #expect(stage.verdict == .ran(0, result: ["digest": "sha256:1"]))
        #expect(stage.has(.report(nil)))
    }

    @Test func `a lock is given back`() {
        var stage = Stage.working { $0.once = false }
        stage.commandEnds(0)
        #expect(stage.sent == [.resign(token: 17, .released, reason: nil)])
        stage.answer(.accepted)
        #expect(stage.verdict == .ran(0))
    }

    @Test(arguments: [
        (7, "its command ended with exit code 7"), (255, "its command ended with exit code 255"),
        (137, "its command was killed by signal 9 (exit code 137)"),
    ])
    func `failure is told, with its reason`(code: Int32, reason: String) {
        var stage = Stage.working()
        stage.commandEnds(code)
        #expect(stage.sent == [.resign(token: 17, .failed, reason: reason)])
        stage.answer(.accepted)
        #expect(stage.verdict == .ran(code))
        #expect(stage.verdict?.exitCode == code)
    }

    @Test func `a command that can't be started is a failure with the shell's code`() {
        var stage = Stage.working()
        stage.happens(.commandRefused(exitCode: 127, "nope: command not found"))
        #expect(
            stage.sent == [
                .resign(
                    token: 17, .failed, reason: "its command could not be started: nope: command not found")
            ])
        stage.answer(.accepted)
        #expect(stage.verdict?.exitCode == 127)
    }

    @Test func `an invalid result fails the run`() {
        var stage = Stage.working()
        stage.commandEnds(0)
        stage.happens(.resultRefused("line 1: no"))
        #expect(stage.sent == [.resign(token: 17, .failed, reason: "its result is invalid: line 1: no")])
        stage.answer(.accepted)
        #expect(stage.verdict?.exitCode == 65)
    }

    @Test func `artifacts are completed with the result`() {
        var stage = Stage.working()
        stage.commandEnds(0)
        let image = Artifact(name: "image", digest: "sha256:1", size: 7)
        stage.happens(.resultRead(["tag": "1"], artifacts: [image]))
        #expect(stage.sent == [.complete(token: 17, result: ["tag": "1"], artifacts: [image])])
    }

    @Test func `the lease is renewed while artifacts are hashed`() {
        var stage = Stage.working()
        stage.commandEnds(0)
        for _ in 0..<30 {
            stage.pass(.seconds(10))
            #expect(stage.sent == [.renew(token: 17)])
            stage.answer(.accepted)
        }
        stage.happens(.resultRead([:]))
        stage.answer(.accepted)
        #expect(stage.verdict == .ran(0))
    }

    @Test func `a signal while artifacts are hashed gives the lease back at once`() {
        var stage = Stage.working()
        stage.commandEnds(0)
        stage.happens(.signalled(15))
        #expect(stage.sent == [.resign(token: 17, .released, reason: nil)])
        // What was being hashed comes too late.
        stage.happens(.resultRead([:]))
        #expect(stage.sent.isEmpty)
        for case .send(let id, .resign, _) in stage.all { stage.happens(.answered(id, .accepted)) }
        #expect(stage.verdict == .interrupted(15))
    }

    @Test func `an artifact that can't be hashed fails the run, and there is no marker`() {
        var stage = Stage.working()
        stage.commandEnds(0)
        stage.happens(.artifactsRefused("it isn't there"))
        #expect(
            stage.sent == [
                .resign(token: 17, .failed, reason: "an artifact can't be recorded: it isn't there")
            ])
        stage.answer(.accepted)
        #expect(stage.verdict == .artifactsRefused("it isn't there"))
        #expect(stage.verdict?.exitCode == 66)
    }

    @Test func `the lease is given back only when nothing of the command is left`() {
        var stage = Stage.working()
        stage.happens(.commandExited(0))
        #expect(stage.effects.isEmpty)
        stage.happens(.treeGone)
        #expect(stage.has(.readResult))
    }

    @Test func `a completion that nobody answers is sent again, and the lease renewed meanwhile`() {
        var stage = Stage.working()
        stage.commandEnds(0)
        stage.happens(.resultRead([:]))
        let completion = Campaigner.Request.complete(token: 17, result: [:])
        var renewals = 0
        for _ in 0..<60 {
            // A full disk: renewals are taken, completions aren't.
            for case .send(let id, let request, _) in stage.effects {
                if request == .renew(token: 17) {
                    renewals += 1
                    stage.happens(.answered(id, .accepted))
                } else {
                    stage.happens(.answered(id, .unknown(Outage("no space", isSilent: false))))
                }
            }
            stage.pass(.seconds(1))
        }
        #expect(renewals >= 5)
        #expect(stage.verdict == nil)
        while !stage.sent.contains(completion) { stage.pass(.seconds(1)) }
        for case .send(let id, completion, _) in stage.effects { stage.happens(.answered(id, .accepted)) }
        #expect(stage.verdict == .ran(0))
    }

    @Test func `a completion that could not be recorded is 69`() {
        var stage = Stage.working { $0.unreachableTimeout = .seconds(20) }
        stage.commandEnds(0)
        stage.happens(.resultRead([:]))
        stage.answer(.unknown(Stage.outage))
        stage.pass(.seconds(20))
        #expect(stage.verdict == .unrecorded("connection refused"))
        #expect(stage.verdict?.exitCode == 69)
    }

    @Test func `a lock that can't be given back ends by itself: the work was within it`() {
        var stage = Stage.working { $0.once = false }
        stage.commandEnds(0)
        stage.answer(.unknown(Stage.outage))
        stage.pass(.seconds(90))
        #expect(stage.verdict == .ran(0))
    }

    @Test func `a lock whose hold had ended was lost`() {
        var stage = Stage.working { $0.once = false }
        stage.commandEnds(0)
        stage.answer(.refused(Stage.ended))
        #expect(stage.verdict?.exitCode == 75)
    }

    @Test func `a failure stays what it was when the hold had ended`() {
        var stage = Stage.working()
        stage.commandEnds(3)
        stage.answer(.refused(Stage.ended))
        #expect(stage.verdict == .ran(3))
    }

    @Test func `a result that the server refuses fails the hold with that reason`() {
        var stage = Stage.working()
        stage.commandEnds(0)
        stage.happens(.resultRead(["a": "b"]))
        stage.answer(.refused(Problem(status: 413, kind: "payload-too-large", detail: "too large")))
        #expect(stage.sent == [.resign(token: 17, .failed, reason: "its result was refused: too large")])
        stage.answer(.accepted)
        #expect(stage.verdict?.exitCode == 64)
    }

    @Test func `processes that can't be killed keep the lease for as long as it lasts`() {
        var stage = Stage.working()
        stage.happens(.signalled(15))
        stage.happens(.treeOutlived([42]))
        #expect(stage.notices == [.treeOutlives([42])])
        #expect(stage.sent.isEmpty)
        #expect(stage.verdict == .interrupted(15))
    }
}
