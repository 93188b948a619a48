import Testing

@testable import Coordination

/// An alias never dangles.
@Suite struct AliasTargetStories {
    @Test func `a marker can't be deleted while an alias points at it`() throws {
        var stage = Stage()
        let one = try stage.build("w-1")
        try stage.build("w-2")
        stage.point("latest", at: "w-1")
        stage.point("stable", at: "w-1")
        stage.restart()
        #expect(
            stage.unmark("w-1", revision: one.revision)?.rejection
                == .aliased(Stage.key("w-1"), by: ["latest", "stable"]))
        stage.point("latest", at: "w-2")
        #expect(
            stage.unmark("w-1", revision: one.revision)?.rejection
                == .aliased(Stage.key("w-1"), by: ["stable"]))
        stage.deleteAlias("stable")
        #expect(stage.unmark("w-1", revision: one.revision) == .unmarked(one))
    }

    @Test func `a superseded marker's aliases stay with the name, in the same turn`() throws {
        var stage = Stage()
        let hollow = try stage.build("w-1")
        stage.point("latest", at: "w-1")
        let anna = try stage.campaign("w-1", by: "anna") { $0.supersedes = hollow.revision }
        #expect(stage.alias("latest")?.target.revision == hollow.revision)
        let watcher = stage.watch("latest", since: try #require(stage.alias("latest")).revision)
        stage.complete(anna, Finding(result: ["image": "new"]))
        let fresh = try #require(stage.marker("w-1"))
        let alias = try #require(stage.alias("latest"))
        #expect(alias.target == AliasTarget(name: "w-1", revision: fresh.revision))
        #expect(alias.how == .followed)
        #expect(alias.previous == nil)
        #expect(stage.moves("latest").last?.from?.revision == hollow.revision)
        #expect(stage.moves("latest").last?.holder == "anna")
        #expect(stage.reply(to: watcher)?.seen?.record == alias)
        #expect(stage.unmark("w-1", revision: fresh.revision)?.rejection != nil)
    }

    @Test func `if its work fails for good, the alias shows it, and it stays until the alias leaves`() throws
    {
        var stage = Stage()
        let good = try stage.build("w-1")
        stage.point("latest", at: "w-1")
        let hollow = try stage.build("w-2")
        stage.point("latest", at: "w-2")
        let anna = try stage.campaign("w-2", by: "anna") {
            $0.supersedes = hollow.revision
            $0.maxAttempts = 1
        }
        stage.resign(anna, .failed, reason: "no such base image")
        let failed = try #require(stage.marker("w-2"))
        #expect(failed.finding.outcome == .failed)
        #expect(stage.alias("latest")?.target.revision == failed.revision)
        stage.after(.minutes(30))
        stage.restart()
        stage.after(.minutes(30))
        #expect(stage.marker("w-2") == failed)
        #expect(stage.rollBack("latest")?.moved?.alias.target.revision == good.revision)
        stage.after(.minutes(9))
        #expect(stage.marker("w-2") == failed)
        stage.after(.minutes(1))
        #expect(stage.marker("w-2") == nil)
    }

    @Test func `a marker's retention stands still while an alias points at it`() throws {
        var stage = Stage()
        let request = stage.newRequest()
        stage.send(
            .mark(
                Marking(
                    request: request, key: Stage.key("w-1"), finding: Finding(), inputsDigest: nil,
                    holder: "maria", principal: nil, info: [:], retention: .minutes(5))), from: request)
        stage.after(.minutes(4))
        stage.point("latest", at: "w-1")
        stage.after(.hours(1))
        #expect(stage.marker("w-1") != nil)
        stage.failedTurn { $0.deleteAlias("latest") }
        stage.after(.hours(1))
        #expect(stage.marker("w-1") != nil)
        stage.deleteAlias("latest")
        stage.after(.minutes(4))
        #expect(stage.marker("w-1") != nil)
        stage.after(.minutes(1))
        #expect(stage.marker("w-1") == nil)
    }

    @Test func `a name that went out of memory meanwhile has its retention again`() throws {
        var stage = Stage(CoreSettings(idleNamesMax: 0))
        let request = stage.newRequest()
        stage.send(
            .mark(
                Marking(
                    request: request, key: Stage.key("w-1"), finding: Finding(), inputsDigest: nil,
                    holder: "maria", principal: nil, info: [:], retention: .minutes(5))), from: request)
        stage.point("latest", at: "w-1")
        try stage.build("w-2")
        #expect(!stage.core.knows(Stage.key("w-1")))
        stage.point("latest", at: "w-2")
        stage.after(.minutes(5))
        #expect(stage.marker("w-1") == nil)
    }

    @Test func `a namespace that is deleted takes its aliases with it`() throws {
        var stage = Stage()
        for name in ["w-1", "w-2"] {
            try stage.build(name)
            stage.point(name == "w-1" ? "stable" : "latest", at: name)
        }
        let watcher = stage.watch("latest", since: 1_000)
        let request = stage.newRequest()
        stage.send(
            .terminateNamespace(
                NamespaceTermination(
                    request: request, name: "ci", metadata: [], by: "olga", mayRevoke: true)), from: request)
        #expect(stage.reply(to: watcher)?.seen?.verdict == .deleted)
        #expect(stage.point("latest", at: "w-1")?.rejection == .namespaceTerminating("ci"))
        #expect(stage.rollBack("latest")?.rejection == .namespaceTerminating("ci"))
        let watch1 = stage.watch("never")
        #expect(stage.reply(to: watch1)?.seen?.verdict == .deleted)
        stage.restart()
        stage.send(.expunge([Stage.key("w-1"), Stage.key("w-2")]))
        #expect(stage.disk.aliases.isEmpty)
        #expect(stage.moves("latest").last?.how == .deleted)
        #expect(stage.moves("latest").last?.by == "olga")
        let version = try #require(stage.disk.namespaces["ci"]).version
        stage.send(.removeNamespace("ci", version))
        #expect(stage.disk.namespaces.isEmpty)
    }

    @Test func `a marker that is deleted out of a namespace on its way takes its aliases, too`() throws {
        var stage = Stage()
        let one = try stage.build("w-1")
        stage.point("latest", at: "w-1")
        let request = stage.newRequest()
        stage.send(
            .terminateNamespace(
                NamespaceTermination(request: request, name: "ci", metadata: [], mayRevoke: true)),
            from: request)
        #expect(stage.unmark("w-1", revision: one.revision) == .unmarked(one))
        #expect(stage.disk.aliases.isEmpty)
    }
}
