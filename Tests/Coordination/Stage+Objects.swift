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

/// What they do to markers and to the namespace.
extension Stage {
    @discardableResult
    mutating func describe(
        _ name: String, _ metadata: [UInt8], at version: Revision? = nil, dryRun: Bool = false
    ) -> Reply? {
        let description = MarkerDescription(
            request: newRequest(), key: Self.key(name), version: version ?? marker(name)!.version,
            metadata: metadata, isDryRun: dryRun)
        send(.describe(description), from: description.request)
        return reply(to: description.request)
    }

    /// Creates it, or writes over this version.
    @discardableResult
    mutating func writeNamespace(
        at version: Revision? = nil, metadata: [UInt8] = [], dryRun: Bool = false
    ) -> Reply? {
        let write = NamespaceWrite(
            request: newRequest(), name: "ci", precondition: version.map { .version($0) } ?? .absent,
            metadata: metadata, isDryRun: dryRun)
        send(.writeNamespace(write), from: write.request)
        return reply(to: write.request)
    }

    @discardableResult
    mutating func terminate(
        at version: Revision? = nil, metadata: [UInt8] = [], mayRevoke: Bool = true, dryRun: Bool = false
    ) -> Reply? {
        let termination = NamespaceTermination(
            request: newRequest(), name: "ci", version: version, metadata: metadata, by: "olga",
            mayRevoke: mayRevoke, isDryRun: dryRun)
        send(.terminateNamespace(termination), from: termination.request)
        return reply(to: termination.request)
    }
}

extension Reply {
    var described: DoneMarker? { if case .described(let marker) = self { marker } else { nil } }
    var namespace: NamespaceRecord? { if case .namespaceWritten(let record) = self { record } else { nil } }
    var terminating: NamespaceRecord? {
        if case .namespaceTerminating(let record) = self { record } else { nil }
    }
    var written: LeaseRecord? { if case .written(let lease) = self { lease } else { nil } }
}
