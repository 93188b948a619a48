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
    private(set) var holds: [FencingToken: Slot<HoldRecord>] = [:]
    /// In the order of their revisions.
    private(set) var audit: [AuditEntry] = []
    /// The latest turn in here, or before.
    private(set) var revision: Revision = 0

    var count: Int { entries.count + holds.count + audit.count }
    var isEmpty: Bool { entries.isEmpty && holds.isEmpty && audit.isEmpty }

    mutating func apply(_ changes: [Change], turn: Revision) {
        precondition(turn >= revision, "turns come in order")
        revision = turn
        for change in changes {
            switch change {
            case .lease(let record):
                entries[record.key, default: Entry()].lease = Slot(value: record, turn: turn)
            case .leaseDeleted(let key, _):
                entries[key, default: Entry()].lease = Slot(value: nil, turn: turn)
            case .marker(let record):
                entries[record.key, default: Entry()].marker = Slot(value: record, turn: turn)
            case .markerDeleted(let key, _):
                entries[key, default: Entry()].marker = Slot(value: nil, turn: turn)
            case .hold(let record): holds[record.token] = Slot(value: record, turn: turn)
            case .audit(let entry): audit.append(entry)
            }
        }
    }

    /// All of it, for the tables.
    func batch() -> Batch {
        var changes: [Change] = []
        changes.reserveCapacity(entries.count * 2 + holds.count + audit.count)
        for (key, entry) in entries {
            if let slot = entry.lease {
                changes.append(slot.value.map { .lease($0) } ?? .leaseDeleted(key, at: slot.turn))
            }
            if let slot = entry.marker {
                changes.append(slot.value.map { .marker($0) } ?? .markerDeleted(key, at: slot.turn))
            }
        }
        for slot in holds.values { if let hold = slot.value { changes.append(.hold(hold)) } }
        for entry in audit { changes.append(.audit(entry)) }
        return Batch(revision: revision, changes: changes)
    }

    /// The tables have the batch: let go of what has not changed since.
    mutating func retire(_ batch: Batch) {
        audit.removeSubrange(..<(audit.firstIndex { $0.revision > batch.revision } ?? audit.count))
        for change in batch.changes {
            switch change {
            case .lease(let record): retireLease(record.key, batch.revision)
            case .leaseDeleted(let key, _): retireLease(key, batch.revision)
            case .marker(let record): retireMarker(record.key, batch.revision)
            case .markerDeleted(let key, _): retireMarker(key, batch.revision)
            case .hold(let record):
                if let slot = holds[record.token], slot.turn <= batch.revision { holds[record.token] = nil }
            case .audit: break
            }
        }
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

/// Records for the tables, each name and token once, and the turn up to which they are complete.
struct Batch: Sendable {
    var revision: Revision
    var changes: [Change]

    /// In the order of the tables and their keys: neighbours share a page, so that a slice
    /// dirties few of them, and the next turn's flush carries no more than those.
    ///
    /// Turns wait meanwhile: so the keys are made once, not for each of ten comparisons.
    mutating func sort() {
        var order = changes.indices.map { (key: changes[$0].sortKey, index: $0) }
        order.sort { $0.key < $1.key }
        changes = order.map { changes[$0.index] }
    }
}

extension Change {
    /// Which table, and where in it. Tokens have no more than 16 digits.
    fileprivate var sortKey: String {
        switch self {
        case .lease(let record): "0\(record.key.namespace)/\(record.key.name)"
        case .leaseDeleted(let key, _): "0\(key.namespace)/\(key.name)"
        case .marker(let record): "1\(record.key.namespace)/\(record.key.name)"
        case .markerDeleted(let key, _): "1\(key.namespace)/\(key.name)"
        case .hold(let record): "2\(record.token + 10_000_000_000_000_000)"
        case .audit(let entry): "3\(entry.revision + 10_000_000_000_000_000)"
        }
    }
}
