@testable import Coordination

/// What the dice make Kubernetes clients do to markers and to the namespace.
extension Simulation {
    mutating func someMarking() -> Marking {
        Marking(
            request: stage.newRequest(), key: Stage.key(dice.pick(["a", "b", "c", "d"])),
            finding: Finding(outcome: dice.oneIn(4) ? .failed : .succeeded), inputsDigest: nil,
            holder: "karl", principal: nil, info: [:], metadata: someMetadata(),
            retention: dice.oneIn(3) ? .seconds(Int64(1 + dice.below(90))) : nil,
            mustBeNew: !dice.oneIn(3), isDryRun: dice.oneIn(6))
    }

    private mutating func someMetadata() -> [UInt8] { dice.pick([[], [1], [2]]) }

    private mutating func someMarker() -> DoneMarker? {
        dice.pickAny(stage.disk.markers.values.sorted { $0.key < $1.key })
    }

    mutating func someDescription() -> MarkerDescription? {
        guard let marker = someMarker() else { return nil }
        return MarkerDescription(
            request: stage.newRequest(), key: marker.key,
            version: dice.oneIn(6) ? marker.revision : marker.version, metadata: someMetadata(),
            isDryRun: dice.oneIn(6))
    }

    mutating func someUnmarking() -> Unmarking? {
        guard let marker = someMarker() else { return nil }
        return Unmarking(
            request: stage.newRequest(), key: marker.key,
            version: dice.pick([nil, marker.version, marker.revision]), isDryRun: dice.oneIn(4))
    }

    mutating func someNamespaceCommand() -> Command {
        let record = stage.core.namespaces["ci"] ?? stage.disk.namespaces["ci"]
        let request = stage.newRequest()
        if dice.oneIn(3) {
            return .terminateNamespace(
                NamespaceTermination(
                    request: request, name: dice.oneIn(6) ? "other" : "ci",
                    version: dice.pick([nil, nil, record?.version, 1]), metadata: someMetadata(), by: "olga",
                    mayRevoke: !dice.oneIn(3), isDryRun: dice.oneIn(6)))
        }
        var precondition: LeaseWrite.Precondition = record.map { .version($0.version) } ?? .absent
        if dice.oneIn(5) { precondition = dice.pick([.absent, .version(1)]) }
        return .writeNamespace(
            NamespaceWrite(
                request: request, name: dice.oneIn(6) ? "other" : "ci", precondition: precondition,
                metadata: someMetadata(), isDryRun: dice.oneIn(6)))
    }

    /// What the daemon does to a namespace that is being deleted.
    mutating func somethingToEmpty() -> Command {
        let version = stage.core.namespaces["ci"]!.version
        if dice.oneIn(3) { return .removeNamespace("ci", dice.oneIn(6) ? version - 1 : version) }
        var names = ["a", "b", "c", "d", "e"]
        if hasModes {
            let there = Set(stage.disk.leases.keys.map(\.name)).union(stage.disk.markers.keys.map(\.name))
            names = there.sorted() + ["a", "b", "c", "d"]
        }
        names.removeSubrange(..<dice.below(4))
        return .expunge(names.map(Stage.key), by: dice.pick([nil, "robot"]))
    }
}
