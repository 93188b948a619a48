/// What a namespace has of what is limited.
///
/// The history of ended holds is not in it: that is bounded by how long it is kept.
public struct NamespaceUsage: Hashable, Sendable {
    /// Leases that are held, or were and are still kept.
    public var leases = 0
    public var markers = 0
    /// Markers that holds under way may leave, of names that have none yet. Each has its place from
    /// the election on, so that no completion fails for want of one.
    public var reserved = 0
    /// Bytes of the leases' and the markers' records as they are stored.
    public var bytes = 0

    public init(leases: Int = 0, markers: Int = 0, reserved: Int = 0, bytes: Int = 0) {
        self.leases = leases
        self.markers = markers
        self.reserved = reserved
        self.bytes = bytes
    }

    public static func + (a: NamespaceUsage, b: NamespaceUsage) -> NamespaceUsage {
        NamespaceUsage(
            leases: a.leases + b.leases, markers: a.markers + b.markers, reserved: a.reserved + b.reserved,
            bytes: a.bytes + b.bytes)
    }

    public static func - (a: NamespaceUsage, b: NamespaceUsage) -> NamespaceUsage {
        NamespaceUsage(
            leases: a.leases - b.leases, markers: a.markers - b.markers, reserved: a.reserved - b.reserved,
            bytes: a.bytes - b.bytes)
    }
}

/// How many bytes a record takes where it is stored. The encoding is the store's: so weights enter
/// the core as time does.
public struct Scale: Sendable {
    let lease: @Sendable (LeaseRecord) -> Int
    let marker: @Sendable (DoneMarker) -> Int

    public init(
        lease: @escaping @Sendable (LeaseRecord) -> Int, marker: @escaping @Sendable (DoneMarker) -> Int
    ) {
        self.lease = lease
        self.marker = marker
    }
}
