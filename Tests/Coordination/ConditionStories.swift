import Testing

@testable import Coordination

@Suite struct ConditionStories {
    @Test func `idle is told at once, and of a held name when the last holder goes`() throws {
        var stage = Stage()
        #expect(stage.ask(.idle) == .met)
        let anna = try stage.share("build", by: "anna")
        let bela = try stage.share("build", by: "bela")
        let waiter = stage.waitFor(.idle)
        #expect(stage.views[waiter]?.left == 2)
        stage.resign(anna)
        #expect(stage.isWaiting(waiter))
        #expect(stage.core.conditions(Stage.key("build"), at: stage.now).map(\.view.left) == [1])
        stage.resign(bela)
        #expect(stage.met(waiter))
    }

    @Test func `between a hold and the next in the queue nobody is told idle`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna", way: .lock)
        let bela = stage.queue("build", by: "bela", way: .lock)
        let waiter = stage.waitFor(.idle)
        stage.resign(anna)
        #expect(stage.isWaiting(waiter))
        stage.resign(try stage.election(bela))
        #expect(stage.met(waiter))
    }

    @Test func `an expiry meets a condition as any end does`() throws {
        var stage = Stage()
        try stage.share("build", by: "anna", for: .seconds(30))
        let (idle, drained) = (stage.waitFor(.idle), stage.waitFor(.drained(nil)))
        stage.after(.seconds(29))
        #expect(stage.isWaiting(idle) && stage.isWaiting(drained))
        stage.after(.seconds(1))
        #expect(stage.met(idle) && stage.met(drained))
    }

    @Test func `drained: those that were there have ended, and new ones don't matter`() throws {
        var stage = Stage()
        let anna = try stage.share("build", by: "anna")
        let bela = try stage.share("build", by: "bela")
        let waiter = stage.waitFor(.drained(nil))
        #expect(stage.views[waiter]?.condition == .drained(bela.token))
        try stage.share("build", by: "caro", for: .hours(1))
        stage.resign(anna)
        #expect(stage.isWaiting(waiter))
        stage.resign(bela)
        #expect(stage.met(waiter))
        #expect(stage.holders("build") == ["caro"])
    }

    @Test func `idle over a restart: who held still holds, and an end that nobody saw is told at once`()
        throws
    {
        var stage = Stage()
        let anna = try stage.share("build", by: "anna")
        _ = stage.waitFor(.idle)
        stage.restart()
        let again = stage.waitFor(.idle)
        #expect(stage.isWaiting(again))
        stage.resign(anna)
        #expect(stage.met(again))
        stage.restart()
        #expect(stage.ask(.idle) == .met)
    }

    @Test func `drained goes on over a restart with what the first answer named`() throws {
        var stage = Stage()
        let anna = try stage.share("build", by: "anna")
        let first = stage.waitFor(.drained(nil))
        let cutoff = try #require(stage.views[first]?.condition)
        stage.restart()
        try stage.share("build", by: "bela", for: .hours(1))
        let again = stage.waitFor(cutoff)
        #expect(stage.isWaiting(again))
        stage.resign(anna)
        #expect(stage.met(again))
        // Met while nobody asked: told at once.
        #expect(stage.ask(cutoff) == .met)
    }

    @Test func `a token that nobody has had yet is refused`() throws {
        var stage = Stage()
        let anna = try stage.share("build", by: "anna")
        let request = stage.waitFor(.drained(anna.token + 1_000))
        #expect(
            stage.reply(to: request)
                == .refused(.aheadOfTime(anna.token + 1_000, current: stage.core.revision)))
    }

    @Test func `a phase since a revision that isn't there yet is from now on`() throws {
        var stage = Stage()
        let anna = try stage.share("build", by: "anna")
        stage.enter("pushing", anna)
        stage.enter("pushed", anna)
        stage.resign(anna)
        let waiter = stage.waitFor(.phase("pushing", holder: nil, since: 1 << 50))
        #expect(
            stage.views[waiter]?.condition == .phase("pushing", holder: nil, since: stage.core.revision))
        let bela = try stage.share("build", by: "bela")
        stage.enter("pushing", bela)
        #expect(stage.met(waiter))
    }

    @Test func `quiet is measured from the latest beginning or end`() throws {
        var stage = Stage()
        stage.after(.minutes(20))
        #expect(stage.ask(.quiet(.minutes(10))) == .met)
        let anna = try stage.share("build", by: "anna", for: .hours(1))
        let waiter = stage.waitFor(.quiet(.minutes(10)), waiting: .hours(1))
        #expect(stage.views[waiter]?.remaining == .minutes(10))
        stage.after(.minutes(9))
        stage.resign(anna)
        stage.after(.minutes(10) - .milliseconds(1))
        #expect(stage.isWaiting(waiter))
        stage.after(.milliseconds(1))
        #expect(stage.met(waiter))
    }

    @Test func `a hold that goes on is quiet, and so are its renewals and phases`() throws {
        var stage = Stage()
        let anna = try stage.share("build", by: "anna", for: .hours(1))
        let waiter = stage.waitFor(.quiet(.minutes(10)), waiting: .hours(1))
        stage.after(.minutes(5))
        stage.renew(anna)
        stage.enter("pushing", anna)
        stage.after(.minutes(5))
        #expect(stage.met(waiter))
    }

    @Test func `after a restart quiet is counted anew: longer, never shorter`() throws {
        var stage = Stage()
        stage.resign(try stage.share("build", by: "anna"))
        stage.after(.minutes(9))
        stage.restart()
        let waiter = stage.waitFor(.quiet(.minutes(10)), waiting: .hours(1))
        stage.after(.minutes(10) - .milliseconds(1))
        #expect(stage.isWaiting(waiter))
        stage.after(.milliseconds(1))
        #expect(stage.met(waiter))
    }

    @Test func `a name that left memory isn't quiet for longer than it was`() throws {
        var settings = CoreSettings()
        settings.idleNamesMax = 0
        var stage = Stage(settings)
        stage.after(.minutes(20))
        stage.resign(try stage.share("build", by: "anna"))
        #expect(!stage.core.knows(Stage.key("build")))
        let waiter = stage.waitFor(.quiet(.minutes(10)), waiting: .hours(1))
        #expect(stage.views[waiter]?.remaining == .minutes(10))
        stage.after(.minutes(10))
        #expect(stage.met(waiter))
    }

    @Test func `time in which the daemon could hear nobody isn't quiet`() throws {
        var stage = Stage()
        try stage.share("build", by: "anna", for: .hours(2))
        let waiter = stage.waitFor(.quiet(.minutes(10)), waiting: .hours(2))
        stage.pass(.minutes(30))
        stage.core.wasAway(for: .minutes(30))
        stage.tick()
        #expect(stage.isWaiting(waiter))
        stage.after(.minutes(10))
        #expect(stage.met(waiter))
    }

    @Test func `a phase is told when a hold enters it, and when it has passed it`() throws {
        var stage = Stage()
        let anna = try stage.share("build", by: "anna")
        let any = stage.waitFor(.phase("pushed", holder: nil, since: nil))
        let belas = stage.waitFor(.phase("pushed", holder: "bela", since: nil))
        stage.enter("pushing", anna)
        #expect(stage.isWaiting(any))
        stage.enter("pushed", anna)
        #expect(stage.met(any) && stage.isWaiting(belas))
        stage.enter("cleaning", anna)
        let late = stage.waitFor(.phase("pushed", holder: nil, since: nil))
        #expect(stage.met(late))
        #expect(stage.reply(to: late)?.condition?.hold?.token == anna.token)
    }

    @Test func `a phase that a hold entered and left with while nobody asked is not missed`() throws {
        var stage = Stage()
        let anna = try stage.share("build", by: "anna")
        let first = stage.waitFor(.phase("pushed", holder: nil, since: nil))
        let asked = try #require(stage.views[first]?.condition)
        stage.disconnect(first)
        stage.enter("pushed", anna)
        stage.resign(anna)
        stage.restart()
        #expect(stage.ask(asked) == .met)
        // Whoever asks only now waits for the next.
        #expect(stage.ask(.phase("pushed", holder: nil, since: nil)) == .waiting)
        #expect(stage.ask(.phase("pushed", holder: "anna", since: nil)) == .met)
    }

    @Test func `the hold of a named holder that ended without the phase is orphaned`() throws {
        var stage = Stage()
        let anna = try stage.share("build", by: "anna")
        let waiter = stage.waitFor(.phase("pushed", holder: "anna", since: nil))
        let early = stage.waitFor(.phase("pushed", holder: "bela", since: nil))
        stage.resign(anna, .abandoned)
        #expect(stage.reply(to: waiter)?.condition?.verdict == .orphaned)
        #expect(stage.reply(to: waiter)?.condition?.hold?.end?.how == .abandoned)
        #expect(stage.isWaiting(early))
    }

    @Test(arguments: [
        NameCondition.idle, .drained(nil), .quiet(.hours(1)), .phase("pushed", holder: nil, since: nil),
    ])
    func `a wait ends with its namespace, its time and its peer`(condition: NameCondition) throws {
        var stage = Stage()
        try stage.share("build", by: "anna", for: .hours(1))
        let over = stage.waitFor(condition, waiting: .seconds(25))
        let gone = stage.waitFor(condition)
        stage.disconnect(gone)
        stage.after(.seconds(25))
        #expect(stage.reply(to: over)?.condition?.verdict == .waiting)
        let deleted = stage.waitFor(condition)
        stage.terminate()
        #expect(stage.reply(to: deleted)?.condition?.verdict == .deleted)
        #expect(stage.ask(condition) == .deleted)
        #expect(stage.core.figures.waiters == 0)
    }

    @Test func `a turn that failed met nobody's condition`() throws {
        var stage = Stage()
        let anna = try stage.share("build", by: "anna")
        let (idle, drained) = (stage.waitFor(.idle), stage.waitFor(.drained(nil)))
        stage.failedTurn { $0.resign(anna) }
        #expect(stage.isWaiting(idle) && stage.isWaiting(drained))
        stage.resign(anna)
        #expect(stage.met(idle) && stage.met(drained))
    }

    @Test func `while a restore's quarantine lasts nothing is known to be idle`() throws {
        var stage = Stage(quarantine: .minutes(5))
        let (idle, drained) = (stage.waitFor(.idle), stage.waitFor(.drained(nil)))
        stage.after(.minutes(5) - .milliseconds(1))
        #expect(stage.isWaiting(idle) && stage.isWaiting(drained))
        stage.after(.milliseconds(1))
        #expect(stage.met(idle) && stage.met(drained))
    }

    @Test func `what a Kubernetes client holds counts`() throws {
        var stage = Stage()
        stage.acquire("build", by: "elector")
        let waiter = stage.waitFor(.idle)
        #expect(stage.isWaiting(waiter))
        stage.after(.seconds(15))
        #expect(stage.met(waiter))
    }

    @Test func `who waits for a condition counts as one who waits`() throws {
        var settings = CoreSettings()
        settings.nameWaitersMax = 1
        var stage = Stage(settings)
        try stage.share("build", by: "anna")
        stage.waitFor(.idle)
        let more = stage.waitFor(.idle)
        #expect(stage.reply(to: more) == .refused(.tooMany(.waitersOfName, limit: 1)))
    }
}

extension Stage {
    /// Waits for a condition of "build".
    @discardableResult
    mutating func waitFor(_ condition: NameCondition, waiting: Interval? = .minutes(10)) -> RequestID {
        let request = newRequest()
        let wait = ConditionWait(
            request: request, key: Self.key("build"), condition: condition,
            waitUntil: waiting.map { now.instant + $0 })
        send(.waitFor(wait), from: request)
        return request
    }

    /// Asks, and tells what it is told at once.
    mutating func ask(_ condition: NameCondition) -> ConditionView.Verdict? {
        let request = waitFor(condition)
        return isWaiting(request) ? .waiting : reply(to: request)?.condition?.verdict
    }

    func met(_ request: RequestID) -> Bool { reply(to: request)?.condition?.verdict == .met }
}

extension Reply {
    var condition: ConditionView? { if case .condition(let view) = self { view } else { nil } }
}
