import Coordination

extension Kubernetes {
    public func object(_ lease: LeaseRecord) -> KubernetesObject {
        KubernetesObject(
            metadata: ObjectMetadata(
                name: lease.key.name, namespace: lease.key.namespace,
                uid: UID(incarnation: incarnation, created: lease.created), version: lease.revision,
                created: lease.createdAt, annotations: Annotation.of(lease)),
            content: .lease(LeaseSpec(lease)))
    }
}

extension LeaseSpec {
    init(_ lease: LeaseRecord) {
        self.init(
            holder: lease.hold?.holder, durationSeconds: lease.hold.map { Self.seconds($0.duration) },
            acquired: lease.hold?.began, renewed: lease.hold?.published, transitions: lease.transitions)
    }

    /// Rounded up: nobody who reads it may think that a hold has ended before it has.
    private static func seconds(_ duration: Interval) -> Int32 {
        Int32(clamping: (duration.nanoseconds + 999_999_999) / 1_000_000_000)
    }
}

extension Hold {
    /// The renewal that readers of the object are told of. Renewals are answered from memory and are not
    /// part of the record, so it is the hold's beginning; /v1 has the latest one as `lastRenewal`.
    fileprivate var published: Timestamp { began }
}

/// What a lease tells operators beyond its spec: from its record alone, so that it changes with the version.
enum Annotation {
    static let prefix = "coordination.baton.dev/"

    static func of(_ lease: LeaseRecord) -> [String: String] {
        var all: [String: String] = [:]
        func put(_ name: String, _ value: String?) { all[prefix + name] = value }
        put("marker", lease.way.word)
        if let hold = lease.hold {
            put("fencing-token", String(hold.token))
            put("attempt", String(hold.attempt))
            put("principal", hold.principal)
            put("inputs-digest", hold.inputsDigest)
            put("run-url", hold.info["runURL"])
        } else if let last = lease.last {
            put("last-holder", last.holder)
            put("last-fencing-token", String(last.token))
            put("last-end", last.how.word)
            put("last-reason", last.reason)
            put("last-end-time", last.ended.text)
        }
        return all
    }
}
