@testable import Coordination

/// What Kubernetes clients do on the stage.
extension Stage {
    /// Writes over the lease as it is on the disk, or creates it. The answer is nil while a turn is open.
    @discardableResult
    mutating func write(
        _ name: String, by principal: String? = nil, metadata: [UInt8]? = nil, at version: Revision? = nil,
        dryRun: Bool = false, _ change: (inout LeaseSpec) -> Void = { _ in }
    ) -> Reply? {
        let lease = disk.leases[Self.key(name)]
        var spec = lease?.spec ?? LeaseSpec()
        change(&spec)
        let request = newRequest()
        let precondition: LeaseWrite.Precondition =
            if let version = version ?? lease?.version { .version(version) } else { .absent }
        let write = LeaseWrite(
            request: request, key: Self.key(name), principal: principal, precondition: precondition,
            metadata: metadata ?? lease?.metadata ?? [], spec: spec, isDryRun: dryRun)
        send(.write(write), from: request)
        return reply(to: request)
    }

    /// Writes itself as holder, as client-go's leader election does.
    @discardableResult
    mutating func acquire(_ name: String, by holder: String, for seconds: Int32? = 15) -> Reply? {
        let now = now.wall
        return write(name) {
            $0 = LeaseSpec(
                holder: holder, durationSeconds: seconds, acquireTime: now, renewTime: now,
                transitions: $0.transitions)
        }
    }

    /// Gives it back, as client-go does.
    @discardableResult
    mutating func letGo(_ name: String) -> Reply? {
        write(name) { $0 = LeaseSpec(holder: "", durationSeconds: 1, transitions: $0.transitions) }
    }

    @discardableResult
    mutating func delete(
        _ name: String, at version: Revision? = nil, mayRevoke: Bool = true, dryRun: Bool = false
    ) -> Reply? {
        let request = newRequest()
        let deletion = LeaseDeletion(
            request: request, key: Self.key(name), version: version, by: "olga", mayRevoke: mayRevoke,
            isDryRun: dryRun)
        send(.delete(deletion), from: request)
        return reply(to: request)
    }
}

extension Reply {
    var written: LeaseRecord? { if case .written(let lease) = self { lease } else { nil } }
}
