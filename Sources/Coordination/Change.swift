/// One durable change, at its own revision. A turn's changes are one row of the journal, in the
/// order of their revisions.
///
/// `was` is the metadata that a change replaced: whoever watches by labels must know that an object
/// left, or entered, what they selected. Nil: the change left the metadata alone, or made the object.
/// An object is new where its version is the revision of its creation (`Change.isNew`).
public indirect enum Change: Hashable, Sendable {
    /// The lease as it is from now on.
    case lease(LeaseRecord, was: [UInt8]? = nil)
    /// The lease as it was last, for those who watch.
    case leaseDeleted(LeaseRecord, at: Revision)
    /// A marker that replaces another one comes behind its deletion.
    case marker(DoneMarker, was: [UInt8]? = nil)
    case markerDeleted(DoneMarker, at: Revision)
    case namespace(NamespaceRecord, was: [UInt8]? = nil)
    case namespaceDeleted(NamespaceRecord, at: Revision)
    /// A hold that ended: from now on the history has it. While it lasts it is in its lease.
    case hold(HoldRecord)
    /// One more entry of the audit record.
    case audit(AuditEntry)
    /// One more piece of the history: waits that ended.
    case waits(WaitsRecord)
    /// An alias as it is from now on, nil when it is gone; and the move that made it so, for its history.
    case alias(AliasRecord?, AliasMove)
}

extension Change {
    /// Where it stands in the order of changes.
    public var revision: Revision {
        switch self {
        case .lease(let lease, _): lease.revision
        case .marker(let marker, _): marker.version
        case .namespace(let namespace, _): namespace.version
        case .leaseDeleted(_, let at), .markerDeleted(_, let at), .namespaceDeleted(_, let at): at
        case .hold(let hold): hold.revision
        case .audit(let entry): entry.revision
        case .waits(let waits): waits.revision
        case .alias(_, let move): move.revision
        }
    }

    /// Whether it changes what Kubernetes clients see of a lease, a marker or a namespace. What only /v1
    /// shows of a lease leaves its version behind.
    public var isVisible: Bool {
        switch self {
        case .lease(let lease, _): lease.version == lease.revision
        case .marker, .namespace, .leaseDeleted, .markerDeleted, .namespaceDeleted: true
        case .hold, .audit, .waits, .alias: false
        }
    }

    /// Whether it made the object: to those who watch it is added, not modified.
    public var isNew: Bool {
        switch self {
        case .lease(let lease, _): isVisible && lease.version == lease.created
        case .marker(let marker, _): marker.version == marker.revision
        case .namespace(let namespace, _): namespace.version == namespace.created
        case .leaseDeleted, .markerDeleted, .namespaceDeleted, .hold, .audit, .waits, .alias: false
        }
    }
}

/// What is stored of one name: what the core must be told before a command names it.
public struct NameRecords: Hashable, Sendable {
    public var key: Key
    public var lease: LeaseRecord?
    public var marker: DoneMarker?

    public init(key: Key, lease: LeaseRecord? = nil, marker: DoneMarker? = nil) {
        self.key = key
        self.lease = lease
        self.marker = marker
    }
}
