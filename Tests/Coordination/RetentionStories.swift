import Testing

@testable import Coordination

/// A marker's own retention, and pruning.
@Suite struct RetentionStories {
    private let anna = "anna"

    @Test func `a Succeeded marker goes when its retention is over, and not before`() throws {
        var stage = Stage()
        stage.build("run", retention: .minutes(10))
        stage.after(.minutes(10) - .milliseconds(1))
        #expect(stage.disk.markers[Stage.key("run")] != nil)
        stage.after(.milliseconds(1))
        #expect(stage.disk.markers[Stage.key("run")] == nil)
    }

    @Test func `complete gives a marker its retention, and a failure its own`() throws {
        var stage = Stage()
        let election = try stage.campaign("run", by: anna)
        let claim = stage.claim(election)
        stage.send(.complete(claim, Finding(), retention: .minutes(2)), from: claim.request)
        #expect(stage.reply(to: claim.request)?.completed?.marker?.retention == .minutes(2))
        let other = try stage.campaign("other", by: anna)
        let failed = stage.claim(other)
        stage.send(.complete(failed, Finding(outcome: .failed), retention: .minutes(3)), from: failed.request)
        #expect(stage.disk.markers[Stage.key("other")]?.retention == .minutes(3))
        stage.after(.minutes(4))
        #expect(stage.disk.markers.isEmpty)
    }

    @Test func `a retention is no part of what makes a repeated complete the same`() throws {
        var stage = Stage()
        let election = try stage.campaign("run", by: anna)
        let claim = stage.claim(election)
        stage.send(.complete(claim, Finding(), retention: .minutes(2)), from: claim.request)
        var again = claim
        again.request = stage.newRequest()
        stage.send(.complete(again, Finding(), retention: .minutes(9)), from: again.request)
        #expect(stage.reply(to: again.request)?.completed?.marker?.retention == .minutes(2))
    }

    @Test func `a short retention begins anew with a restart, and is never cut short`() throws {
        var stage = Stage()
        stage.build("run", retention: .minutes(10))
        stage.after(.minutes(9))
        stage.restart()
        stage.after(.minutes(10) - .milliseconds(1))
        #expect(stage.disk.markers[Stage.key("run")] != nil)
        stage.after(.milliseconds(1))
        #expect(stage.disk.markers.isEmpty)
    }

    @Test func `a long retention is not memory's: time and restarts leave it to whoever prunes`() throws {
        var stage = Stage(CoreSettings(idleNamesMax: 0))
        stage.build("run", retention: .hours(14 * 24))
        #expect(stage.core.figures.namesInMemory == 0)
        #expect(stage.core.nextWake == nil)
        stage.after(.hours(15 * 24))
        stage.restart()
        #expect(stage.disk.markers[Stage.key("run")] != nil)
    }

    @Test func `a marker outlives its retention while somebody waits for it with others`() throws {
        var stage = Stage()
        stage.build("a", retention: .minutes(1))
        let wait = stage.wait("a", "b", waiting: .hours(1))
        stage.after(.minutes(5))
        #expect(stage.disk.markers[Stage.key("a")] != nil)
        try stage.build("b")
        #expect(stage.reply(to: wait)?.markers?.verdict == .done)
        stage.after(.milliseconds(1))
        #expect(stage.disk.markers[Stage.key("a")] == nil)
    }

    @Test func `it outlives it while its name is held, and goes with the hold's end`() throws {
        var stage = Stage()
        stage.build("lock", retention: .minutes(1))
        let election = try stage.campaign("lock", by: anna, for: .hours(1), way: .lock)
        stage.after(.minutes(5))
        #expect(stage.disk.markers[Stage.key("lock")] != nil)
        stage.resign(election)
        stage.after(.milliseconds(1))
        #expect(stage.disk.markers[Stage.key("lock")] == nil)
    }

    @Test func `a finalizer keeps it over its time and over a restart, and it goes when that is gone`() throws
    {
        var stage = Stage()
        stage.build("run", retention: .minutes(10))
        func describe(_ stage: inout Stage, _ metadata: [UInt8]) {
            let request = stage.newRequest()
            let version = stage.marker("run")!.version
            stage.send(
                .describe(
                    MarkerDescription(
                        request: request, key: Stage.key("run"), version: version, metadata: metadata)),
                from: request)
        }
        describe(&stage, Stage.pinned)
        stage.after(.minutes(11))
        stage.restart()
        stage.after(.minutes(11))
        #expect(stage.marker("run") != nil)
        describe(&stage, [])
        stage.after(.milliseconds(1))
        #expect(stage.marker("run") == nil)
    }

    // MARK: Pruning

    @Test func `what is as it was chosen goes, and each that stays has its reason`() throws {
        var stage = Stage()
        for name in ["free", "held", "shared", "waited", "aliased", "replaced"] { try stage.build(name) }
        var targets = stage.targets("free", "held", "shared", "waited", "aliased", "replaced")
        try stage.campaign("held", by: anna, way: .lock)
        try stage.campaign("shared", by: anna, way: .lock) { $0.mode = .shared }
        _ = stage.wait("waited", "never", waiting: .hours(1))
        stage.point("latest", at: "aliased")
        targets[5].revision += 1
        targets.append(Pruning.Target(key: Stage.key("absent"), revision: 7))
        let before = stage.disk.revision
        let dry = stage.prune(targets, isDryRun: true)
        #expect(stage.disk.revision == before)
        let fates: [PruneFate] = [
            .pruned, .held(by: "anna"), .held(by: nil), .waitedFor(1), .aliased(["latest"]), .changed,
            .changed,
        ]
        #expect(dry == fates)
        #expect(stage.prune(targets) == fates)
        #expect(stage.disk.markers[Stage.key("free")] == nil)
        #expect(stage.disk.markers.count == 5)
        // Again: what has gone can't go twice.
        #expect(stage.prune(stage.targets("free")).isEmpty)
        #expect(stage.prune(targets)[0] == .changed)
    }

    @Test func `a marker that an alias left in the same turn stays for now`() throws {
        var stage = Stage()
        try stage.build("one")
        try stage.build("two")
        stage.point("latest", at: "one")
        let targets = stage.targets("one")
        stage.turn {
            $0.point("latest", at: "two")
            $0.prune(targets)
        }
        #expect(stage.disk.markers[Stage.key("one")] != nil)
        #expect(stage.prune(targets) == [.pruned])
    }

    /// It may be rolled back there.
    @Test func `so does one that an alias came to and left in the same turn`() throws {
        var stage = Stage()
        try stage.build("one")
        try stage.build("two")
        let targets = stage.targets("one")
        stage.turn {
            $0.point("latest", at: "one")
            $0.point("latest", at: "two")
            $0.prune(targets)
        }
        #expect(stage.disk.markers[Stage.key("one")] != nil)
        #expect(stage.rollBack("latest")?.moved?.alias.target.name == "one")
    }

    @Test func `a turn that fails takes the pruning back, and a restart in the middle goes on`() throws {
        var stage = Stage()
        for name in ["a", "b", "c"] { try stage.build(name) }
        let targets = stage.targets("a", "b", "c")
        stage.failedTurn { _ = $0.prune(targets) }
        #expect(stage.disk.markers.count == 3)
        #expect(stage.core.usage(of: Stage.key("a").namespace).markers == 3)
        #expect(stage.prune(Array(targets[..<1])) == [.pruned])
        stage.restart()
        #expect(stage.prune(targets) == [.changed, .pruned, .pruned])
        #expect(stage.disk.markers.isEmpty)
        // The last of a namespace takes it along.
        #expect(stage.disk.namespaces.isEmpty)
    }

    @Test func `one call has one entry in the record, with its counts; a dry run has none`() throws {
        var stage = Stage()
        for name in ["a", "b", "c"] { try stage.build(name) }
        stage.point("latest", at: "c")
        let origin = Origin(requestID: "r", identity: "olga", address: "::1")
        _ = stage.prune(stage.targets("a", "b", "c"), isDryRun: true, origin: origin)
        _ = stage.prune(stage.targets("a", "b", "c"), origin: origin)
        let entries = stage.disk.audit.filter { $0.verb == .prune }
        #expect(entries.count == 1)
        #expect(entries[0].details == ["pruned": "2", "skipped": "1"])
        #expect(entries[0].origin == origin)
    }

    @Test func `a jump of the wall clock moves no retention that is on the boot clock`() throws {
        var stage = Stage()
        stage.build("run", retention: .minutes(10))
        stage.now.wall.microseconds += 365 * 86_400_000_000
        stage.after(.minutes(9))
        #expect(stage.disk.markers[Stage.key("run")] != nil)
    }
}

extension Stage {
    mutating func build(_ name: String, retention: Interval?) {
        let request = newRequest()
        send(
            .mark(
                Marking(
                    request: request, key: Self.key(name), finding: Finding(), inputsDigest: nil,
                    holder: "anna", principal: nil, info: [:], retention: retention)), from: request)
    }

    /// As they are now.
    func targets(_ names: String...) -> [Pruning.Target] {
        names.compactMap { name in
            disk.markers[Self.key(name)].map { Pruning.Target(key: $0.key, revision: $0.revision) }
        }
    }

    /// Within a turn it isn't known yet.
    @discardableResult
    mutating func prune(
        _ targets: [Pruning.Target], isDryRun: Bool = false, origin: Origin? = nil
    ) -> [PruneFate] {
        let request = newRequest()
        send(
            .prune(Pruning(request: request, targets: targets, isDryRun: isDryRun, origin: origin)),
            from: request)
        guard case .pruned(let fates)? = reply(to: request) else { return [] }
        return fates
    }
}
