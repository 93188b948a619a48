import Testing

@testable import Coordination

/// A namespace that is deleted: marked, emptied, removed.
@Suite struct TerminationStories {
    private func refusal(_ reply: Reply?) -> Bool { reply?.rejection == .namespaceTerminating("ci") }

    @Test func `nothing begins in a namespace that is being deleted`() throws {
        var stage = Stage()
        stage.acquire("held", by: "pod")
        stage.letGo("held")
        stage.mark("done")
        stage.terminate()
        #expect(refusal(stage.ask(stage.aCampaign("build", by: "anna"))))
        #expect(refusal(stage.ask(stage.aCampaign("done", by: "anna"))))
        #expect(refusal(stage.mark("build")))
        #expect(refusal(stage.mark("done")))
        #expect(refusal(stage.acquire("new", by: "pod")))
        #expect(refusal(stage.acquire("held", by: "pod")))
        #expect(stage.write("held", metadata: [7])?.written?.metadata == [7])
        #expect(stage.disk.leases.count == 1 && stage.disk.markers.count == 1)
    }

    @Test func `whoever contends is sent away, and whoever waits is told that there will be no marker`()
        throws
    {
        var stage = Stage()
        try stage.campaign("build", by: "anna")
        let bela = stage.queue("build", by: "bela")
        let waiter = stage.wait("build", "other")
        stage.terminate()
        #expect(refusal(stage.reply(to: bela)))
        #expect(stage.reply(to: waiter)?.markers?.verdict == .deleted)
        // A poll that comes back, and a wait that begins now.
        #expect(stage.core.contenders(Stage.key("build")).isEmpty)
        let late = stage.wait("build")
        #expect(stage.reply(to: late)?.markers?.verdict == .deleted)
        #expect(stage.reply(to: late)?.markers?.about == Stage.key("build"))
    }

    @Test func `a hold is renewed and resigned as before, and nobody follows`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.terminate()
        #expect(stage.renew(anna)?.renewed != nil)
        #expect(stage.resign(anna, .failed)?.ended?.end?.how == .failed)
        #expect(stage.holder("build") == nil)
    }

    @Test func `a hold can't be completed: it stays until it is expunged, as revoked`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.terminate()
        #expect(refusal(stage.complete(anna)))
        #expect(stage.holder("build") == "anna" && stage.marker("build") == nil)
        stage.send(.expunge([Stage.key("build")]))
        let end = stage.end(of: anna)
        #expect(end?.how == .revoked && end?.reason == "the namespace was deleted" && end?.by == "olga")
        guard case .holdEnded(_, let record, nil)? = stage.complete(anna)?.rejection else {
            return #expect(Bool(false))
        }
        #expect(record?.end?.how == .revoked)
    }

    @Test func `a completion of before is told again`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.complete(anna)
        stage.terminate()
        #expect(stage.complete(anna)?.completed?.marker == stage.marker("build"))
    }

    @Test func `the last attempt leaves no Failed marker there`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna") { $0.maxAttempts = 1 }
        stage.terminate()
        stage.after(.minutes(1))
        #expect(stage.end(of: anna)?.how == .expired)
        #expect(stage.marker("build") == nil)
    }

    @Test func `what is held takes the right to revoke`() throws {
        var stage = Stage()
        try stage.campaign("b", by: "anna")
        try stage.campaign("a", by: "bela")
        guard case .namespaceHeld(let view)? = stage.terminate(mayRevoke: false)?.rejection else {
            return #expect(Bool(false))
        }
        #expect(view.record.key == Stage.key("a"))
        #expect(!stage.core.isTerminating("ci"))
    }

    @Test func `it is marked once, with the version that was meant, and not by a dry run`() throws {
        var stage = Stage()
        #expect(stage.terminate()?.rejection == .namespaceNotFound("ci"))
        stage.mark("build")
        let before = try #require(stage.disk.namespaces["ci"])
        #expect(stage.terminate(at: 99)?.rejection == .revisionDiffers(current: before.version))
        #expect(stage.terminate(dryRun: true)?.terminating?.terminatingSince == stage.now.wall)
        #expect(stage.disk.namespaces["ci"] == before)
        let marked = try #require(stage.terminate(metadata: [9])?.terminating)
        #expect(marked.version > before.version && marked.metadata == [9])
        #expect(stage.terminate(metadata: [8])?.terminating == marked)
        #expect(stage.core.terminatingNamespaces == [marked])
    }

    @Test func `it is removed when it is empty, and not before, and not another`() throws {
        var stage = Stage()
        stage.mark("build")
        let record = try #require(stage.disk.namespaces["ci"])
        stage.send(.expunge([Stage.key("build")]))
        stage.send(.removeNamespace("ci", record.version))
        #expect(stage.marker("build") != nil && stage.disk.namespaces["ci"] == record)
        let marked = try #require(stage.terminate()?.terminating)
        stage.send(.removeNamespace("ci", marked.version))
        #expect(stage.disk.namespaces["ci"] == marked)
        stage.send(.expunge([Stage.key("build"), Stage.key("none")]))
        #expect(stage.marker("build") == nil && stage.disk.namespaces["ci"] == marked)
        stage.send(.removeNamespace("ci", record.version))
        #expect(stage.disk.namespaces["ci"] == marked)
        stage.send(.removeNamespace("ci", marked.version))
        #expect(stage.disk.namespaces.isEmpty)
        #expect(stage.mark("build")?.marked?.new == true)
    }

    @Test func `a turn that fails takes the deletion back: who waited waits on`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let bela = stage.queue("build", by: "bela")
        let waiter = stage.wait("build")
        stage.failedTurn { $0.terminate() }
        #expect(stage.isWaiting(bela) && stage.isWaiting(waiter))
        stage.failedTurn { stage in
            stage.terminate()
            stage.send(.expunge([Stage.key("build")]))
        }
        stage.complete(anna)
        #expect(stage.reply(to: bela)?.settled != nil)
        #expect(stage.reply(to: waiter)?.markers?.verdict == .done)
    }

    @Test func `it goes on after a restart`() throws {
        var stage = Stage()
        try stage.campaign("build", by: "anna")
        stage.terminate()
        stage.restart()
        #expect(refusal(stage.mark("other")))
        #expect(stage.core.terminatingNamespaces.map(\.name) == ["ci"])
        stage.send(.expunge([Stage.key("build")]))
        #expect(stage.disk.holds.values.map(\.end?.by) == ["olga"])
        #expect(stage.core.isEmpty("ci"))
    }
}
