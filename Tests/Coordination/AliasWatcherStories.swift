import Testing

@testable import Coordination

@Suite struct AliasWatcherStories {
    @Test func `whoever waits is told when it is moved on, and not before`() throws {
        var stage = Stage()
        try stage.build("w-1")
        try stage.build("w-2")
        let early = stage.watch("latest")
        #expect(stage.isWaiting(early))
        let made = try #require(stage.point("latest", at: "w-1")?.moved?.alias)
        #expect(stage.reply(to: early)?.seen?.record == made)
        let later = stage.watch("latest", since: made.revision)
        stage.point("latest", at: "w-1")
        stage.point("other", at: "w-2")
        #expect(stage.isWaiting(later))
        let moved = try #require(stage.point("latest", at: "w-2")?.moved?.alias)
        #expect(stage.reply(to: later)?.seen == AliasView(key: moved.key, verdict: .moved, record: moved))
        // Who comes late hasn't missed it.
        let watch1 = stage.watch("latest", since: made.revision)
        #expect(stage.reply(to: watch1)?.seen?.record == moved)
    }

    @Test func `who knows a revision that isn't there yet misses no move`() throws {
        var stage = Stage()
        try stage.build("w-1")
        try stage.build("w-2")
        stage.point("latest", at: "w-1")
        let watcher = stage.watch("latest", since: 1 << 50)
        #expect(stage.isWaiting(watcher))
        stage.point("latest", at: "w-2")
        #expect(stage.reply(to: watcher)?.seen?.verdict == .moved)
    }

    @Test func `a wait without time is a read`() throws {
        var stage = Stage()
        let watch2 = stage.watch("latest", waiting: nil)
        #expect(stage.reply(to: watch2)?.seen?.record == nil)
        try stage.build("w-1")
        let made = stage.point("latest", at: "w-1")?.moved?.alias
        let watch3 = stage.watch("latest", waiting: nil)
        #expect(stage.reply(to: watch3)?.seen?.record == made)
    }

    @Test func `a wait that is over says where it points`() throws {
        var stage = Stage()
        try stage.build("w-1")
        let made = try #require(stage.point("latest", at: "w-1")?.moved?.alias)
        let watcher = stage.watch("latest", since: made.revision, waiting: .seconds(20))
        stage.after(.seconds(20))
        #expect(stage.reply(to: watcher)?.seen == AliasView(key: made.key, verdict: .waiting, record: made))
    }

    @Test func `whoever knew it is told that it was deleted, later, too`() throws {
        var stage = Stage()
        try stage.build("w-1")
        let made = try #require(stage.point("latest", at: "w-1")?.moved?.alias)
        let watcher = stage.watch("latest", since: made.revision)
        stage.deleteAlias("latest")
        #expect(stage.reply(to: watcher)?.seen?.verdict == .deleted)
        let watch4 = stage.watch("latest", since: made.revision)
        #expect(stage.reply(to: watch4)?.seen?.verdict == .deleted)
        let watch5 = stage.watch("latest")
        #expect(stage.isWaiting(watch5))
    }

    @Test func `nobody is told of a move that did not become durable`() throws {
        var stage = Stage()
        try stage.build("w-1")
        let watcher = stage.watch("latest")
        stage.failedTurn { $0.point("latest", at: "w-1") }
        #expect(stage.isWaiting(watcher))
        // A wait that began in the failed turn waits no longer; the daemon asks it again.
        var lost: RequestID = 0
        stage.failedTurn {
            $0.point("other", at: "w-1")
            lost = $0.watch("latest")
        }
        #expect(!stage.isWaiting(lost))
        stage.point("latest", at: "w-1")
        #expect(stage.reply(to: watcher)?.seen?.verdict == .moved)
        #expect(stage.core.watchers.isEmpty)
    }

    @Test func `who went is forgotten, whatever becomes of the turn`() throws {
        var stage = Stage()
        try stage.build("w-1")
        let first = stage.watch("latest")
        let second = stage.watch("latest")
        stage.disconnect(first)
        stage.failedTurn {
            $0.point("latest", at: "w-1")
            $0.disconnect(second)
        }
        #expect(stage.core.watchers.isEmpty)
        #expect(stage.core.waiters(in: "ci") == 0)
        stage.point("latest", at: "w-1")
    }

    @Test func `watchers are counted apart from those who wait for a marker of that name`() throws {
        var stage = Stage(CoreSettings(nameWaitersMax: 1, namespaceWaitersMax: 3))
        let marker = stage.wait("latest")
        let alias = stage.watch("latest")
        #expect(stage.isWaiting(marker))
        #expect(stage.isWaiting(alias))
        let more = stage.watch("latest")
        #expect(stage.reply(to: more)?.rejection == .tooMany(.waitersOfName, limit: 1))
        #expect(stage.core.waiters(in: "ci") == 2)
        stage.disconnect(alias)
        let watch6 = stage.watch("latest")
        #expect(stage.isWaiting(watch6))
    }
}
