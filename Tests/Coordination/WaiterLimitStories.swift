import Testing

@testable import Coordination

/// How many may wait. The stage counts anew after each turn.
@Suite struct WaiterLimitStories {
    private func refusal(_ bound: Bound, _ limit: Int) -> Reply { .refused(.tooMany(bound, limit: limit)) }

    @Test func `as many wait for a name as may, contenders and others together`() throws {
        var stage = Stage(CoreSettings(nameWaitersMax: 2))
        try stage.campaign("a", by: "anna")
        let bela = stage.queue("a", by: "bela")
        let watcher = stage.wait("a")
        #expect(stage.isWaiting(bela) && stage.isWaiting(watcher))
        let caro = stage.queue("a", by: "caro")
        #expect(stage.reply(to: caro) == refusal(.waitersOfName, 2))
        let join = stage.wait("a", "b")
        #expect(stage.reply(to: join) == refusal(.waitersOfName, 2))
        // Another name doesn't notice, and who asks without waiting is told at once.
        let watcherOfB = stage.wait("b")
        #expect(stage.isWaiting(watcherOfB))
        let atOnce = stage.wait("a", waiting: nil)
        #expect(stage.reply(to: atOnce)?.markers?.verdict == .waiting)
        stage.disconnect(watcher)
        let caroAgain = stage.queue("a", by: "caro")
        #expect(stage.isWaiting(caroAgain))
    }

    @Test func `a namespace has its own count, and a request for many names is one in it`() throws {
        var stage = Stage(CoreSettings(namespaceWaitersMax: 2))
        let first = stage.wait("a", "b", "c")
        stage.wait("d")
        #expect(stage.core.waiters(in: "ci") == 2)
        let e = stage.wait("e")
        #expect(stage.reply(to: e) == refusal(.waitersOfNamespace, 2))
        let other = stage.newRequest()
        let key = Key(namespace: "release", name: "a")
        let wait = MarkerWait(request: other, keys: [key], waitUntil: stage.now.instant + .minutes(1))
        stage.send(.wait(wait), from: other)
        #expect(stage.isWaiting(other))
        stage.mark("b", Finding(outcome: .failed))
        #expect(stage.reply(to: first)?.markers?.verdict == .failed)
        let eAgain = stage.wait("e")
        #expect(stage.isWaiting(eAgain))
    }

    @Test func `a client that waits too much is refused, and nobody else is`() throws {
        var stage = Stage(CoreSettings(clientWaitersMax: 1))
        try stage.campaign("a", by: "anna")
        let first = stage.queue("a", by: "bela") { $0.client = "10.0.0.7" }
        #expect(stage.isWaiting(first))
        let second = stage.queue("a", by: "caro") { $0.client = "10.0.0.7" }
        #expect(stage.reply(to: second) == refusal(.waitersOfClient, 1))
        let dora = stage.queue("a", by: "dora") { $0.client = "10.0.0.8" }
        #expect(stage.isWaiting(dora))
        // What needs no waiting isn't refused.
        let elected = stage.queue("b", by: "caro") { $0.client = "10.0.0.7" }
        #expect(stage.reply(to: elected)?.election != nil)
        stage.disconnect(first)
        let third = stage.queue("b", by: "emil") { $0.client = "10.0.0.7" }
        #expect(stage.isWaiting(third))
    }

    @Test func `who is refused takes no place in the queue`() throws {
        var stage = Stage(CoreSettings(clientWaitersMax: 1))
        try stage.campaign("a", by: "anna")
        stage.queue("a", by: "bela") { $0.client = "x" }
        stage.queue("a", by: "caro") { $0.client = "x" }
        #expect(stage.core.contenders(Stage.key("a")).map(\.holder) == ["bela"])
    }

    @Test func `a failed turn puts back those who waited`() throws {
        var stage = Stage(CoreSettings(nameWaitersMax: 1))
        let anna = try stage.campaign("a", by: "anna")
        let bela = stage.queue("a", by: "bela")
        stage.failedTurn { $0.complete(anna) }
        #expect(stage.isWaiting(bela))
        let last = stage.queue("a", by: "caro")
        #expect(stage.reply(to: last) == refusal(.waitersOfName, 1))
        stage.complete(anna)
        #expect(stage.reply(to: bela)?.settled != nil)
        #expect(stage.core.waiters(in: "ci") == 0)
    }
}
