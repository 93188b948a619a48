import Coordination

/// Acknowledged records that the readable tables don't have yet: the latest of each name and token.
///
/// It belongs to the loop's thread. The commit thread gets immutable batches; when
/// one is in the tables, what has not changed since is let go.
struct Overlay {
    /// A value and the turn that wrote it. Nil is a deletion, which hides the tables' row.
    struct Slot<Value: Sendable>: Sendable {
        var value: Value?
        var turn: Revision
    }

    struct Entry {
        var lease: Slot<LeaseRecord>?
        var marker: Slot<DoneMarker>?
    }

    private(set) var entries: [Key: Entry] = [:]
    /// Those that have ended.
    private(set) var holds: [FencingToken: Slot<HoldRecord>] = [:]
    private(set) var namespaces: [String: Slot<NamespaceRecord>] = [:]
    private(set) var aliases: [Key: Slot<AliasRecord>] = [:]
    private(set) var aliasMoves: [Revision: AliasMove] = [:]
    /// In the order of their revisions.
    private(set) var audit: [AuditEntry] = []
    /// In the order of their revisions.
    private(set) var waits: [WaitsRecord] = []
    /// The latest turn in here, or before.
    private(set) var revision: Revision = 0

    var count: Int {
        entries.count + holds.count + namespaces.count + audit.count + waits.count + aliases.count
            + aliasMoves.count
    }
    var isEmpty: Bool { count == 0 }

    mutating func apply(_ changes: [Change], turn: Revision) {
        precondition(turn >= revision, "turns come in order")
        revision = turn
        for change in changes {
            switch change {
            case .lease(let record, _):
                entries[record.key, default: Entry()].lease = Slot(value: record, turn: turn)
            case .leaseDeleted(let record, _):
                entries[record.key, default: Entry()].lease = Slot(value: nil, turn: turn)
            case .marker(let record, _):
                entries[record.key, default: Entry()].marker = Slot(value: record, turn: turn)
            case .markerDeleted(let record, _):
                entries[record.key, default: Entry()].marker = Slot(value: nil, turn: turn)
            case .hold(let record):
                // A journal of before version 10 has them when they begin, too.
                if record.end != nil { holds[record.token] = Slot(value: record, turn: turn) }
            case .audit(let entry): audit.append(entry)
            case .waits(let record): waits.append(record)
            case .alias(let record, let move):
                aliases[move.key] = Slot(value: record, turn: turn)
                aliasMoves[move.revision] = move
            case .namespace(let record, _): namespaces[record.name] = Slot(value: record, turn: turn)
            case .namespaceDeleted(let record, _): namespaces[record.name] = Slot(value: nil, turn: turn)
            }
        }
    }

    /// All of it, for the tables.
    func batch() -> Batch {
        var rows: [Row] = []
        rows.reserveCapacity(count + entries.count)
        for (key, entry) in entries {
            if let slot = entry.lease {
                rows.append(slot.value.map { .lease($0) } ?? .noLease(key))
            }
            if let slot = entry.marker {
                rows.append(slot.value.map { .marker($0) } ?? .noMarker(key))
            }
        }
        for slot in holds.values { if let hold = slot.value { rows.append(.hold(hold)) } }
        for (name, slot) in namespaces {
            rows.append(slot.value.map { .namespace($0) } ?? .noNamespace(name))
        }
        for entry in audit { rows.append(.audit(entry)) }
        for record in waits { rows.append(.waits(record)) }
        for (key, slot) in aliases { rows.append(slot.value.map { .alias($0) } ?? .noAlias(key)) }
        for move in aliasMoves.values { rows.append(.aliasMove(move)) }
        return Batch(revision: revision, rows: rows)
    }

    /// The tables have the batch: let go of what has not changed since.
    mutating func retire(_ batch: Batch) {
        audit.removeSubrange(..<(audit.firstIndex { $0.revision > batch.revision } ?? audit.count))
        waits.removeSubrange(..<(waits.firstIndex { $0.revision > batch.revision } ?? waits.count))
        for row in batch.rows {
            switch row {
            case .lease(let record): retireLease(record.key, batch.revision)
            case .noLease(let key): retireLease(key, batch.revision)
            case .marker(let record): retireMarker(record.key, batch.revision)
            case .noMarker(let key): retireMarker(key, batch.revision)
            case .hold(let record):
                if let slot = holds[record.token], slot.turn <= batch.revision { holds[record.token] = nil }
            case .namespace(let record): retireNamespace(record.name, batch.revision)
            case .noNamespace(let name): retireNamespace(name, batch.revision)
            case .alias(let record): retireAlias(record.key, batch.revision)
            case .noAlias(let key): retireAlias(key, batch.revision)
            case .aliasMove(let move): aliasMoves[move.revision] = nil
            case .audit, .waits: break
            }
        }
    }

    private mutating func retireNamespace(_ name: String, _ revision: Revision) {
        if let slot = namespaces[name], slot.turn <= revision { namespaces[name] = nil }
    }

    private mutating func retireAlias(_ key: Key, _ revision: Revision) {
        if let slot = aliases[key], slot.turn <= revision { aliases[key] = nil }
    }

    private mutating func retireLease(_ key: Key, _ revision: Revision) {
        guard var entry = entries[key], let slot = entry.lease, slot.turn <= revision else { return }
        entry.lease = nil
        entries[key] = entry.marker == nil ? nil : entry
    }

    private mutating func retireMarker(_ key: Key, _ revision: Revision) {
        guard var entry = entries[key], let slot = entry.marker, slot.turn <= revision else { return }
        entry.marker = nil
        entries[key] = entry.lease == nil ? nil : entry
    }
}
