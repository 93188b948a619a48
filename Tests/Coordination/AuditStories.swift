import Testing

@testable import Coordination

@Suite struct AuditStories {
    private let origin = Origin(requestID: "r-1", identity: "olga", address: "10.0.0.7")

    /// Plays an act, attributed to olga.
    @discardableResult
    private func act(_ command: Command, in stage: inout Stage) -> [Effect] {
        var command = command
        command.attribute(to: origin)
        return stage.send(command, from: command.request)
    }

    private func revocation(_ stage: inout Stage, _ election: Election) -> Command {
        .revoke(
            Revocation(
                request: stage.newRequest(), key: election.lease.key, token: election.token, reason: "stuck",
                by: "olga"))
    }

    private func marking(_ stage: inout Stage, _ name: String) -> Command {
        .mark(
            Marking(
                request: stage.newRequest(), key: Stage.key(name), finding: Finding(), inputsDigest: nil,
                holder: "maria", principal: "olga", info: [:]))
    }

    @Test func `a revocation's entry tells who did it and who held, in the same turn`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        act(revocation(&stage, anna), in: &stage)
        let entry = try #require(stage.disk.audit.first)
        #expect(entry.verb == .revoke && entry.outcome == .done && entry.origin == origin)
        #expect((entry.holder, entry.token, entry.reason) == ("anna", anna.token, "stuck"))
        #expect((entry.namespace, entry.name, entry.time) == ("ci", "build", stage.now.wall))
        #expect(entry.revision > stage.end(of: anna)!.revision)
    }

    @Test func `markers that are put and deleted have their entries`() throws {
        var stage = Stage()
        act(marking(&stage, "build"), in: &stage)
        let marker = try #require(stage.marker("build"))
        act(
            .unmark(
                Unmarking(request: stage.newRequest(), key: marker.key, revision: marker.revision)),
            in: &stage)
        #expect(stage.disk.audit.map(\.verb) == [.mark, .unmark])
        #expect(stage.disk.audit[1].holder == "maria")
        #expect(stage.disk.audit[1].details["revision"] == "\(marker.revision)")
    }

    @Test func `a namespace's deletion has an entry that tells how much there was`() throws {
        var stage = Stage()
        try stage.campaign("build", by: "anna")
        stage.mark("test")
        for _ in 0..<2 {
            act(
                .terminateNamespace(
                    NamespaceTermination(
                        request: stage.newRequest(), name: "ci", metadata: [], mayRevoke: true)), in: &stage)
        }
        #expect(stage.disk.audit.map(\.verb) == [.terminate])
        #expect(stage.disk.audit[0].namespace == "ci" && stage.disk.audit[0].name == nil)
        #expect(stage.disk.audit[0].details == ["leases": "1", "markers": "1", "holds": "1"])
    }

    @Test func `an act that is repeated, or refused, leaves no entry`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        act(revocation(&stage, anna), in: &stage)
        act(revocation(&stage, anna), in: &stage)
        act(marking(&stage, "other"), in: &stage)
        act(marking(&stage, "other"), in: &stage)
        act(.unmark(Unmarking(request: stage.newRequest(), key: Stage.key("other"), revision: 1)), in: &stage)
        #expect(stage.disk.audit.map(\.verb) == [.revoke, .mark])
    }

    @Test func `a turn that fails takes act and entry back together`() throws {
        var stage = Stage()
        let anna = try stage.campaign("build", by: "anna")
        stage.failedTurn { stage in act(revocation(&stage, anna), in: &stage) }
        #expect(stage.disk.audit.isEmpty)
        #expect(stage.holder("build") == "anna")
        act(revocation(&stage, anna), in: &stage)
        #expect(stage.disk.audit.count == 1)
    }

    @Test func `refusals come as they are given, each with a revision of its own`() {
        var stage = Stage()
        let refusals = [1, 2].map { count in
            var entry = AuditEntry(.read, .refused, at: stage.now.wall, reason: "unauthenticated")
            entry.count = count
            return entry
        }
        stage.send(.record(refusals))
        #expect(stage.disk.audit.map(\.count) == [1, 2])
        #expect(stage.disk.audit.map(\.revision) == [1, 2])
    }
}
