import Testing

@testable import Coordination

/// What Kubernetes clients do to a marker: create it, write its metadata, delete it.
@Suite struct MarkerObjectStories {
    private func marking(
        _ stage: inout Stage, _ change: (inout Marking) -> Void = { _ in }
    ) -> Reply? {
        var marking = Marking(
            request: stage.newRequest(), key: Stage.key("build"), finding: Finding(), inputsDigest: nil,
            holder: "karl", principal: nil, info: [:])
        change(&marking)
        stage.send(.mark(marking), from: marking.request)
        return stage.reply(to: marking.request)
    }

    @Test func `a marker is created once, with what its client attached`() throws {
        var stage = Stage()
        let made = try #require(
            marking(&stage) {
                $0.metadata = [1]
                $0.mustBeNew = true
                $0.retention = .seconds(5)
            }?.marked?.marker)
        #expect(made.version == made.revision && made.metadata == [1] && made.retention == .seconds(5))
        #expect(marking(&stage) { $0.mustBeNew = true }?.rejection == .markerExists(made))
        #expect(marking(&stage)?.marked?.new == false)
        stage.after(.seconds(5))
        #expect(stage.marker("build") == nil)
    }

    @Test func `a dry run says what would be`() throws {
        var stage = Stage()
        let would = marking(&stage) { $0.isDryRun = true }?.marked
        #expect(would?.new == true && would?.marker.revision == 0)
        #expect(stage.core.revision == 0)
        try stage.campaign("build", by: "anna")
        guard case .held? = marking(&stage, { $0.isDryRun = true })?.rejection else {
            return #expect(Bool(false))
        }
    }

    @Test func `its metadata change its version, and nothing that v1 compares`() throws {
        var stage = Stage()
        stage.mark("build")
        let made = try #require(stage.marker("build"))
        let described = try #require(stage.describe("build", [1])?.described)
        #expect(described.version > made.version && described.revision == made.revision)
        #expect(stage.marker("build") == described)
        #expect(stage.describe("build", [1])?.described == described)
        #expect(stage.describe("build", [2], dryRun: true)?.described?.metadata == [2])
        #expect(stage.marker("build") == described)
        let late = stage.describe("build", [3], at: made.version)
        #expect(late?.rejection == .revisionDiffers(current: described.version))
        #expect(stage.describe("none", [3], at: 1)?.rejection == .notFound(Stage.key("none")))
        // A repeat is a success as before, and leaves them alone.
        #expect(stage.mark("build")?.marked?.marker == described)
        #expect(stage.unmark("build", revision: made.revision) == .unmarked(described))
    }

    @Test func `a turn that fails takes metadata back`() throws {
        var stage = Stage()
        stage.mark("build")
        stage.failedTurn { $0.describe("build", [1]) }
        #expect(stage.core.marker(Stage.key("build")) == stage.marker("build"))
        #expect(stage.marker("build")?.metadata == [])
    }

    @Test func `it is deleted by its version, or whatever it has, and not by a dry run`() throws {
        var stage = Stage()
        stage.mark("build")
        let made = try #require(stage.describe("build", [1])?.described)
        func unmark(_ version: Revision?, dryRun: Bool = false) -> Reply? {
            let unmarking = Unmarking(
                request: stage.newRequest(), key: made.key, version: version, isDryRun: dryRun)
            stage.send(.unmark(unmarking), from: unmarking.request)
            return stage.reply(to: unmarking.request)
        }
        #expect(unmark(made.revision)?.rejection == .revisionDiffers(current: made.version))
        #expect(unmark(made.version, dryRun: true) == .unmarked(made))
        #expect(unmark(made.version) == .unmarked(made))
        stage.mark("build")
        let again = try #require(stage.marker("build"))
        #expect(unmark(nil) == .unmarked(again))
    }

    @Test func `a marker that replaces another is a new object, behind the deletion of the old`() throws {
        var stage = Stage()
        stage.mark("build")
        let old = try #require(stage.describe("build", [1])?.described)
        let anna = try stage.campaign("build", by: "anna") { $0.supersedes = old.revision }
        let claim = stage.claim(anna)
        let changes = stage.send(.complete(claim, Finding(result: ["image": "x"])), from: claim.request)
            .compactMap { if case .persist(let change) = $0 { change } else { nil } }
        let fresh = try #require(stage.marker("build"))
        #expect(fresh.metadata == [] && fresh.revision != old.revision)
        #expect(changes[1...2] == [.markerDeleted(old, at: fresh.revision - 1), .marker(fresh)])
        #expect(changes[2].isNew && changes.map(\.revision) == changes.map(\.revision).sorted())
        // The end of the hold is seen: the lease's change is one for those who watch.
        #expect(changes[3].isVisible && !changes[3].isNew)
    }

    @Test func `a change says which metadata of a lease it replaced`() throws {
        var stage = Stage()
        try stage.campaign("build", by: "anna")
        stage.write("build", metadata: [1])
        let lease = try #require(stage.disk.leases[Stage.key("build")])
        func replaced(by metadata: [UInt8]) -> [UInt8]?? {
            let write = LeaseWrite(
                request: stage.newRequest(), key: lease.key,
                precondition: .version(stage.disk.leases[lease.key]!.version), metadata: metadata,
                spec: lease.spec)
            guard
                case .persist(.lease(_, let was))? = stage.send(.write(write), from: write.request).first
            else { return nil }
            return .some(was)
        }
        #expect(replaced(by: [2]) == .some([1]))
        #expect(replaced(by: [2]) == nil)
    }

    @Test func `what only v1 shows of a lease is not visible, and no second beginning`() throws {
        var stage = Stage()
        stage.acquire("build", by: "pod", for: 15)
        let lease = try #require(stage.disk.leases[Stage.key("build")])
        stage.pass(.seconds(20))
        let changes = stage.tick().compactMap { effect -> Change? in
            if case .persist(let change) = effect { change } else { nil }
        }
        let after = try #require(stage.disk.leases[Stage.key("build")])
        #expect(after.version == lease.created && after.revision > lease.revision)
        #expect(changes.contains(.lease(after)))
        #expect(!changes.contains { $0.isVisible || $0.isNew })
    }
}
