import Testing

@testable import Coordination

@Suite struct WaiterStories {
    @Test func `a join is done when the last of all has succeeded`() throws {
        var stage = Stage()
        let join = stage.wait("amd64", "arm64")
        stage.complete(try stage.campaign("amd64", by: "anna"))
        #expect(stage.isWaiting(join))
        stage.mark("arm64")
        let view = stage.reply(to: join)?.markers
        #expect(view?.verdict == .done)
        #expect(view?.markers.map(\.key.name) == ["amd64", "arm64"])
        #expect(view?.missing == [])
    }

    @Test func `a join fails as soon as one has failed`() throws {
        var stage = Stage()
        let join = stage.wait("amd64", "arm64")
        stage.mark("arm64", Finding(outcome: .failed, reason: "broken"))
        let view = stage.reply(to: join)?.markers
        #expect(view?.verdict == .failed)
        #expect(view?.missing == [Stage.key("amd64")])
    }

    @Test func `any is done with the first success, and failed when all have failed`() {
        var stage = Stage()
        let lucky = stage.wait("a", "b", require: .any)
        stage.mark("a", Finding(outcome: .failed))
        #expect(stage.isWaiting(lucky))
        stage.mark("b")
        #expect(stage.reply(to: lucky)?.markers?.verdict == .done)
        let unlucky = stage.wait("a", "c", require: .any)
        stage.mark("c", Finding(outcome: .failed))
        #expect(stage.reply(to: unlucky)?.markers?.verdict == .failed)
    }

    @Test func `what is settled already is told at once`() {
        var stage = Stage()
        stage.mark("a")
        let done = stage.wait("a")
        let waiting = stage.wait("a", "b", waiting: nil)
        #expect(stage.reply(to: done)?.markers?.verdict == .done)
        #expect(stage.reply(to: waiting)?.markers?.verdict == .waiting)
    }

    @Test func `a wait over a restart misses nothing that ended while nobody asked`() throws {
        var stage = Stage()
        let anna = try stage.campaign("a", by: "anna", for: .hours(1))
        let before = stage.wait("a", "b")
        stage.restart()
        #expect(stage.fates[before] == .unknown)
        stage.complete(anna)
        let all = stage.wait("a", "b")
        let any = stage.wait("a", "b", require: .any)
        #expect(stage.isWaiting(all) && stage.reply(to: any)?.markers?.verdict == .done)
        stage.restart()
        stage.mark("b", Finding(outcome: .failed))
        let again = stage.wait("a", "b")
        #expect(stage.reply(to: again)?.markers?.verdict == .failed)
    }

    @Test func `a wait for the same name twice is one wait`() {
        var stage = Stage()
        let twice = stage.wait("a", "a")
        stage.mark("a")
        #expect(stage.reply(to: twice)?.markers?.verdict == .done)
    }

    @Test func `a wait whose time is over ends in waiting, for each of its names`() {
        var stage = Stage()
        let waiter = stage.wait("a", "b", waiting: .seconds(25))
        stage.after(.seconds(25))
        #expect(stage.reply(to: waiter)?.markers?.verdict == .waiting)
        stage.mark("a")
        stage.mark("b")
        #expect(stage.core.figures.waiters == 0)
    }

    @Test func `orphaned: a hold ended without a marker and nobody contends`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let waiter = stage.wait("build", "other")
        stage.after(.seconds(30))
        let view = stage.reply(to: waiter)?.markers
        #expect(view?.verdict == .orphaned)
        #expect(view?.about == Stage.key("build"))
        #expect(view?.last?.token == anna.token)
        #expect(view?.last?.how == .expired)
    }

    @Test func `not orphaned while someone contends, or may come back to`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let bela = stage.queue("build", by: "bela")
        let waiter = stage.wait("build")
        stage.resign(anna)
        #expect(stage.isWaiting(waiter))
        let caro = stage.queue("build", by: "caro")
        stage.disconnect(caro)
        stage.resign(try stage.election(bela))
        #expect(stage.isWaiting(waiter))
        stage.after(.seconds(10))
        #expect(stage.reply(to: waiter)?.markers?.verdict == .orphaned)
    }

    @Test func `who was told orphaned may wait on`() throws {
        var stage = Stage()
        stage.resign(try stage.campaign("build", by: "anna"))
        let waiter = stage.wait("build")
        #expect(stage.isWaiting(waiter))
        stage.complete(try stage.campaign("build", by: "bela"))
        #expect(stage.reply(to: waiter)?.markers?.verdict == .done)
    }

    @Test func `an election that nobody was told of orphans nobody`() throws {
        var stage = Stage()
        let waiter = stage.wait("build")
        stage.takeBack(try stage.campaign("build", by: "anna"))
        #expect(stage.isWaiting(waiter))
    }

    @Test func `deleted: one of the markers waited for went`() {
        var stage = Stage()
        let marker = stage.mark("a")?.marked?.marker
        let waiter = stage.wait("a", "b")
        stage.unmark("a", revision: marker?.revision ?? 0)
        let view = stage.reply(to: waiter)?.markers
        #expect(view?.verdict == .deleted)
        #expect(view?.about == Stage.key("a"))
        #expect(view?.missing == [Stage.key("a"), Stage.key("b")])
    }

    @Test func `a waiter that went is told nothing`() {
        var stage = Stage()
        let waiter = stage.wait("a", "b")
        stage.disconnect(waiter)
        stage.mark("a")
        stage.mark("b")
        #expect(stage.fates[waiter] == .gone)
        #expect(stage.core.figures.waiters == 0)
    }
}
