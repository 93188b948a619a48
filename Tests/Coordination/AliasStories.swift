import Testing

@testable import Coordination

@Suite struct AliasStories {
    private let latest = Stage.key("latest")

    @Test func `an alias points at a marker, and is moved to a newer one`() throws {
        var stage = Stage()
        let one = try stage.build("w-1")
        let two = try stage.build("w-2")
        let made = try #require(stage.point("latest", at: "w-1")?.moved)
        #expect(made.changed)
        #expect(made.alias.target == AliasTarget(name: "w-1", revision: one.revision))
        #expect(made.alias.before == 0)
        let moved = try #require(stage.point("latest", at: "w-2", reason: "release 2")?.moved)
        #expect(moved.alias.target == AliasTarget(name: "w-2", revision: two.revision))
        #expect(moved.alias.previous?.name == "w-1")
        #expect(moved.alias.created == made.alias.revision)
        #expect(stage.alias("latest") == moved.alias)
        #expect(stage.moves("latest").map(\.to?.name) == ["w-1", "w-2"])
        #expect(stage.moves("latest").last?.reason == "release 2")
        #expect(stage.moves("latest").last?.by == "anna")
        #expect(stage.moves("latest").last?.at == stage.now.wall)
    }

    @Test func `the same set again is a success that changes nothing, whatever was expected`() throws {
        var stage = Stage()
        try stage.build("w-1")
        let made = try #require(stage.point("latest", at: "w-1", expect: .absent)?.moved)
        let again = try #require(stage.point("latest", at: "w-1", expect: .absent)?.moved)
        #expect(again.alias == made.alias)
        #expect(!again.changed)
        #expect(stage.moves("latest").count == 1)
    }

    @Test func `a set that expects something else is refused, and told what is there`() throws {
        var stage = Stage()
        for name in ["w-1", "w-2", "w-3"] { try stage.build(name) }
        #expect(
            stage.point("latest", at: "w-1", expect: .target("w-0"))?.aliasRefusal == .differs(latest, nil))
        let made = try #require(stage.point("latest", at: "w-1")?.moved?.alias)
        for expect: AliasSetting.Expectation in [
            .absent, .target("w-2"), .revision(made.revision - 1), .revision(made.target.revision),
        ] {
            let reply = stage.point("latest", at: "w-2", expect: expect)
            #expect(reply?.aliasRefusal == .differs(latest, made))
        }
        #expect(stage.point("latest", at: "w-2", expect: .target("w-1"))?.moved?.changed == true)
        let revision = try #require(stage.alias("latest")?.revision)
        #expect(stage.point("latest", at: "w-3", expect: .revision(revision))?.moved?.changed == true)
    }

    @Test func `it doesn't go backwards unless it is told to`() throws {
        var stage = Stage()
        let old = try stage.build("w-1")
        try stage.build("w-2")
        let made = try #require(stage.point("latest", at: "w-2")?.moved?.alias)
        let target = AliasTarget(name: "w-1", revision: old.revision)
        #expect(stage.point("latest", at: "w-1")?.aliasRefusal == .backwards(made, to: target))
        #expect(stage.point("latest", at: "w-1", allowOlder: true)?.moved?.alias.target == target)
    }

    @Test func `what isn't there, has failed or is an alias can't be pointed at`() throws {
        var stage = Stage()
        try stage.build("w-1")
        stage.point("latest", at: "w-1")
        #expect(
            stage.point("other", at: "w-9")?.aliasRefusal == .noTarget(Stage.key("w-9"), isAlias: false))
        #expect(stage.point("other", at: "latest")?.aliasRefusal == .noTarget(latest, isAlias: true))
        #expect(stage.point("latest", at: "latest")?.aliasRefusal == .noTarget(latest, isAlias: true))
        let failed = try #require(stage.mark("w-2", Finding(outcome: .failed))?.marked?.marker)
        #expect(stage.point("latest", at: "w-2")?.aliasRefusal == .targetFailed(failed))
        // When its retention is over it is not there, whether or not the timer came first.
        stage.pass(.minutes(10))
        #expect(
            stage.point("latest", at: "w-2")?.aliasRefusal == .noTarget(Stage.key("w-2"), isAlias: false))
    }

    @Test func `a marker may have an alias's name, and its own alias`() throws {
        var stage = Stage()
        try stage.build("w-1")
        stage.point("latest", at: "w-1")
        let marker = try stage.build("latest")
        #expect(stage.point("latest", at: "latest")?.moved?.alias.target.revision == marker.revision)
    }

    // MARK: Back

    @Test func `a rollback goes to the target before, and the next one comes back`() throws {
        var stage = Stage()
        for name in ["w-1", "w-2"] {
            try stage.build(name)
            stage.point("latest", at: name)
        }
        #expect(stage.rollBack("latest", reason: "it crashes")?.moved?.alias.target.name == "w-1")
        #expect(stage.moves("latest").last?.how == .rolledBack)
        #expect(stage.moves("latest").last?.by == "olga")
        #expect(stage.moves("latest").last?.reason == "it crashes")
        #expect(stage.rollBack("latest")?.moved?.alias.target.name == "w-2")
        #expect(stage.rollBack("latest")?.moved?.alias.target.name == "w-1")
    }

    @Test func `a rollback that is asked again doesn't undo itself`() throws {
        var stage = Stage()
        for name in ["w-1", "w-2"] {
            try stage.build(name)
            stage.point("latest", at: name)
        }
        let before = try #require(stage.alias("latest"))
        let first = try #require(stage.rollBack("latest", revision: before.revision)?.moved)
        let again = try #require(stage.rollBack("latest", revision: before.revision)?.moved)
        #expect(again.alias == first.alias)
        #expect(!again.changed)
        stage.point("latest", at: "w-2")
        let now = stage.alias("latest")
        #expect(stage.rollBack("latest", revision: before.revision)?.aliasRefusal == .differs(latest, now))
    }

    @Test func `a rollback to a move goes where that had it, after a restart, too`() throws {
        var stage = Stage()
        for name in ["w-1", "w-2", "w-3"] {
            try stage.build(name)
            stage.point("latest", at: name)
        }
        let first = try #require(stage.moves("latest").first)
        stage.restart()
        #expect(stage.rollBack("latest", to: first.revision)?.moved?.alias.target.name == "w-1")
        #expect(stage.alias("latest")?.previous?.name == "w-3")
        #expect(stage.rollBack("latest", to: 12_345)?.aliasRefusal == .noMove(latest, 12_345))
        stage.point("other", at: "w-2")
        let foreign = try #require(stage.moves("other").first?.revision)
        #expect(stage.rollBack("latest", to: foreign)?.aliasRefusal == .noMove(latest, foreign))
        // To where it is already: nothing changes.
        #expect(stage.rollBack("latest", to: first.revision)?.moved?.changed == false)
    }

    @Test func `a rollback to what is gone, or is another by now, is refused`() throws {
        var stage = Stage()
        let one = try stage.build("w-1")
        #expect(stage.rollBack("latest")?.aliasRefusal == .notFound(latest))
        let made = try #require(stage.point("latest", at: "w-1")?.moved?.alias)
        #expect(stage.rollBack("latest")?.aliasRefusal == .noPrevious(made))
        try stage.build("w-2")
        stage.point("latest", at: "w-2")
        stage.unmark("w-1", revision: one.revision)
        let target = AliasTarget(name: "w-1", revision: one.revision)
        #expect(stage.rollBack("latest")?.aliasRefusal == .targetGone(latest, target, current: nil))
        let again = try stage.build("w-1")
        #expect(
            stage.rollBack("latest")?.aliasRefusal
                == .targetGone(latest, target, current: again.revision))
    }

    @Test func `a deletion names the move, leaves the marker, and is audited`() throws {
        var stage = Stage()
        try stage.build("w-1")
        let made = try #require(stage.point("latest", at: "w-1")?.moved?.alias)
        #expect(
            stage.deleteAlias("latest", revision: made.revision + 1)?.aliasRefusal == .differs(latest, made))
        #expect(stage.deleteAlias("latest", reason: "renamed") == .alias(.deleted(made)))
        #expect(stage.alias("latest") == nil)
        #expect(stage.marker("w-1") != nil)
        let last = try #require(stage.moves("latest").last)
        #expect((last.how, last.from, last.to) == (.deleted, made.target, nil))
        #expect((last.by, last.reason) == ("olga", "renamed"))
        #expect(stage.disk.audit.map(\.verb) == [.unalias])
        #expect(stage.deleteAlias("latest")?.aliasRefusal == .notFound(latest))
        // A new one of that name begins anew.
        #expect(stage.point("latest", at: "w-1")?.moved?.alias.previous == nil)
    }

    @Test func `a namespace has as many aliases as it may`() throws {
        var stage = Stage(CoreSettings(namespaceAliasesMax: 1))
        try stage.build("w-1")
        try stage.build("w-2")
        stage.point("latest", at: "w-1")
        #expect(
            stage.point("other", at: "w-1")?.rejection
                == .quotaExceeded(.aliases, namespace: "ci", limit: 1, used: 1))
        #expect(stage.point("latest", at: "w-2")?.moved?.changed == true)
        stage.deleteAlias("latest")
        #expect(stage.point("other", at: "w-1")?.moved?.changed == true)
    }

    @Test func `a restart and a failing commit leave it as it was on disk`() throws {
        var stage = Stage()
        try stage.build("w-1")
        try stage.build("w-2")
        let made = stage.point("latest", at: "w-1")?.moved?.alias
        stage.failedTurn {
            $0.point("latest", at: "w-2")
            $0.point("other", at: "w-1")
            $0.rollBack("latest")
            $0.deleteAlias("latest")
        }
        #expect(stage.core.alias(latest) == made)
        #expect(stage.core.alias(Stage.key("other")) == nil)
        stage.restart()
        #expect(stage.core.alias(latest) == made)
        #expect(stage.point("latest", at: "w-2")?.moved?.alias.previous == made?.target)
    }

    @Test func `lists are in the order of names, by prefix and in parts`() throws {
        var stage = Stage()
        try stage.build("w-1")
        for name in ["b-2", "a", "b-1", "c", "b-3"] { stage.point(name, at: "w-1") }
        func page(_ prefix: String, _ after: String?, _ limit: Int) -> [String] {
            stage.core.aliases(in: "ci", prefix: prefix, after: after, limit: limit).map(\.key.name)
        }
        #expect(page("", nil, 9) == ["a", "b-1", "b-2", "b-3", "c"])
        #expect(page("b-", "b-1", 1) == ["b-2"])
        #expect(page("", "c", 9).isEmpty)
    }
}
