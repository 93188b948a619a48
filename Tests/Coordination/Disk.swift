@testable import Coordination

/// What a store keeps, as dictionaries: the changes of every committed turn, replayed.
struct Disk {
    private(set) var revision: Revision = 0
    var leases: [Key: LeaseRecord] = [:]
    var markers: [Key: DoneMarker] = [:]
    /// The history. A story that prunes it removes from here.
    var holds: [FencingToken: HoldRecord] = [:]
    /// What no journal may hold: changes out of order, two holds at a time, a token that went back.
    private(set) var faults: [String] = []
    private var lastToken: FencingToken = 0
    /// The holds that the latest commit began or ended.
    private(set) var latest: [HoldRecord] = []
    private(set) var audit: [AuditEntry] = []

    /// The hold of each name that began and has not ended.
    private(set) var open: [Key: FencingToken] = [:]

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
        case .lease(let lease): leases[lease.key] = lease
        case .leaseDeleted(let key, _):
            if leases.removeValue(forKey: key) == nil { faults.append("\(key.name): no lease to delete") }
        case .marker(let marker): markers[marker.key] = marker
        case .markerDeleted(let key, _):
            if markers.removeValue(forKey: key) == nil { faults.append("\(key.name): no marker to delete") }
        case .hold(let hold):
            if hold.end == nil { begin(hold) } else { end(hold) }
            holds[hold.token] = hold
            latest.append(hold)
        case .audit(let entry): audit.append(entry)
        }
    }

    private mutating func begin(_ hold: HoldRecord) {
        if let other = open[hold.key] {
            faults.append("\(hold.key.name): \(hold.token) began while \(other) lasted")
        }
        if hold.token <= lastToken { faults.append("token \(hold.token) after \(lastToken)") }
        lastToken = hold.token
        open[hold.key] = hold.token
    }

    private mutating func end(_ hold: HoldRecord) {
        if open.removeValue(forKey: hold.key) != hold.token {
            faults.append("\(hold.key.name): \(hold.token) ended and was not the hold")
        }
    }

    func records(_ key: Key) -> NameRecords {
        NameRecords(key: key, lease: leases[key], marker: markers[key])
    }

    /// What a start loads: every lease that is held, every marker with a retention.
    var atStart: [NameRecords] {
        let keys = Set(leases.filter { $0.value.hold != nil }.keys)
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
        for lease in leases.values where lease.hold != nil && lease.way == .once && markers[lease.key] == nil
        {
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
            if name.lease?.hold?.token != open[key] {
                found.append("\(key.name): the history has another hold")
            }
        }
        for key in open.keys where !core.knows(key) { found.append("\(key.name) is held and forgotten") }
        if core.figures.holds != open.count { found.append("figures count other holds") }
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
    var revision: Revision {
        switch self {
        case .lease(let lease): lease.revision
        case .marker(let marker): marker.revision
        case .leaseDeleted(_, let at), .markerDeleted(_, let at): at
        case .hold(let hold): hold.end?.revision ?? hold.token
        case .audit(let entry): entry.revision
        }
    }

    /// Nil for what is of no name.
    var key: Key? {
        switch self {
        case .lease(let lease): lease.key
        case .marker(let marker): marker.key
        case .leaseDeleted(let key, _), .markerDeleted(let key, _): key
        case .hold(let hold): hold.key
        case .audit: nil
        }
    }
}
