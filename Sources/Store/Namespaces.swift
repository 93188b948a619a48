import Coordination

/// Every namespace's record, in the order of their names: as the latest durable turn has them.
///
/// They are few and small, and every list over all namespaces goes over them: so they are in memory.
struct NamespaceShelf {
    private(set) var records: [String: NamespaceRecord] = [:]
    /// By their bytes, as the tables' names.
    private var names: [String] = []

    init(_ records: [NamespaceRecord] = []) {
        for record in records { self.records[record.name] = record }
        names = self.records.keys.sorted { ByteOrder(text: $0) < ByteOrder(text: $1) }
    }

    mutating func apply(_ changes: [Change]) {
        for change in changes {
            switch change {
            case .namespace(let record, _):
                if records.updateValue(record, forKey: record.name) == nil {
                    names.insert(record.name, at: place(behind: record.name))
                }
            case .namespaceDeleted(let record, _):
                guard records.removeValue(forKey: record.name) != nil else { continue }
                names.remove(at: place(behind: record.name) - 1)
            default: break
            }
        }
    }

    func page(after name: String, limit: Int) -> [NamespaceRecord] {
        names[place(behind: name)...].prefix(limit).map { records[$0]! }
    }

    func count(after name: String) -> Int { names.count - place(behind: name) }

    /// Where the names begin that come behind this one.
    private func place(behind name: String) -> Int {
        var (low, high) = (0, names.count)
        while low < high {
            let middle = (low + high) / 2
            if ByteOrder(text: name) < ByteOrder(text: names[middle]) {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return low
    }
}

extension SQLiteStore {
    /// As the latest durable turn has it.
    public func namespaceRecord(_ name: String) -> NamespaceRecord? {
        onLoop()
        return shelf.records[name]
    }

    /// In the order of their names, beginning after `after`.
    public func namespaceRecords(after: String = "", limit: Int = .max) -> [NamespaceRecord] {
        onLoop()
        return shelf.page(after: after, limit: limit)
    }

    /// How many come behind this name.
    public func namespaceCount(after name: String) -> Int {
        onLoop()
        return shelf.count(after: name)
    }

    /// What the tables have, with the overlay laid over them.
    func namespaceRecords(_ reader: Reader) throws(StoreError) -> [NamespaceRecord] {
        var records = overlay.namespaces.values.compactMap(\.value)
        while try reader.lists.allNamespaces.step() {
            let record = try Reader.namespace(reader.lists.allNamespaces, 0)
            if overlay.namespaces[record.name] == nil { records.append(record) }
        }
        return records
    }

    /// Turns of before there were records of namespaces began and emptied some without saying so. Those
    /// get their records here: created at 0, at version 1, for good, since it goes to the tables with the
    /// overlay. Later turns say it themselves, and there is nothing to do.
    func completeNamespaces(
        _ records: [NamespaceRecord], _ usage: [String: NamespaceUsage]
    ) -> [NamespaceRecord] {
        var known = Set<String>()
        var changes: [Change] = []
        for record in records {
            known.insert(record.name)
            let isOver = usage[record.name] == nil && !record.isClients && !record.isTerminating
            if record.created == 0, isOver { changes.append(.namespaceDeleted(record, at: acknowledged)) }
        }
        for name in usage.keys where !known.contains(name) {
            changes.append(
                .namespace(
                    NamespaceRecord(
                        name: name, created: 0, createdAt: Timestamp(microseconds: 0), version: 1)))
        }
        if !changes.isEmpty { overlay.apply(changes, turn: acknowledged) }
        var shelf = NamespaceShelf(records)
        shelf.apply(changes)
        return shelf.page(after: "", limit: .max)
    }
}
