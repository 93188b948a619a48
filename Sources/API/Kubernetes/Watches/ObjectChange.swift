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
        guard change.isVisible else { return nil }
        let kind: ObjectChange.Kind = change.isNew ? .created : .changed
        let revision = change.revision
        switch change {
        case .lease(let lease, let was):
            let before = was.map { object(lease.with(metadata: $0)) }
            return ObjectChange(kind, object(lease), at: revision, before: before)
        case .marker(let marker, let was):
            let before = was.map { object(marker.with(metadata: $0)) }
            return ObjectChange(kind, object(marker), at: revision, before: before)
        case .namespace(let namespace, let was):
            let before = was.map { object(namespace: namespace.with(metadata: $0)) }
            return ObjectChange(kind, object(namespace: namespace), at: revision, before: before)
        case .leaseDeleted(let lease, _): return ObjectChange(.deleted, object(lease), at: revision)
        case .markerDeleted(let marker, _): return ObjectChange(.deleted, object(marker), at: revision)
        case .namespaceDeleted(let namespace, _):
            return ObjectChange(.deleted, object(namespace: namespace), at: revision)
        case .hold, .audit, .waits, .alias: return nil
        }
    }
}

extension LeaseRecord {
    fileprivate func with(metadata: [UInt8]) -> LeaseRecord {
        var record = self
        record.metadata = metadata
        return record
    }
}

extension DoneMarker {
    fileprivate func with(metadata: [UInt8]) -> DoneMarker {
        var record = self
        record.metadata = metadata
        return record
    }
}

extension NamespaceRecord {
    fileprivate func with(metadata: [UInt8]) -> NamespaceRecord {
        var record = self
        record.metadata = metadata
        return record
    }
}
