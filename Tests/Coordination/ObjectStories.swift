import Testing

@testable import Coordination

@Suite struct ObjectStories {
    // MARK: A hold of /v1, as Kubernetes clients see it

    @Test func `a hold of v1 looks like a live leader`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna", for: .milliseconds(29_500))
        let spec = try #require(stage.lease("build")?.record.spec)
        #expect(spec.holder == "anna")
        #expect(spec.durationSeconds == 30)
        #expect(spec.acquireTime == anna.hold.began)
        #expect(spec.renewTime == anna.hold.began)
        #expect(stage.lease("build")?.record.version == anna.token)
    }

    @Test func `the end of a hold is shown with its marker, at a version that is a revision of the lease`()
        throws
    {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.complete(anna)
        let ended = try #require(stage.lease("build")?.record)
        #expect(ended.version == ended.revision)
        #expect(ended.version > anna.token)
        let bela = try stage.campaign("test", by: "bela") { $0.maxAttempts = 1 }
        stage.resign(bela, .failed)
        let failed = try #require(stage.lease("test")?.record)
        #expect(stage.marker("test")?.finding.outcome == .failed)
        #expect(failed.version == failed.revision)
    }

    @Test func `renewals are published before a third of the duration is over, in a version of their own`()
        throws
    {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna", for: .seconds(12))
        for _ in 1...20 {
            let before = try #require(stage.disk.leases[Stage.key("build")])
            let renewed = stage.now.wall
            stage.renew(anna)
            #expect(stage.disk.leases[Stage.key("build")] == before)
            stage.after(.milliseconds(4_500))
            let after = try #require(stage.disk.leases[Stage.key("build")])
            #expect(after.spec.renewTime == renewed)
            #expect(after.version > before.version)
        }
    }

    @Test func `what is due for publication within half a second shares a turn`() throws {
        var stage = Stage()
        let holds = try (0..<50).map { try stage.campaign("job-\($0)", by: "anna") }
        for hold in holds {
            stage.pass(.milliseconds(7))
            stage.renew(hold)
        }
        let before = stage.core.revision
        stage.pass(.seconds(10))
        let effects = stage.tick()
        #expect(stage.core.revision == before + 50)
        #expect(effects.count { if case .persist = $0 { true } else { false } } == 50)
    }

    @Test func `nobody writes over a hold of v1, but its metadata can be written`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        #expect(stage.acquire("build", by: "karl")?.rejection?.heldBy == "anna")
        #expect(stage.letGo("build")?.rejection?.heldBy == "anna")
        let labelled = try #require(stage.write("build", metadata: [1])?.written)
        #expect(labelled.metadata == [1])
        #expect(labelled.spec == anna.lease.spec)
        #expect(stage.renew(anna)?.renewed != nil)
        #expect(stage.complete(anna)?.completed != nil)
        #expect(stage.lease("build")?.record.metadata == [1])
    }

    @Test func `when its hold ends the lease has no holder, and can be written`() throws {
        var stage = Stage()
        stage.resign(try stage.campaign("build", by: "anna"))
        #expect(stage.lease("build")?.record.spec == LeaseSpec(transitions: 1))
        #expect(stage.acquire("build", by: "karl")?.written?.hold?.holder == "karl")
    }

    // MARK: A Kubernetes client's hold, as v1 sees it

    @Test func `who is written as holder holds, with the write's revision as token`() throws {
        var stage = Stage()
        let lease = try #require(stage.acquire("build", by: "karl")?.written)
        #expect(lease.hold?.token == lease.version)
        #expect(stage.disk.holds[lease.version]?.holder == "karl")
        let waiting = stage.queue("build", by: "anna")
        #expect(stage.standing(waiting)?.reason == .held)
        #expect(stage.standing(waiting)?.lease.record.hold?.holder == "karl")
    }

    @Test func `contenders get it when its duration is over since it was last seen to change`() throws {
        var stage = Stage()
        stage.acquire("build", by: "karl", for: 15)
        let waiting = stage.queue("build", by: "anna")
        for _ in 1...3 {
            stage.after(.seconds(14))
            stage.acquire("build", by: "karl", for: 15)
        }
        stage.after(.seconds(15) - .milliseconds(1))
        #expect(stage.isWaiting(waiting))
        stage.after(.milliseconds(1))
        let election = try stage.election(waiting)
        #expect(election.previous?.how == .expired)
        #expect(stage.lease("build")?.record.spec.holder == "anna")
    }

    @Test func `the same spec again is no renewal, a label neither`() throws {
        var stage = Stage()
        stage.acquire("build", by: "karl", for: 15)
        stage.after(.seconds(10))
        let before = stage.core.revision
        stage.write("build")
        #expect(stage.core.revision == before)
        stage.write("build", metadata: [1])
        stage.after(.seconds(5))
        #expect(stage.lease("build")?.record.hold == nil)
    }

    @Test func `without a duration it holds for the default`() throws {
        var stage = Stage(CoreSettings(writtenDuration: .seconds(40)))
        stage.acquire("build", by: "karl", for: nil)
        #expect(stage.lease("build")?.remaining == .seconds(40))
    }

    @Test func `an empty holder wakes contenders at once`() throws {
        var stage = Stage()
        stage.acquire("build", by: "karl")
        let waiting = stage.queue("build", by: "anna", way: .lock)
        let released = try #require(stage.letGo("build")?.written)
        #expect(released.hold == nil)
        #expect(released.spec.holder == "")
        #expect(try stage.election(waiting).token > released.version)
    }

    @Test func `an expiry alters nothing that a client wrote`() throws {
        var stage = Stage()
        let lease = try #require(stage.acquire("build", by: "karl")?.written)
        stage.after(.minutes(5))
        let after = try #require(stage.lease("build")?.record)
        #expect(after.hold == nil)
        #expect(after.spec == lease.spec)
        #expect(after.version == lease.version)
        #expect(stage.disk.holds[lease.version]?.end?.how == .expired)
    }

    @Test func `who comes back after its expiry begins a new hold`() throws {
        var stage = Stage()
        let first = try #require(stage.acquire("build", by: "karl")?.written?.hold)
        stage.after(.minutes(1))
        let again = try #require(stage.acquire("build", by: "karl")?.written?.hold)
        #expect(again.token > first.token)
    }

    @Test func `a contender that takes over counts the transitions on`() throws {
        var stage = Stage()
        stage.write("build") { $0 = LeaseSpec(holder: "karl", durationSeconds: 5, transitions: 41) }
        let waiting = stage.queue("build", by: "anna")
        stage.after(.seconds(5))
        #expect(try stage.election(waiting).lease.transitions == 42)
    }

    @Test func `a written hold's end is nobody's failed attempt`() throws {
        var stage = Stage()
        let first = stage.queue("build", by: "anna") { $0.maxAttempts = 1 }
        #expect(try stage.election(first).hold.attempt == 1)
        stage.resign(try stage.election(first))
        stage.acquire("build", by: "karl", for: 5)
        stage.after(.seconds(6))
        let next = try stage.campaign("build", by: "bela")
        #expect(next.hold.attempt == 1)
        #expect(stage.marker("build") == nil)
    }

    @Test func `its holder has no claim in v1, even with the token`() throws {
        var stage = Stage()
        let lease = try #require(stage.acquire("build", by: "karl")?.written)
        let claim = Claim(
            request: stage.newRequest(), key: lease.key, holder: "karl", token: lease.hold!.token)
        stage.send(.renew(claim), from: claim.request)
        #expect(stage.reply(to: claim.request)?.rejection == .notTheHolder(holder: "karl"))
    }

    @Test func `an operator's revoke takes the lease from the client that wrote it`() throws {
        var stage = Stage()
        let lease = try #require(stage.acquire("build", by: "karl")?.written)
        let request = stage.newRequest()
        let revocation = Revocation(
            request: request, key: lease.key, token: lease.hold!.token, reason: "stuck", by: "olga")
        stage.send(.revoke(revocation), from: request)
        #expect(stage.lease("build")?.record.spec.holder == nil)
        #expect(stage.acquire("build", by: "karl")?.written?.hold != nil)
    }

    @Test func `a restart gives it a full duration, as every hold`() throws {
        var stage = Stage()
        stage.acquire("build", by: "karl", for: 15)
        stage.after(.seconds(10))
        stage.restart()
        let waiting = stage.queue("build", by: "anna")
        stage.after(.seconds(14))
        #expect(stage.isWaiting(waiting))
        stage.after(.seconds(1))
        #expect(try stage.election(waiting).hold.holder == "anna")
    }

    // MARK: Writes

    @Test func `two writers of one version: the second is told to read again`() throws {
        var stage = Stage()
        let lease = try #require(stage.write("build", metadata: [1])?.written)
        let second = try #require(stage.write("build", metadata: [2])?.written)
        #expect(
            stage.write("build", metadata: [3], at: lease.version)?.rejection
                == .revisionDiffers(current: second.version))
    }

    @Test func `to create what is there is refused with what is there`() throws {
        var stage = Stage()
        let lease = try #require(stage.write("build")?.written)
        let request = stage.newRequest()
        let write = LeaseWrite(
            request: request, key: lease.key, precondition: .absent, spec: LeaseSpec(holder: "karl"))
        stage.send(.write(write), from: request)
        #expect(stage.reply(to: request)?.rejection == .exists(lease))
    }

    @Test func `a dry run says what would be and changes nothing`() throws {
        var stage = Stage()
        let would = try #require(stage.write("build", metadata: [1], dryRun: true)?.written)
        #expect(would.metadata == [1])
        #expect(stage.lease("build") == nil)
        stage.acquire("build", by: "karl")
        let revision = stage.core.revision
        #expect(stage.write("build", dryRun: true) { $0.holder = "" }?.written?.spec.holder == "")
        #expect(stage.delete("build", dryRun: true) != nil)
        #expect(stage.core.revision == revision)
        #expect(stage.holder("build") == "karl")
    }

    @Test func `nobody begins to hold by writing while a restore's quarantine lasts`() throws {
        var stage = Stage(quarantine: .seconds(45))
        #expect(stage.acquire("build", by: "karl")?.rejection == .restoreQuarantine(remaining: .seconds(45)))
        #expect(stage.write("build", metadata: [1])?.written != nil)
        stage.after(.seconds(45))
        #expect(stage.acquire("build", by: "karl")?.written?.hold != nil)
    }

    @Test func `a write whose commit failed never was`() throws {
        var stage = Stage()
        let waiting = try stage.campaign("build", by: "anna")
        stage.resign(waiting)
        stage.failedTurn { $0.acquire("build", by: "karl") }
        #expect(stage.lease("build")?.record.hold == nil)
        #expect(stage.core.figures.holds == 0)
        #expect(try stage.campaign("build", by: "bela").hold.holder == "bela")
    }

    @Test func `a renewal tells nothing of a label that isn't on disk yet`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let claim = stage.claim(anna)
        stage.turn { stage in
            stage.write("build", metadata: [1])
            let view = stage.core.renewAtOnce(claim, at: stage.now)?.renewed
            #expect(view?.record.metadata == [])
            #expect(view?.record.version == anna.token)
        }
    }

    // MARK: Deletes

    @Test func `to delete a held lease is a revoke, and needs the right to`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let waiting = stage.queue("build", by: "bela")
        #expect(stage.delete("build", mayRevoke: false)?.rejection?.heldBy == "anna")
        stage.delete("build")
        #expect(stage.end(of: anna)?.how == .revoked)
        #expect(stage.end(of: anna)?.by == "olga")
        let next = try stage.election(waiting)
        #expect(next.token > anna.token)
        #expect(next.lease.created == next.token)
    }

    @Test func `a delete names the version it means, and a name that isn't there is not found`() throws {
        var stage = Stage()
        let lease = try #require(stage.write("build")?.written)
        #expect(
            stage.delete("build", at: lease.version + 1)?.rejection
                == .revisionDiffers(current: lease.version))
        #expect(stage.delete("build", at: lease.version) == .deleted(lease))
        #expect(stage.delete("build")?.rejection == .notFound(Stage.key("build")))
    }

    @Test func `a waiter is told that the work is orphaned when its held lease is deleted`() throws {
        var stage = Stage()
        try stage.campaign("build", by: "anna")
        let waiter = stage.wait("build")
        stage.delete("build")
        #expect(stage.reply(to: waiter)?.markers?.verdict == .orphaned)
    }

    @Test func `what a client created or wrote isn't swept, what a campaign made is`() throws {
        var stage = Stage()
        stage.write("created")
        stage.acquire("written", by: "karl")
        stage.resign(try stage.campaign("made", by: "anna"))
        stage.resign(try stage.campaign("touched", by: "anna"))
        stage.letGo("touched")
        stage.after(.minutes(1))
        for name in ["created", "written", "made", "touched"] { stage.sweep(name) }
        #expect(stage.disk.leases.keys.map(\.name).sorted() == ["created", "touched", "written"])
    }
}

extension Rejection {
    fileprivate var heldBy: String? {
        if case .held(let view) = self { view.record.hold?.holder } else { nil }
    }
}
