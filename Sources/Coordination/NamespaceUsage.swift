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

/// The usage of every namespace that has anything, and their sum.
struct UsageBook: Sendable {
    private(set) var namespaces: [String: NamespaceUsage]
    private(set) var total: NamespaceUsage

    init(_ namespaces: [String: NamespaceUsage]) {
        self.namespaces = namespaces
        total = namespaces.values.reduce(NamespaceUsage(), +)
    }

    subscript(namespace: String) -> NamespaceUsage { namespaces[namespace] ?? NamespaceUsage() }

    /// What one name adds to its namespace has changed.
    mutating func change(_ namespace: String, from old: NamespaceUsage, to new: NamespaceUsage) {
        guard old != new else { return }
        total = total - old + new
        let usage = self[namespace] - old + new
        namespaces[namespace] = usage == NamespaceUsage() ? nil : usage
    }
}

extension NameState {
    /// What this name adds to its namespace's usage.
    var usage: NamespaceUsage {
        NamespaceUsage(
            leases: lease == nil ? 0 : 1, markers: marker == nil ? 0 : 1,
            reserved: marker == nil && lease?.hold != nil && lease?.way == .once ? 1 : 0,
            bytes: (lease == nil ? 0 : leaseBytes) + (marker == nil ? 0 : markerBytes))
    }
}

extension Coordinator {
    /// What this namespace has, the turn that is not on disk yet included.
    public func usage(of namespace: String) -> NamespaceUsage { usage[namespace] }
    public var usageInAll: NamespaceUsage { usage.total }
    /// Namespaces that have a lease or a marker.
    public var namespaceCount: Int { usage.namespaces.count }

    /// Whether the namespace has room for what an election or a marker adds to this name.
    ///
    /// What the name has already, or has a place for, is never refused: a hold is handed over and
    /// completed in a full namespace, and in one whose limits were lowered.
    func room(
        in namespace: String, for name: NameState, leases: Int, markers: Int
    ) throws(Rejection) {
        let own = name.counted
        let others = usage[namespace] - own
        let newMarkers = markers - own.markers - own.reserved
        func check(_ bound: Bound, _ used: Int, _ wanted: Int, _ limit: Int) throws(Rejection) {
            guard used + wanted > limit else { return }
            throw .quotaExceeded(bound, namespace: namespace, limit: limit, used: used)
        }
        if leases > own.leases { try check(.leases, others.leases, leases, settings.namespaceLeasesMax) }
        if newMarkers > 0 {
            try check(.markers, others.markers + others.reserved, markers, settings.namespaceMarkersMax)
        }
        // How large a record will become is known when it is there: so bytes are used up when they are
        // reached, and what was let in before that may go beyond.
        guard leases > own.leases || newMarkers > 0 else { return }
        try check(.bytes, others.bytes + own.bytes, 1, settings.namespaceBytesMax)
    }

    /// The same for an election: it makes the lease, if there is none, and work may leave a marker.
    func room(for campaign: Campaign, in name: NameState) throws(Rejection) {
        let leavesMarker = campaign.way == .once || name.marker != nil
        try room(in: campaign.key.namespace, for: name, leases: 1, markers: leavesMarker ? 1 : 0)
    }
}
