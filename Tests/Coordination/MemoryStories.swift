import Testing

@testable import Coordination

@Suite struct MemoryStories {
    @Test func `the timers stay in proportion to what is alive after 100,000 answered waits`() throws {
        var stage = Stage()
        var most = 0
        for round in 1...100 {
            stage.turn { stage in
                for _ in 1...1_000 { stage.wait("build", waiting: .hours(1)) }
            }
            let marker = stage.mark("build")?.marked?.marker
            stage.unmark("build", revision: try #require(marker?.revision))
            stage.after(.milliseconds(Int64(round)))
            most = max(most, stage.core.timers.count)
            stage.forgetAnswered()
        }
        #expect(stage.core.figures.waiters == 0)
        #expect(most < 5_000)
    }

    @Test func `renewals leave the timers as they are`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        for _ in 1...1_000 { stage.renew(anna) }
        // The deadline, and the next time that Kubernetes clients are shown a renewal.
        #expect(stage.core.timers.count == 2)
    }

    @Test func `idle names leave memory, the oldest first, and come back as they were`() throws {
        var stage = Stage(CoreSettings(idleNamesMax: 2))
        stage.resign(try stage.campaign("a", by: "anna") { $0.maxAttempts = 3 }, .failed)
        stage.complete(try stage.campaign("b", by: "anna"))
        for name in ["c", "d"] { stage.mark(name) }
        #expect(!stage.core.knows(Stage.key("a")))
        #expect(!stage.core.knows(Stage.key("b")))
        #expect(stage.core.knows(Stage.key("d")))
        #expect(stage.ask(stage.aCampaign("b", by: "bela"))?.settled?.holder == "anna")
        let again = try stage.campaign("a", by: "bela") { $0.maxAttempts = 9 }
        #expect(again.hold.attempt == 2)
        #expect(again.lease.maxAttempts == 3)
        #expect(again.previous?.how == .failed)
    }

    @Test func `what is alive stays in memory: holds, queues, waiters, and markers that end`() throws {
        var stage = Stage(CoreSettings(idleNamesMax: 0))
        try stage.campaign("held", by: "anna")
        stage.wait("waited")
        stage.mark("failed", Finding(outcome: .failed))
        stage.mark("done")
        let alive = ["held", "waited", "failed"].map(Stage.key)
        #expect(alive.allSatisfy { stage.core.knows($0) })
        #expect(!stage.core.knows(Stage.key("done")))
        #expect(stage.core.figures.namesInMemory == 3)
    }

    @Test func `a name that was busy meanwhile may leave memory later`() throws {
        var stage = Stage(CoreSettings(idleNamesMax: 1))
        stage.resign(try stage.campaign("a", by: "anna"))
        let again = try stage.campaign("a", by: "anna")
        for name in ["b", "c", "d"] { stage.mark(name) }
        #expect(stage.core.knows(Stage.key("a")))
        stage.resign(again)
        for name in ["e", "f"] { stage.mark(name) }
        #expect(!stage.core.knows(Stage.key("a")))
        #expect(stage.core.figures.namesInMemory == 1)
    }

    @Test func `the figures count holds, contenders and waiters`() throws {
        var stage = Stage()
        try stage.campaign("a", by: "anna")
        try stage.campaign("b", by: "anna")
        stage.queue("a", by: "bela")
        stage.queue("a", by: "bela")
        stage.wait("a", "b")
        #expect(stage.core.figures == .init(holds: 2, contenders: 2, waiters: 1, namesInMemory: 2))
    }

    @Test func `a command needs its name, and the history of a token that isn't present`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        func needs(_ command: Command, _ core: Coordinator) -> Coordinator.Needs {
            var needs = Coordinator.Needs()
            core.needs(command, into: &needs)
            return needs
        }
        #expect(needs(.renew(stage.claim(anna)), stage.core).isEmpty)
        stage.resign(anna)
        #expect(needs(.renew(stage.claim(anna)), stage.core).holds == [anna.token])
        stage.restart()
        let cold = needs(.renew(stage.claim(anna)), stage.core)
        #expect(cold.names == [Stage.key("build")])
        #expect(cold.holds == [anna.token])
    }
}
