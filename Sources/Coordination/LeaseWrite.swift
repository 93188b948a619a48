/// A Kubernetes client writes the lease: create, update, and what every patch comes to.
///
/// The write names what it was made from, so that two at a time can't undo each other: whoever
/// patches has read the lease before, and reads it again when the answer is `revisionDiffers`.
public struct LeaseWrite: Sendable {
    public enum Precondition: Hashable, Sendable {
        /// There is no lease of this name: it is created.
        case absent
        /// It has this version.
        case version(Revision)
    }
    public var request: RequestID
    public var key: Key
    public var principal: String?
    public var precondition: Precondition
    public var metadata: [UInt8]
    public var spec: LeaseSpec
    /// Says what would be, and changes nothing.
    public var isDryRun: Bool

    public init(
        request: RequestID, key: Key, principal: String? = nil, precondition: Precondition,
        metadata: [UInt8] = [], spec: LeaseSpec, isDryRun: Bool = false
    ) {
        self.request = request
        self.key = key
        self.principal = principal
        self.precondition = precondition
        self.metadata = metadata
        self.spec = spec
        self.isDryRun = isDryRun
    }
}

/// A Kubernetes client deletes the lease. If somebody holds it, that is a revoke.
public struct LeaseDeletion: Sendable {
    public var request: RequestID
    public var key: Key
    /// Only if it has this version; nil: whatever it has.
    public var version: Revision?
    /// Who does it, for the history.
    public var by: String?
    /// Whether they may end another's hold.
    public var mayRevoke: Bool
    public var isDryRun: Bool
    /// For the audit record.
    public var origin: Origin?

    public init(
        request: RequestID, key: Key, version: Revision? = nil, by: String? = nil, mayRevoke: Bool,
        isDryRun: Bool = false
    ) {
        self.request = request
        self.key = key
        self.version = version
        self.by = by
        self.mayRevoke = mayRevoke
        self.isDryRun = isDryRun
    }
}
