@testable import Coordination

/// What the dice make Kubernetes clients do to the same leases.
extension Simulation {
    private static let writers = ["anna", "karl", "kurt", ""]

    mutating func someObjectCommand() -> Command? {
        if stage.core.isTerminating("ci"), dice.oneIn(2) { return somethingToEmpty() }
        switch dice.below(24) {
        case 0..<3: return .delete(someDeletion())
        case 3: return .mark(someMarking())
        case 4: return someDescription().map { .describe($0) }
        case 5: return someUnmarking().map { .unmark($0) }
        case 6, 7: return someNamespaceCommand()
        default: return .write(someWrite())
        }
    }

    private mutating func someWrite() -> LeaseWrite {
        let key = Stage.key(dice.pick(names))
        let lease = stage.core.names[key]?.lease ?? stage.disk.leases[key]
        var precondition: LeaseWrite.Precondition = lease.map { .version($0.version) } ?? .absent
        if dice.oneIn(10) {
            precondition = dice.pick([.absent, .version(dice.oneIn(2) ? 1 : stage.disk.revision)])
        }
        return LeaseWrite(
            request: stage.newRequest(), key: key, principal: dice.oneIn(4) ? "robot" : nil,
            precondition: precondition,
            metadata: dice.oneIn(3) ? [UInt8(dice.below(3))] : lease?.metadata ?? [],
            spec: someSpec(lease?.spec ?? LeaseSpec()), isDryRun: dice.oneIn(12))
    }

    private mutating func someSpec(_ before: LeaseSpec) -> LeaseSpec {
        var spec = before
        switch dice.below(6) {
        case 0: break
        case 1, 2: spec.renewTime = stage.now.wall
        case 3: spec.holder = dice.pickAny([nil, ""])!
        case 4: spec.durationSeconds = dice.pick([nil, 1, 15, 40])
        default:
            spec = LeaseSpec(
                holder: dice.pick(Self.writers), durationSeconds: dice.pick([nil, 5, 15]),
                acquireTime: stage.now.wall, renewTime: stage.now.wall,
                transitions: dice.pick([nil, (before.transitions ?? 0) + 1]))
        }
        return spec
    }

    private mutating func someDeletion() -> LeaseDeletion {
        let key = Stage.key(dice.pick(names))
        let version = stage.disk.leases[key]?.version
        return LeaseDeletion(
            request: stage.newRequest(), key: key, version: dice.pick([nil, version, version, 1]),
            by: "olga", mayRevoke: !dice.oneIn(3), isDryRun: dice.oneIn(8))
    }
}
