import Coordination

@testable import Store

/// The store in a few lines: what every state must be, turn by turn.
struct Model {
    var leases: [Key: LeaseRecord] = [:]
    var markers: [Key: DoneMarker] = [:]
    /// Those that have ended.
    var holds: [FencingToken: HoldRecord] = [:]
    var audit: [AuditEntry] = []
    var namespaces: [String: NamespaceRecord] = [:]
    var waits: [WaitsRecord] = []
    var aliases: [Key: AliasRecord] = [:]
    var moves: [AliasMove] = []

    mutating func apply(_ changes: [Change]) {
        for change in changes {
            switch change {
            case .lease(let record, _): leases[record.key] = record
            case .leaseDeleted(let record, _): leases[record.key] = nil
            case .marker(let record, _): markers[record.key] = record
            case .markerDeleted(let record, _): markers[record.key] = nil
            case .hold(let record): holds[record.token] = record
            case .audit(let entry): audit.append(entry)
            case .waits(let record): waits.append(record)
            case .namespace(let record, _): namespaces[record.name] = record
            case .namespaceDeleted(let record, _): namespaces[record.name] = nil
            case .alias(let record, let move):
                aliases[move.key] = record
                moves.append(move)
            }
        }
    }

    /// The holds that ended, and those that the leases have; newest first.
    func history(namespace: String, name: String? = nil, before: FencingToken? = nil) -> [HoldRecord] {
        (holds.values + leases.values.compactMap(\.holdRecord)).filter { hold in
            hold.key.namespace == namespace && (name == nil || hold.key.name == name!)
                && hold.token < before ?? .max
        }.sorted { $0.token > $1.token }
    }

    /// What each namespace has, counted from nothing.
    var usage: [String: NamespaceUsage] {
        var usage: [String: NamespaceUsage] = [:]
        for lease in leases.values {
            usage[lease.key.namespace, default: NamespaceUsage()].leases += 1
            usage[lease.key.namespace]!.bytes += RecordCodec.size(lease)
        }
        for marker in markers.values {
            usage[marker.key.namespace, default: NamespaceUsage()].markers += 1
            usage[marker.key.namespace]!.bytes += RecordCodec.size(marker)
        }
        return usage
    }

    /// Compares everything that the store shows.
    func matches(_ store: SQLiteStore, _ keys: [Key]) throws -> Bool {
        for records in try store.fetch(keys) {
            if records.lease != leases[records.key] || records.marker != markers[records.key] { return false }
        }
        for namespace in Set(keys.map(\.namespace)) {
            let mine = { (key: Key) in key.namespace == namespace }
            let expectedLeases = leases.values.filter { mine($0.key) }.sorted { $0.key < $1.key }
            let expectedMarkers = markers.values.filter { mine($0.key) }.sorted { $0.key < $1.key }
            let expectedHolds = Array(history(namespace: namespace).prefix(1000))
            if try store.leases(namespace: namespace, limit: 1000) != expectedLeases { return false }
            if try store.markers(namespace: namespace, limit: 1000) != expectedMarkers { return false }
            if try store.history(namespace: namespace, limit: 1000) != expectedHolds { return false }
            let expectedWaits = waits.filter { mine($0.key) }.sorted { $0.revision > $1.revision }
            if try store.waits(of: namespace, limit: 1000) != expectedWaits { return false }
        }
        if try store.audit(AuditFilter(limit: 1000), isVisible: { _ in true }).entries != audit.reversed() {
            return false
        }
        for key in keys {
            let holds = history(namespace: key.namespace, name: key.name)
            if try store.history(namespace: key.namespace, name: key.name, limit: 1000) != holds {
                return false
            }
            let expected = Array(moves.filter { $0.key == key }.reversed())
            if try store.aliasHistory(key, limit: 1000) != expected { return false }
        }
        let stored = try store.aliasRecords(store.openReader()).sorted { $0.key < $1.key }
        if stored != aliases.values.sorted(by: { $0.key < $1.key }) { return false }
        let written = namespaces.values.sorted { $0.name < $1.name }
        if store.namespaceRecords().filter({ $0.created > 0 }) != written { return false }
        let namespaces = Set(leases.keys.map(\.namespace)).union(markers.keys.map(\.namespace))
        return try store.namespaces() == namespaces.sorted()
    }
}

/// Random turns over few names, so that they meet. Some of the names look like those of members.
///
/// A lease loses its hold only with a hold's end in the same turn, as in the core. All turns are taken to be
/// committed.
struct Workload {
    var random: Seeded
    let keys: [Key] =
        (0..<12).map { Key(namespace: "ns-\($0 % 3)", name: "work-\($0)") }
        + ["work-0.hold-0", "work-0.hold-09", "work-0.hold-x"].map { Key(namespace: "ns-0", name: $0) }
    private var leases: [Key: LeaseRecord] = [:]
    private var lastToken: FencingToken = 0

    init(seed: UInt64) { random = Seeded(seed) }

    private mutating func aliasStep(_ revision: Revision) -> Change {
        let key = keys[random.pick(0..<keys.count)]
        var record = random.chance() ? random.alias(key) : nil
        record?.revision = revision
        record?.createdAt = Fleet.began
        record?.movedAt = Fleet.began
        var move = random.move(key, revision)
        move.at = Fleet.began
        return .alias(record, move)
    }

    mutating func changes(_ revision: Revision) -> [Change] {
        var changes = (0..<random.pick(1..<4)).flatMap { _ in step(revision) }
        if random.chance() { changes.append(.audit(Fleet.entry(revision))) }
        if random.chance() { changes.append(namespaceStep(revision)) }
        if random.chance() {
            changes.append(.waits(Fleet.waits(keys[random.pick(0..<keys.count)], revision)))
        }
        if random.chance() { changes.append(aliasStep(revision)) }
        return changes
    }

    /// Of namespaces that have nothing else.
    private mutating func namespaceStep(_ revision: Revision) -> Change {
        var record = Fleet.namespace("ns-\(random.pick(3..<9))", revision)
        if random.pick(0..<3) == 0 { return .namespaceDeleted(record, at: revision) }
        record.metadata = random.bytes()
        record.terminatingSince = random.maybe { _ in Fleet.began }
        return .namespace(record)
    }

    private mutating func step(_ revision: Revision) -> [Change] {
        let key = keys[random.pick(0..<keys.count)]
        switch random.pick(0..<10) {
        case 0: return delete(key, revision)
        case 1: return [.marker(Fleet.marker(key, revision, retention: random.maybe { _ in .minutes(10) }))]
        case 2: return [.markerDeleted(Fleet.marker(key, 1), at: revision)]
        case 3: return end(key, revision) + [put(Fleet.lease(key, revision, held: false))]
        case 4, 5: return [begin(Fleet.member(of: key, token(revision)))]
        case 6:
            let member = pick { $0.group != nil }
            return member.map { delete($0, revision) } ?? []
        case 7: return enter(revision)
        default: return end(key, revision) + [begin(Fleet.lease(key, token(revision), held: true))]
        }
    }

    /// Of no other hold, even in one turn.
    private mutating func token(_ revision: Revision) -> FencingToken {
        lastToken = max(lastToken + 1, revision)
        return lastToken
    }

    private mutating func pick(_ isWanted: (LeaseRecord) -> Bool) -> Key? {
        let found = leases.values.filter(isWanted).map(\.key).sorted()
        return found.isEmpty ? nil : found[random.pick(0..<found.count)]
    }

    private mutating func put(_ lease: LeaseRecord) -> Change {
        leases[lease.key] = lease
        return .lease(lease)
    }

    private mutating func begin(_ lease: LeaseRecord) -> Change {
        var lease = lease
        lease.hold!.info["padding"] = String(repeating: "x", count: random.pick(0..<3000))
        return put(lease)
    }

    private mutating func enter(_ revision: Revision) -> [Change] {
        guard let key = pick({ $0.hold != nil }) else { return [] }
        var lease = leases[key]!
        lease.hold!.phases.append(Phase(name: "pushing", at: Fleet.began, revision: revision))
        return [put(lease)]
    }

    /// The hold's end, where there is one: what becomes of the lease follows.
    private func end(_ key: Key, _ revision: Revision) -> [Change] {
        guard var record = leases[key]?.holdRecord else { return [] }
        record.end = HoldRecord.End(
            how: .resigned, reason: nil, by: nil, at: Fleet.began, revision: revision)
        return [.hold(record)]
    }

    private mutating func delete(_ key: Key, _ revision: Revision) -> [Change] {
        let ended = end(key, revision)
        var lease = leases.removeValue(forKey: key) ?? Fleet.lease(key, 1, held: false)
        lease.hold = nil
        return ended + [.leaseDeleted(lease, at: revision)]
    }
}
