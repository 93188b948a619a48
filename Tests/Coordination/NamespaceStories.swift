import Testing

@testable import Coordination

/// How namespaces begin and go by themselves, and what clients write.
@Suite struct NamespaceStories {
    @Test func `a namespace begins before the first lease in it, in the same turn`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        let record = try #require(stage.disk.namespaces["ci"])
        #expect(record.created == anna.token - 1 && record.version == record.created)
        #expect(record.createdAt == stage.now.wall && !record.isClients)
        try stage.campaign("test", by: "bela")
        #expect(stage.disk.namespaces["ci"] == record)
    }

    @Test func `it begins with a marker, or with a lease that a client writes, as well`() throws {
        for play: (inout Stage) -> Void in [{ $0.mark("a") }, { $0.acquire("a", by: "pod") }] {
            var stage = Stage()
            play(&stage)
            #expect(stage.disk.namespaces["ci"]?.created == 1)
        }
    }

    @Test func `it goes with its last lease and marker, and comes again as another`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.complete(anna)
        stage.sweep("build")
        #expect(stage.disk.namespaces["ci"] != nil)
        stage.unmark("build", revision: try #require(stage.marker("build")?.revision))
        #expect(stage.disk.namespaces.isEmpty)
        stage.mark("build")
        #expect(try #require(stage.disk.namespaces["ci"]).created > anna.token)
    }

    @Test func `a marker that went in the moment when an election came doesn't end the namespace`() throws {
        var stage = Stage()
        stage.mark("build", Finding(outcome: .failed))
        let record = stage.disk.namespaces["ci"]
        // Nobody looks when its retention is over.
        stage.pass(.hours(1))
        try stage.campaign("build", by: "anna")
        #expect(stage.disk.namespaces["ci"] == record)
    }

    @Test func `a namespace whose last marker went by time goes with it, even if what came was refused`() {
        var stage = Stage(CoreSettings(namespaceLeasesMax: 0))
        stage.mark("build", Finding(outcome: .failed))
        stage.pass(.hours(1))
        #expect(stage.ask(stage.aCampaign("build", by: "anna"))?.rejection?.bound == .leases)
        #expect(stage.disk.namespaces.isEmpty)
    }

    @Test func `a turn that fails takes a namespace's beginning back, and its end`() throws {
        var stage = Stage()
        stage.failedTurn { $0.mark("build") }
        #expect(stage.core.namespaces.isEmpty)
        stage.mark("build")
        let record = stage.core.namespaces["ci"]
        let revision = try #require(stage.marker("build")?.revision)
        stage.failedTurn { $0.unmark("build", revision: revision) }
        #expect(stage.core.namespaces["ci"] == record)
        stage.failedTurn { stage in
            stage.unmark("build", revision: revision)
            stage.mark("other")
        }
        #expect(stage.core.namespaces["ci"] == record)
        stage.unmark("build", revision: revision)
        #expect(stage.core.namespaces.isEmpty)
    }

    // MARK: Clients

    @Test func `a namespace that a client created stays when it is empty`() throws {
        var stage = Stage()
        let made = try #require(stage.writeNamespace(metadata: [1])?.namespace)
        #expect(made.created == made.version && made.isClients && made.metadata == [1])
        stage.mark("build")
        stage.unmark("build", revision: try #require(stage.marker("build")?.revision))
        #expect(stage.disk.namespaces["ci"] == made)
        stage.restart()
        #expect(stage.core.namespace("ci") == made)
    }

    @Test func `so does one that a client wrote to`() throws {
        var stage = Stage()
        stage.mark("build")
        let before = try #require(stage.disk.namespaces["ci"])
        let after = try #require(stage.writeNamespace(at: before.version, metadata: [1])?.namespace)
        #expect(after.created == before.created && after.version > before.version && after.isClients)
        stage.unmark("build", revision: try #require(stage.marker("build")?.revision))
        #expect(stage.disk.namespaces["ci"] == after)
    }

    @Test func `a write names what it was made from`() throws {
        var stage = Stage()
        #expect(stage.writeNamespace(at: 1)?.rejection == .namespaceNotFound("ci"))
        let made = try #require(stage.writeNamespace()?.namespace)
        #expect(stage.writeNamespace()?.rejection == .namespaceExists(made))
        #expect(
            stage.writeNamespace(at: made.version + 1)?.rejection == .revisionDiffers(current: made.version))
    }

    @Test func `equal bytes change nothing, and a dry run neither`() throws {
        var stage = Stage()
        #expect(stage.writeNamespace(metadata: [1], dryRun: true)?.namespace?.metadata == [1])
        #expect(stage.disk.namespaces.isEmpty)
        let made = try #require(stage.writeNamespace(metadata: [1])?.namespace)
        let revision = stage.core.revision
        #expect(stage.writeNamespace(at: made.version, metadata: [1])?.namespace == made)
        #expect(
            stage.writeNamespace(at: made.version, metadata: [2], dryRun: true)?.namespace?.metadata == [2])
        #expect(stage.core.revision == revision && stage.disk.namespaces["ci"] == made)
    }

    @Test func `a change says which metadata it replaced`() throws {
        var stage = Stage()
        let made = try #require(stage.writeNamespace(metadata: [1])?.namespace)
        let write = NamespaceWrite(
            request: stage.newRequest(), name: "ci", precondition: .version(made.version), metadata: [2])
        let change = stage.send(.writeNamespace(write), from: write.request).first
        guard case .persist(.namespace(let record, let was)) = change else {
            return #expect(Bool(false), "\(change as Any)")
        }
        #expect(record.metadata == [2] && was == [1])
    }
}
