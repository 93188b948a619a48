import Coordination

extension Kubernetes {
    public func object(_ lease: LeaseRecord) -> KubernetesObject {
        KubernetesObject(
            metadata: ObjectMetadata(
                name: lease.key.name, namespace: lease.key.namespace,
                uid: UID(incarnation: incarnation, created: lease.created), version: lease.version,
                created: lease.createdAt, attached: AttachedMetadata(stored: lease.metadata),
                ownLabels: Label.of(lease), ownAnnotations: Annotation.of(lease)),
            content: .lease(lease.spec))
    }
}

/// The label of a lease for one of the holds that share a name: the name.
enum Label {
    static let names: Set<String> = ["coordination.baton.dev/name"]

    static func of(_ lease: LeaseRecord) -> [String: String] {
        // Kubernetes allows 63 bytes in a label's value. The annotation of the same name has the whole.
        guard let name = lease.group, name.utf8.count <= 63 else { return [:] }
        return ["coordination.baton.dev/name": name]
    }
}

/// What a lease tells operators beyond its spec: from its record alone, so that it changes with the version.
enum Annotation {
    private static let prefix = "coordination.baton.dev/"

    /// All that the daemon gives: under these names clients write nothing.
    static let names = Set(
        [
            "marker", "fencing-token", "attempt", "principal", "inputs-digest", "run-url", "last-holder",
            "last-fencing-token", "last-end", "last-reason", "last-end-time", "phase", "mode", "permits",
            "abandoned", "name",
        ].map { prefix + $0 })

    static func of(_ lease: LeaseRecord) -> [String: String] {
        var all: [String: String] = [:]
        // What a client wrote is shown as it wrote it.
        guard lease.written == nil else { return all }
        func put(_ name: String, _ value: String?) { all[prefix + name] = value }
        put("marker", lease.way.word)
        if let hold = lease.hold {
            put("fencing-token", String(hold.token))
            put("attempt", String(hold.attempt))
            put("principal", hold.principal)
            put("inputs-digest", hold.inputsDigest)
            put("run-url", hold.info["runURL"])
            put("phase", hold.phase?.name)
            put("name", lease.group)
            if hold.mode.isGrouped { put("mode", hold.mode.word) }
            if case .permits(let count) = hold.mode { put("permits", String(count)) }
        } else if let last = lease.last {
            put("last-holder", last.holder)
            put("last-fencing-token", String(last.token))
            put("last-end", last.how.word)
            put("last-reason", last.reason)
            put("last-end-time", last.ended.text)
        }
        if !lease.abandoned.isEmpty {
            put("abandoned", String(lease.abandoned.holds.count + lease.abandoned.beyond))
        }
        return all
    }
}
