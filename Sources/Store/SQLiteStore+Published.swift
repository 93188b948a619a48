import Coordination

/// What readers outside are shown: the state of the latest durable turn, which is `acknowledged`.
///
/// Lists are of the same state, so that an object, a list and a version belong together, and can be answered
/// at once.
extension SQLiteStore {
    /// The lease of a name; unlike `fetch`, without what is in flight.
    public func publishedLease(_ key: Key) throws(StoreError) -> LeaseRecord? {
        onLoop()
        if let slot = overlay.entries[key]?.lease { return slot.value }
        let reader = try openReader()
        if let known = recent.leases.value(key) { return known }
        let lease = try reader.lease(key)
        recent.leases.put(lease, key)
        return lease
    }

    /// The done marker of a name, likewise.
    public func publishedMarker(_ key: Key) throws(StoreError) -> DoneMarker? {
        onLoop()
        if let slot = overlay.entries[key]?.marker { return slot.value }
        let reader = try openReader()
        if let known = recent.markers.value(key) { return known }
        let marker = try reader.marker(key)
        recent.markers.put(marker, key)
        return marker
    }

    /// Whether the namespace has a lease or a marker.
    public func isNamespace(_ name: String) throws(StoreError) -> Bool {
        if try !leases(namespace: name, limit: 1).isEmpty { return true }
        return try !markers(namespace: name, limit: 1).isEmpty
    }

    /// How many leases of a namespace come behind this name.
    public func leaseCount(namespace: String, after name: String) throws(StoreError) -> Int {
        let reader = try openReader()
        return try count(
            namespace, name, reader.lists.leasesAfter, overlaid: { $0.lease.map { $0.value != nil } },
            isThere: { key throws(StoreError) in try reader.hasLease(key) })
    }

    /// How many done markers of a namespace come behind this name.
    public func markerCount(namespace: String, after name: String) throws(StoreError) -> Int {
        let reader = try openReader()
        return try count(
            namespace, name, reader.lists.markersAfter, overlaid: { $0.marker.map { $0.value != nil } },
            isThere: { key throws(StoreError) in try reader.hasMarker(key) })
    }

    /// The rows, and what the overlay adds to them and takes from them.
    ///
    /// - Parameter overlaid: whether the overlay has a record or a deletion; nil: it says nothing.
    private func count(
        _ namespace: String, _ name: String, _ statement: Statement, overlaid: (Overlay.Entry) -> Bool?,
        isThere: (Key) throws(StoreError) -> Bool
    ) throws(StoreError) -> Int {
        onLoop()
        statement.bind(1, namespace)
        statement.bind(2, name)
        defer { statement.reset() }
        guard try statement.step() else { return 0 }
        var count = Int(statement.integer(0))
        for (key, entry) in overlay.entries where key.namespace == namespace {
            guard ByteOrder(text: key.name) > ByteOrder(text: name), let stays = overlaid(entry) else {
                continue
            }
            let isRow = try isThere(key)
            if stays != isRow { count += stays ? 1 : -1 }
        }
        return count
    }

    /// A watch from before this revision isn't possible: the journal begins after it.
    public func compactedRevision() throws(StoreError) -> Revision {
        onLoop()
        return try openReader().compactedRevision()
    }
}
