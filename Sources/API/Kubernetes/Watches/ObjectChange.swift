import Coordination

/// A durable change as whoever watches objects sees it.
public struct ObjectChange: Hashable, Sendable {
    enum Kind: Hashable, Sendable { case created, changed, deleted }

    var kind: Kind
    public var revision: Revision
    /// As it is from now on; of one that was deleted, as it was last. Its version is this revision.
    var object: KubernetesObject
    /// With the metadata that it had before, if they were others: for selectors.
    var before: KubernetesObject?

    public var resource: Resource { object.resource }
    public var namespace: String? { object.metadata.namespace }
    public var name: String { object.name }

    init(_ kind: Kind, _ object: KubernetesObject, at revision: Revision, before: KubernetesObject? = nil) {
        self.kind = kind
        self.revision = revision
        self.object = object
        self.before = before
        self.object.metadata.version = revision
        self.before?.metadata.version = revision
    }
}

extension Kubernetes {
    /// What a change is to whoever watches objects; nil: they don't see it. This is the one place that knows.
    public func seen(_ change: Change) -> ObjectChange? {
        switch change {
        case .lease(let lease):
            // What only /v1 shows leaves the version alone.
            guard lease.version == lease.revision else { return nil }
            let kind: ObjectChange.Kind = lease.version == lease.created ? .created : .changed
            return ObjectChange(kind, object(lease), at: lease.version)
        case .leaseDeleted(let lease, let revision):
            return ObjectChange(.deleted, object(lease), at: revision)
        case .marker(let marker):
            return ObjectChange(.created, object(marker), at: marker.revision)
        case .markerDeleted(let marker, let revision):
            return ObjectChange(.deleted, object(marker), at: revision)
        case .hold, .audit: return nil
        }
    }
}
