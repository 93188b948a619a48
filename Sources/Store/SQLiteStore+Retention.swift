import Coordination

/// A marker's place in the order of ends, within a namespace: by when its work ended, then by name.
public struct MarkerPlace: Hashable, Comparable, Sendable {
    public var ended: Timestamp
    public var name: String

    public init(ended: Timestamp, name: String) {
        self.ended = ended
        self.name = name
    }

    public static func < (a: MarkerPlace, b: MarkerPlace) -> Bool {
        a.ended == b.ended ? ByteOrder(text: a.name) < ByteOrder(text: b.name) : a.ended < b.ended
    }
}

/// What the index of ends has of a marker: enough to tell most of those that stay, without reading them.
public struct MarkerLine: Hashable, Sendable {
    public var place: MarkerPlace
    public var revision: Revision
    public var retention: Interval?

    public init(place: MarkerPlace, revision: Revision, retention: Interval?) {
        self.place = place
        self.revision = revision
        self.retention = retention
    }

    init(_ marker: DoneMarker) {
        self.init(
            place: MarkerPlace(ended: marker.end, name: marker.key.name), revision: marker.revision,
            retention: marker.retention)
    }
}

/// Markers in the order in which they grow old: of the latest durable turn.
extension SQLiteStore {
    /// How many records the readable tables don't have yet.
    public var lag: Int { overlay.count }

    /// Those of a namespace behind this place, oldest first.
    public func markersByEnd(
        namespace: String, after: MarkerPlace? = nil, limit: Int
    ) throws(StoreError) -> [MarkerLine] {
        let after = after ?? MarkerPlace(ended: Timestamp(microseconds: .min), name: "")
        return try lines(
            namespace, from: after, limit: limit, openReader().lists.markersByEnd, comesBefore: { $0 < $1 })
    }

    /// Those before this place, newest first.
    public func newestMarkers(
        namespace: String, before: MarkerPlace? = nil, limit: Int
    ) throws(StoreError) -> [MarkerLine] {
        let before = before ?? MarkerPlace(ended: Timestamp(microseconds: .max), name: "")
        return try lines(
            namespace, from: before, limit: limit, openReader().lists.newestMarkers, comesBefore: { $0 > $1 })
    }

    /// Merges the index's lines with the overlay's, as `page` does for lists by name.
    private func lines(
        _ namespace: String, from start: MarkerPlace, limit: Int, _ statement: Statement,
        comesBefore: (MarkerPlace, MarkerPlace) -> Bool
    ) throws(StoreError) -> [MarkerLine] {
        onLoop()
        let news = overlay.entries.compactMap { key, entry -> MarkerLine? in
            guard key.namespace == namespace, let marker = entry.marker?.value else { return nil }
            let line = MarkerLine(marker)
            return comesBefore(start, line.place) ? line : nil
        }.sorted { comesBefore($0.place, $1.place) }[...]
        statement.bind(1, namespace)
        statement.bind(2, start.ended.microseconds)
        statement.bind(3, start.name)
        defer { statement.reset() }
        var (found, rest): ([MarkerLine], ArraySlice<MarkerLine>) = ([], news)
        while found.count < limit, try statement.step() {
            let line = Self.line(statement)
            while let next = rest.first, comesBefore(next.place, line.place), found.count < limit {
                found.append(next)
                rest.removeFirst()
            }
            let isNewer = overlay.entries[Key(namespace: namespace, name: line.place.name)]?.marker != nil
            if !isNewer, found.count < limit { found.append(line) }
        }
        return found + rest.prefix(limit - found.count)
    }

    private static func line(_ row: Statement) -> MarkerLine {
        MarkerLine(
            place: MarkerPlace(ended: Timestamp(microseconds: row.integer(0)), name: row.text(1)),
            revision: row.integer(2),
            // As a number of seconds it is for people.
            retention: row.isNull(3) ? nil : Interval(nanoseconds: row.integer(3) * 1000))
    }

    /// Markers whose own retention is longer than the boot clock's and was over by then, the longest over
    /// first; behind `after`, where there were such before.
    public func expiredMarkers(
        before: Timestamp, after: Expiry? = nil, limit: Int
    ) throws(StoreError) -> [Expiry] {
        onLoop()
        let statement = try openReader().lists.expired
        statement.bind(1, before.microseconds)
        statement.bind(2, after?.at.microseconds ?? .min)
        statement.bind(3, after?.key.namespace ?? "")
        statement.bind(4, after?.key.name ?? "")
        statement.bind(5, Int64(limit))
        defer { statement.reset() }
        var found: [Expiry] = []
        while try statement.step() {
            let key = Key(namespace: statement.text(1), name: statement.text(2))
            // What the overlay has is found when the tables have it, or is gone.
            found.append(
                Expiry(
                    at: Timestamp(microseconds: statement.integer(0)), key: key,
                    revision: overlay.entries[key]?.marker == nil ? statement.integer(3) : 0))
        }
        return found
    }

    /// When a marker's own retention ends. The revision is 0 where there is news of it that the tables
    /// don't have yet.
    public struct Expiry: Hashable, Sendable {
        public var at: Timestamp
        public var key: Key
        public var revision: Revision
    }

    /// When an alias left this name last, as far as the history goes back: until then the marker was in use.
    public func leftByAlias(_ marker: Key) throws(StoreError) -> Timestamp? {
        onLoop()
        let statement = try openReader().lists.leftByAlias
        statement.bind(1, marker.namespace)
        statement.bind(2, marker.name)
        defer { statement.reset() }
        let known = try statement.step() && !statement.isNull(0) ? statement.integer(0) : nil
        let news = overlay.aliasMoves.values.lazy.filter {
            $0.key.namespace == marker.namespace && $0.from?.name == marker.name && $0.to?.name != marker.name
        }.map(\.at.microseconds).max()
        return [known, news].compactMap(\.self).max().map { Timestamp(microseconds: $0) }
    }
}

extension DoneMarker {
    /// For the column `expires_at`: only what the boot clock doesn't see to.
    var expiresAt: Timestamp? {
        guard let retention, retention > Coordinator.bootRetentionMax else { return nil }
        let (at, overflows) = end.microseconds.addingReportingOverflow(retention.nanoseconds / 1000)
        return Timestamp(microseconds: overflows ? .max : at)
    }
}
