import Coordination
import Store
import Testing

@testable import Daemon

/// What the seeds found, and what they meet too seldom.
@Suite struct PolicyStories {
    private static func mark(_ stage: RetentionStage, _ name: String) {
        stage.turns.submit(
            .mark(
                Marking(
                    request: stage.newRequest(), key: key(name), finding: Finding(), inputsDigest: nil,
                    holder: "maria", principal: nil, info: [:])))
        stage.settle()
    }

    private static func key(_ name: String) -> Key { Key(namespace: "ci", name: name) }

    private static func isThere(_ name: String, _ stage: RetentionStage) throws -> Bool {
        try stage.turns.store.fetch([key(name)]).first?.marker != nil
    }

    /// Time goes by, and passes run to their ends.
    private static func pass(_ minutes: Int, _ stage: RetentionStage) {
        for _ in 0..<minutes {
            stage.pass(.minutes(1))
            stage.settle()
        }
    }

    @Test func `a marker made after the wall clock was set back isn't overlooked`() throws {
        let stage = try RetentionStage(policies: "policies:\n- maxAge: 20m\n")
        Self.mark(stage, "one")
        Self.pass(31, stage)
        #expect(try !Self.isThere("one", stage))
        stage.now.wall.microseconds -= 40 * 60_000_000
        // It ended before the one up to which everything had been looked at.
        Self.mark(stage, "two")
        Self.pass(31, stage)
        #expect(try !Self.isThere("two", stage))
    }

    /// Runs errands until one of them wants to delete.
    private static func chosen(_ stage: RetentionStage) {
        for _ in 0..<100_000 {
            if !stage.turns.isIdle { return }
            stage.pass(.seconds(1))
            stage.clocks.runErrands()
        }
    }

    @Test func `what was chosen stays if the clocks part before the turn that would delete it`() throws {
        let stage = try RetentionStage(policies: "policies:\n- maxAge: 20m\n")
        Self.mark(stage, "one")
        Self.chosen(stage)
        #expect(!stage.turns.isIdle)
        stage.now.wall.microseconds += 3_600_000_000
        stage.settle()
        #expect(try Self.isThere("one", stage))
        #expect(stage.turns.meters.clocksDisagree)
    }

    @Test func `what was chosen stays if it is young again, and goes when it is old`() throws {
        let stage = try RetentionStage(policies: "policies:\n- maxAge: 20m\n")
        Self.mark(stage, "one")
        Self.chosen(stage)
        stage.now.wall.microseconds -= 50 * 60_000_000
        stage.settle()
        #expect(try Self.isThere("one", stage))
        Self.pass(90, stage)
        #expect(try !Self.isThere("one", stage))
    }

    @Test(arguments: [false, true])
    func `one of the newest went before the turn or in it: the next one isn't deleted in its place`(
        isSameTurn: Bool
    ) throws {
        let stage = try RetentionStage(policies: "policies:\n- keep: 2\n")
        for name in ["one", "two", "three"] {
            stage.pass(.seconds(1))
            Self.mark(stage, name)
        }
        if isSameTurn { Self.chosen(stage) } else { stage.pass(.minutes(11)) }
        let newest = try #require(try stage.turns.store.fetch([Self.key("three")]).first?.marker)
        if !isSameTurn { stage.clocks.runErrands() }
        stage.turns.submit(
            .unmark(
                Unmarking(request: stage.newRequest(), key: newest.key, revision: newest.revision)))
        stage.beginTurn()
        stage.endTurn()
        Self.pass(30, stage)
        #expect(try Self.isThere("one", stage) && Self.isThere("two", stage))
        #expect(try !Self.isThere("three", stage))
    }
}
