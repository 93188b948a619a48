import Coordination

/// Pages of the lists: the tables' rows with the overlay laid over them.
extension SQLiteStore {
    /// Leases of a namespace in the order of their names, beginning after `after`.
    public func leases(
        namespace: String, prefix: String = "", held: Bool? = nil, after: String? = nil, limit: Int
    ) throws(StoreError) -> [LeaseRecord] {
        let reader = try openReader()
        let statement =
            switch held {
            case nil: reader.lists.leases
            case true?: reader.lists.heldLeases
            case false?: reader.lists.freeLeases
            }
        return try page(
            Page(namespace: namespace, prefix: prefix, after: after, limit: limit), statement,
            overlaid: { $0.lease }, wanted: { held == nil || ($0.hold != nil) == held! },
            read: { statement, key throws(StoreError) in try Reader.lease(statement, 1, key) })
    }

    /// Done markers of a namespace in the order of their names, beginning after `after`.
    public func markers(
        namespace: String, prefix: String = "", after: String? = nil, limit: Int
    ) throws(StoreError) -> [DoneMarker] {
        try page(
            Page(namespace: namespace, prefix: prefix, after: after, limit: limit),
            openReader().lists.markers, overlaid: { $0.marker }, wanted: { _ in true },
            read: { statement, key throws(StoreError) in try Reader.marker(statement, 1, key) })
    }

    struct Page {
        var namespace: String
        var prefix: String
        var after: String?
        var limit: Int

        /// The first name that may be on the page.
        var start: String {
            guard let after, ByteOrder(text: after) > ByteOrder(text: prefix) else { return prefix }
            return after
        }

        func admits(_ name: String) -> Bool {
            name.utf8.starts(with: prefix.utf8)
                && (after.map { ByteOrder(text: name) > ByteOrder(text: $0) } ?? true)
        }
    }

    /// Merges rows, which come in order, with the overlay's records, sorted alike. Where both have a name
    /// the overlay's is later; if it is a deletion, or no longer what is wanted, the name is left out.
    private func page<Record>(
        _ page: Page, _ statement: Statement,
        overlaid: (Overlay.Entry) -> Overlay.Slot<Record>?, wanted: (Record) -> Bool,
        read: (Statement, Key) throws(StoreError) -> Record
    ) throws(StoreError) -> [Record] {
        onLoop()
        var news: [(name: String, record: Record?)] = []
        for (key, entry) in overlay.entries where key.namespace == page.namespace && page.admits(key.name) {
            guard let slot = overlaid(entry) else { continue }
            news.append((key.name, slot.value.flatMap { wanted($0) ? $0 : nil }))
        }
        news.sort { ByteOrder(text: $0.name) < ByteOrder(text: $1.name) }

        statement.bind(1, page.namespace)
        statement.bind(2, page.start)
        defer { statement.reset() }
        var records: [Record] = []
        var next = 0
        while records.count < page.limit, try statement.step() {
            let name = statement.text(0)
            if !name.utf8.starts(with: page.prefix.utf8) { break }
            guard page.admits(name) else { continue }
            while next < news.count, ByteOrder(text: news[next].name) < ByteOrder(text: name) {
                if let record = news[next].record { records.append(record) }
                next += 1
            }
            if next < news.count, ByteOrder(text: news[next].name) == ByteOrder(text: name) {
                if let record = news[next].record { records.append(record) }
                next += 1
            } else {
                records.append(try read(statement, Key(namespace: page.namespace, name: name)))
            }
        }
        while records.count < page.limit, next < news.count {
            if let record = news[next].record { records.append(record) }
            next += 1
        }
        return Array(records.prefix(page.limit))
    }

    /// Namespaces that have a lease or a marker, in order.
    public func namespaces() throws(StoreError) -> [String] {
        onLoop()
        let statement = try openReader().lists.nextNamespace
        var found: Set<String> = []
        var last = ""
        while true {
            statement.bind(1, last)
            defer { statement.reset() }
            guard try statement.step(), !statement.isNull(0) else { break }
            last = statement.text(0)
            found.insert(last)
        }
        // Only where the overlay has a say it must be looked at closely.
        for namespace in Set(overlay.entries.keys.map(\.namespace)) {
            let leases = try leases(namespace: namespace, limit: 1)
            let markers = try markers(namespace: namespace, limit: 1)
            if leases.isEmpty && markers.isEmpty { found.remove(namespace) } else { found.insert(namespace) }
        }
        return found.sorted()
    }

    /// Leases that nobody has held since before `endedBefore`: what the sweeper deletes.
    public func idleLeases(endedBefore: Timestamp, limit: Int) throws(StoreError) -> [Key] {
        onLoop()
        var keys: [Key] = []
        for (key, entry) in overlay.entries where keys.count < limit {
            if let since = entry.lease?.value?.idleSince, since < endedBefore { keys.append(key) }
        }
        let statement = try openReader().lists.idle
        statement.bind(1, endedBefore.microseconds)
        defer { statement.reset() }
        while keys.count < limit, try statement.step() {
            let key = Key(namespace: statement.text(0), name: statement.text(1))
            if overlay.entries[key]?.lease == nil { keys.append(key) }
        }
        return keys
    }
}
