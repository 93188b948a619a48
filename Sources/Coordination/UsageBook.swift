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
        var usage = NamespaceUsage()
        if case .some(let lease) = lease {
            usage.leases = 1
            usage.bytes = leaseBytes
            // A hold that may end in a marker.
            if !$marker, lease.way == .once, let hold = lease.hold, !hold.isWritten { usage.reserved = 1 }
        }
        if $marker {
            usage.markers = 1
            usage.bytes += markerBytes
        }
        return usage
    }
}

extension Coordinator {
    /// What this namespace has, the turn that is not on disk yet included.
    public func usage(of namespace: String) -> NamespaceUsage { usage[namespace] }
    public var usageInAll: NamespaceUsage { usage.total }
    /// Namespaces that have a lease or a marker.
    public var namespaceCount: Int { usage.namespaces.count }

    /// Puts into the books what has become of the name.
    mutating func book(_ name: inout NameState, _ key: Key) {
        let new = name.usage
        usage.change(key.namespace, from: name.counted, to: new)
        if name.counted != new, isEmpty(key.namespace) { emptied.insert(key.namespace) }
        name.counted = new
    }

    /// The lease as it is now becomes durable with this turn. `was` is the metadata that it had, if they
    /// are others now.
    mutating func keepLease(_ name: inout NameState, was: [UInt8]? = nil, _ effects: inout [Effect]) {
        name.isUnwritten = false
        name.leaseBytes = scale.lease(name.lease!)
        effects.append(.persist(.lease(name.lease!, was: was)))
    }

    /// The same for the marker.
    mutating func keepMarker(_ name: inout NameState, was: [UInt8]? = nil, _ effects: inout [Effect]) {
        name.markerBytes = scale.marker(name.marker!)
        effects.append(.persist(.marker(name.marker!, was: was)))
    }

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
        if leases > own.leases {
            try check(
                .leases, others.leases + own.leases, leases - own.leases, settings.namespaceLeasesMax)
        }
        if newMarkers > 0 {
            try check(.markers, others.markers + others.reserved, markers, settings.namespaceMarkersMax)
        }
        // How large a record will become is known when it is there: so bytes are used up when they are
        // reached, and what was let in before that may go beyond.
        guard leases > own.leases || newMarkers > 0 else { return }
        try check(.bytes, others.bytes + own.bytes, 1, settings.namespaceBytesMax)
    }

    /// The same for so many leases that aren't there yet, and no marker.
    func room(for leases: Int, in namespace: String) throws(Rejection) {
        guard leases > 0 else { return }
        let used = usage[namespace]
        if used.leases + leases > settings.namespaceLeasesMax {
            throw .quotaExceeded(
                .leases, namespace: namespace, limit: settings.namespaceLeasesMax, used: used.leases)
        }
        if used.bytes >= settings.namespaceBytesMax {
            throw .quotaExceeded(
                .bytes, namespace: namespace, limit: settings.namespaceBytesMax, used: used.bytes)
        }
    }

    /// The same for an election: it makes the lease, if there is none, and one more for a hold that
    /// shares the name; and work may leave a marker.
    func room(for campaign: Campaign, in name: NameState) throws(Rejection) {
        let leavesMarker = campaign.way == .once || name.marker != nil
        try room(
            in: campaign.key.namespace, for: name, leases: campaign.mode.isGrouped ? 2 : 1,
            markers: leavesMarker ? 1 : 0)
    }
}
