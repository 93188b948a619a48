/// One durable change, at its own revision. A turn's changes are one row of the journal.
public enum Change: Hashable, Sendable {
    /// The lease as it is from now on.
    case lease(LeaseRecord)
    case leaseDeleted(Key, at: Revision)
    case marker(DoneMarker)
    case markerDeleted(Key, at: Revision)
    /// A hold that began or ended; the later one of a token replaces the earlier.
    /// It shares the revision of the lease's or marker's change that it belongs to.
    case hold(HoldRecord)
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
