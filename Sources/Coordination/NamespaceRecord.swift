/// What is durable of a namespace.
///
/// It begins with the first lease or marker in it, or when a Kubernetes client creates it. One that no
/// client has written goes with its last lease and marker.
public struct NamespaceRecord: Hashable, Sendable {
    public var name: String
    /// The revision at which it began; 0 if that was before there were records of namespaces.
    public var created: Revision
    /// Means nothing if `created` is 0.
    public var createdAt: Timestamp
    /// The revision of its latest change: its resourceVersion.
    public var version: Revision
    /// As a lease's: what Kubernetes clients attach, opaque to the core.
    public var metadata: [UInt8]
    /// A Kubernetes client created it or wrote to it, so that it stays when it is empty.
    public var isClients: Bool
    /// Since when it is being deleted; nil: it isn't.
    public var terminatingSince: Timestamp?
    /// Who deletes it, for the history of what was held in it.
    public var terminatedBy: String?

    public init(
        name: String, created: Revision, createdAt: Timestamp, version: Revision, metadata: [UInt8] = [],
        isClients: Bool = false, terminatingSince: Timestamp? = nil, terminatedBy: String? = nil
    ) {
        self.name = name
        self.created = created
        self.createdAt = createdAt
        self.version = version
        self.metadata = metadata
        self.isClients = isClients
        self.terminatingSince = terminatingSince
        self.terminatedBy = terminatedBy
    }

    public var isTerminating: Bool { terminatingSince != nil }
}

/// A Kubernetes client creates the namespace, or writes its metadata.
public struct NamespaceWrite: Sendable {
    public typealias Precondition = LeaseWrite.Precondition

    public var request: RequestID
    public var name: String
    public var precondition: Precondition
    public var metadata: [UInt8]
    public var isDryRun: Bool

    public init(
        request: RequestID, name: String, precondition: Precondition, metadata: [UInt8] = [],
        isDryRun: Bool = false
    ) {
        self.request = request
        self.name = name
        self.precondition = precondition
        self.metadata = metadata
        self.isDryRun = isDryRun
    }
}

/// An operator deletes the namespace and all that is in it. If anybody holds, that is a revoke.
public struct NamespaceTermination: Sendable {
    public var request: RequestID
    public var name: String
    /// Only if it has this version; nil: whatever it has.
    public var version: Revision?
    /// As it is to be from now on: with the time of its deletion, as Kubernetes clients read it.
    public var metadata: [UInt8]
    /// Who does it, for the history.
    public var by: String?
    /// Whether they may end others' holds.
    public var mayRevoke: Bool
    public var isDryRun: Bool
    /// For the audit record.
    public var origin: Origin?

    public init(
        request: RequestID, name: String, version: Revision? = nil, metadata: [UInt8], by: String? = nil,
        mayRevoke: Bool, isDryRun: Bool = false, origin: Origin? = nil
    ) {
        self.request = request
        self.name = name
        self.version = version
        self.metadata = metadata
        self.by = by
        self.mayRevoke = mayRevoke
        self.isDryRun = isDryRun
        self.origin = origin
    }
}
