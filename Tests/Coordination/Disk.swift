@testable import Coordination

/// What a store keeps, as dictionaries: the changes of every committed turn, replayed.
struct Disk {
    private(set) var revision: Revision = 0
    var leases: [Key: LeaseRecord] = [:]
    var markers: [Key: DoneMarker] = [:]
    var namespaces: [String: NamespaceRecord] = [:]
    var aliases: [Key: AliasRecord] = [:]
    /// The aliases' history. A story that prunes it removes from here.
    var moves: [Revision: AliasMove] = [:]
    /// The history: holds that ended, and those that last, as their leases have them. A story that prunes it
    /// removes from here.
    var holds: [FencingToken: HoldRecord] = [:]
    /// What no journal may hold: changes out of order, two holds at a time, a token that went back.
    private(set) var faults: [String] = []
    private var lastToken: FencingToken = 0
    /// The holds that the latest commit began or ended.
    private(set) var latest: [HoldRecord] = []
    private(set) var audit: [AuditEntry] = []
    private(set) var waits: [WaitsRecord] = []

    /// The holds of each name that began and have not ended.
    private(set) var open: [Key: [HoldRecord]] = [:]

    mutating func commit(_ changes: [Change], upTo revision: Revision) {
        var before = self.revision + 1
        latest = []
        for change in changes {
            if change.revision < before {
                faults.append("a change at \(change.revision) after one at \(before): \(change)")
            }
            before = change.revision
            write(change)
        }
        if before > revision && !changes.isEmpty {
            faults.append("a change at \(before) in a turn up to \(revision)")
        }
        self.revision = revision
    }

    private mutating func write(_ change: Change) {
        switch change {
        case .lease(let lease, let was):
            demandNamespace(lease.key)
            let before = leases[lease.key]
            if let before { compareVersions(before, lease) }
            demandNews(change, was, before?.metadata, lease.metadata)
            if let hold = before?.hold, hold.token != lease.hold?.token { demandEnd(of: hold, lease.key) }
            if let hold = lease.holdRecord { note(hold) }
            leases[lease.key] = lease
        case .leaseDeleted(let lease, _):
            let before = leases.removeValue(forKey: lease.key)
            if before == nil { faults.append("\(lease.key.name): no lease to delete") }
            if let hold = before?.hold { demandEnd(of: hold, lease.key) }
        case .marker(let marker, let was):
            demandNamespace(marker.key)
            let before = markers[marker.key]
            demandNews(change, was, before?.metadata, marker.metadata)
            if let before { compareMarkers(before, marker) }
            markers[marker.key] = marker
        case .markerDeleted(let marker, _):
            if markers.removeValue(forKey: marker.key) == nil {
                faults.append("\(marker.key.name): no marker to delete")
            }
        case .hold(let hold):
            if hold.end == nil { faults.append("\(hold.key.name): \(hold.token) lasts, and has a row") }
            end(hold)
            holds[hold.token] = hold
            latest.append(hold)
        case .audit(let entry): audit.append(entry)
        case .waits(let record): waits.append(record)
        case .alias(let record, let move): note(record, move)
        case .namespace(let namespace, let was):
            let before = namespaces[namespace.name]
            demandNews(change, was, before?.metadata, namespace.metadata)
            if let before, before.version >= namespace.version || before.created != namespace.created {
                faults.append("\(namespace.name): after \(before) came \(namespace)")
            }
            namespaces[namespace.name] = namespace
        case .namespaceDeleted(let namespace, _):
            if namespaces.removeValue(forKey: namespace.name) != namespace {
                faults.append("\(namespace.name): another namespace was deleted")
            }
            if usage[namespace.name] != nil { faults.append("\(namespace.name) went and was not empty") }
        }
    }

    /// What its lease says of a hold while it lasts.
    private mutating func note(_ hold: HoldRecord) {
        guard let before = holds[hold.token] else {
            begin(hold)
            holds[hold.token] = hold
            return latest.append(hold)
        }
        if before == hold { return }
        enter(hold, after: before)
        holds[hold.token] = hold
        latest.append(hold)
    }

    /// Whoever takes a hold from a lease must have told the history.
    private mutating func demandEnd(of hold: Hold, _ key: Key) {
        if holds[hold.token]?.end == nil {
            faults.append("\(key.name): \(hold.token) is gone, and the history has no end of it")
        }
    }

    /// A move leads from what was there to what is there, and its alias has what it says.
    private mutating func note(_ record: AliasRecord?, _ move: AliasMove) {
        let before = aliases[move.key]
        if move.from != before?.target || move.to != record?.target {
            faults.append("\(move.key.name): \(move) after \(before, default: "nothing")")
        }
        if let record, (record.revision, record.before) != (move.revision, before?.revision ?? 0) {
            faults.append("\(move.key.name): \(record) by \(move)")
        }
        aliases[move.key] = record
        moves[move.revision] = move
    }

    private mutating func demandNamespace(_ key: Key) {
        if namespaces[key.namespace] == nil { faults.append("\(key) is in no namespace") }
    }

    /// A change says which metadata it replaced, and whether it made the object.
    private mutating func demandNews(
        _ change: Change, _ was: [UInt8]?, _ before: [UInt8]?, _ after: [UInt8]
    ) {
        if was != (before == after ? nil : before) { faults.append("\(change) says \(was as Any)") }
        if change.isNew != (before == nil) { faults.append("\(change) is new, or isn't") }
    }

    /// Nothing of a marker changes but its metadata, and with them its version.
    private mutating func compareMarkers(_ before: DoneMarker, _ after: DoneMarker) {
        var same = before
        (same.metadata, same.version) = (after.metadata, after.version)
        if same != after || before.version >= after.version {
            faults.append("\(after.key.name): \(before) became \(after)")
        }
    }

    /// One version never has two contents, and no version comes after a later one.
    private mutating func compareVersions(_ before: LeaseRecord, _ after: LeaseRecord) {
        let seen = (before.spec, before.metadata) == (after.spec, after.metadata)
        if before.version == after.version && !seen {
            faults.append("\(after.key.name): version \(after.version) has two contents")
        }
        if after.version < before.version { faults.append("\(after.key.name): its version went back") }
    }

    private mutating func begin(_ hold: HoldRecord) {
        for other in open[hold.key] ?? [] where !other.mode.mayHold(beside: hold.mode) {
            faults.append("\(hold.key.name): \(hold.token) began while \(other.token) lasted")
        }
        if case .permits(let count) = hold.mode,
            open[hold.key, default: []].filter({ $0.mode == hold.mode }).count >= count
        {
            faults.append("\(hold.key.name): \(hold.token) is one more than \(count)")
        }
        if hold.token <= lastToken { faults.append("token \(hold.token) after \(lastToken)") }
        lastToken = hold.token
        open[hold.key, default: []].append(hold)
    }

    private mutating func enter(_ hold: HoldRecord, after before: HoldRecord) {
        guard let index = open[hold.key]?.firstIndex(where: { $0.token == hold.token }) else {
            return faults.append("\(hold.key.name): \(hold.token) entered a phase and was no hold")
        }
        var same = before
        same.phases = hold.phases
        if hold != same { faults.append("\(before) became \(hold)") }
        if hold.revision <= before.revision { faults.append("a phase that was there: \(hold)") }
        open[hold.key]![index] = hold
    }

    private mutating func end(_ hold: HoldRecord) {
        guard let index = open[hold.key]?.firstIndex(where: { $0.token == hold.token }) else {
            return faults.append("\(hold.key.name): \(hold.token) ended and was not the hold")
        }
        var same = hold
        same.end = nil
        if open[hold.key]![index] != same { faults.append("\(open[hold.key]![index]) ended as \(hold)") }
        open[hold.key]!.remove(at: index)
        if open[hold.key]!.isEmpty { open[hold.key] = nil }
    }

    func records(_ key: Key) -> NameRecords {
        NameRecords(key: key, lease: leases[key], marker: markers[key])
    }

    /// What a start loads: every lease that is held, the name of each member, every marker with a
    /// retention.
    var atStart: [NameRecords] {
        let held = leases.values.filter { $0.hold != nil }
        let keys = Set(held.map(\.key)).union(held.map(\.nameKey))
            .union(markers.filter { $0.value.retention != nil }.keys)
        return keys.sorted().map(records)
    }

    /// Not the store's encoding: longer texts weigh more, and so does a held lease.
    static let scale = Scale(
        lease: { 100 + ($0.hold?.holder.utf8.count ?? 0) + ($0.last?.reason?.utf8.count ?? 0) },
        marker: { marker in
            200 + marker.finding.result.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        })

    /// What a store counts for each namespace, counted from nothing.
    var usage: [String: NamespaceUsage] {
        var usage: [String: NamespaceUsage] = [:]
        for lease in leases.values {
            usage[lease.key.namespace, default: NamespaceUsage()].leases += 1
            usage[lease.key.namespace]!.bytes += Self.scale.lease(lease)
        }
        for marker in markers.values {
            usage[marker.key.namespace, default: NamespaceUsage()].markers += 1
            usage[marker.key.namespace]!.bytes += Self.scale.marker(marker)
        }
        return usage
    }

    /// The same with the places kept for open holds, as the core has it.
    private var withReserved: [String: NamespaceUsage] {
        var usage = usage
        for lease in leases.values where lease.way == .once && markers[lease.key] == nil {
            guard let hold = lease.hold, !hold.isWritten else { continue }
            usage[lease.key.namespace]!.reserved += 1
        }
        return usage
    }

    /// Where memory and disk differ, at a moment when no turn is open.
    func differences(from core: Coordinator) -> [String] {
        var found = faults
        for (key, name) in core.names {
            if name.lease != leases[key] { found.append("\(key.name): the disk has another lease") }
            if name.marker != markers[key] { found.append("\(key.name): the disk has another marker") }
            let here =
                (name.lease?.hold.map { [$0.token] } ?? []) + name.members.map(\.token)
                + name.observers.map(\.token)
            let there =
                name.lease?.group == nil
                ? open[key, default: []].map(\.token) : name.lease!.hold.map { [$0.token] } ?? []
            if here.sorted() != there { found.append("\(key.name): the history has other holds, \(there)") }
            if name.isUnwritten && name.lease != nil { found.append("\(key.name): its lease wasn't written") }
            for member in name.members + name.observers
            where core.names[key.member(member.token)]?.lease?.hold == nil {
                found.append("\(key.name): \(member.token) is no hold")
            }
        }
        for lease in leases.values {
            guard let group = lease.group else { continue }
            if lease.hold == nil { found.append("\(lease.key.name) is left behind") }
            if leases[lease.nameKey] == nil, lease.hold?.mode != .observe {
                found.append("\(group) has a member and no lease")
            }
        }
        for key in open.keys where !core.knows(key) { found.append("\(key.name) is held and forgotten") }
        if core.aliases.records != aliases {
            found.append("the core has the aliases \(core.aliases.records), the disk \(aliases)")
        }
        for alias in aliases.values where markers[alias.marker]?.revision != alias.target.revision {
            found.append("\(alias.key.name) dangles: \(alias.target)")
        }
        if core.figures.holds != open.values.reduce(0, { $0 + $1.count }) {
            found.append("figures count other holds")
        }
        if core.namespaces != namespaces {
            found.append("the core has the namespaces \(core.namespaces), the disk \(namespaces)")
        }
        for namespace in namespaces.values where usage[namespace.name] == nil {
            if !namespace.isClients && !namespace.isTerminating {
                found.append("\(namespace.name) has nothing and is still there")
            }
        }
        if core.usage.namespaces != withReserved {
            found.append("the core counts \(core.usage.namespaces), on disk are \(withReserved)")
        }
        if core.usageInAll != withReserved.values.reduce(NamespaceUsage(), +) {
            found.append("the sum of all namespaces is wrong")
        }
        return found
    }
}

extension Change {
    /// Nil for what is of no name.
    var key: Key? {
        switch self {
        case .lease(let lease, _): lease.key
        case .marker(let marker, _): marker.key
        case .leaseDeleted(let lease, _): lease.key
        case .markerDeleted(let marker, _): marker.key
        case .hold(let hold): hold.key
        case .waits(let record): record.key
        case .audit, .namespace, .namespaceDeleted, .alias: nil
        }
    }
}

extension Mode {
    /// Said once more, without the core: only shared ones, and permits of one number, hold together.
    /// Who observes is beside anybody.
    func mayHold(beside other: Mode) -> Bool {
        self == .observe || other == .observe || (self == other && self != .exclusive)
    }
}
