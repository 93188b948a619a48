/// One durable change, at its own revision. A turn's changes are one row of the journal, in the
/// order of their revisions.
public enum Change: Hashable, Sendable {
    /// The lease as it is from now on.
    case lease(LeaseRecord)
    /// The lease as it was last, for those who watch.
    case leaseDeleted(LeaseRecord, at: Revision)
    case marker(DoneMarker)
    case markerDeleted(DoneMarker, at: Revision)
    /// A hold that began, entered a phase or ended; the later one of a token replaces the earlier.
    /// Its revision is `HoldRecord.revision`.
    case hold(HoldRecord)
    /// One more entry of the audit record.
    case audit(AuditEntry)
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
