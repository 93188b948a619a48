import Coordination

/// Values by their names, those that were used last: so many at least, and twice as many at most.
///
/// In two generations: what is used moves into the young one; when that is full it becomes the old one, and what
/// the old one still had is forgotten.
struct Recent<Value> {
    let count: Int
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]

    init(count: Int) { self.count = count }

    mutating func value(_ key: Key) -> Value? {
        if let value = young[key] { return value }
        guard let value = old.removeValue(forKey: key) else { return nil }
        put(value, key)
        return value
    }

    mutating func put(_ value: Value, _ key: Key) {
        if young.count >= count { (old, young) = (young, [:]) }
        young[key] = value
    }

    mutating func forget(_ key: Key) {
        if !young.isEmpty { young[key] = nil }
        if !old.isEmpty { old[key] = nil }
    }

    mutating func forgetAll() { (young, old) = ([:], [:]) }
}

/// What the tables were found to have, so that who asks again and again for a name costs no transaction: to begin and
/// to end one takes two locks on files, which is most of reading one record.
///
/// A turn that writes a name puts it into the overlay, which is asked first, and out of here. So what is here is what
/// the tables have of every name that the overlay doesn't. Nil is a name that isn't there.
struct RecentReads {
    var leases = Recent<LeaseRecord?>(count: 512)
    var markers = Recent<DoneMarker?>(count: 512)

    mutating func forget(_ changes: [Change]) {
        for change in changes {
            switch change {
            case .lease(let lease, _), .leaseDeleted(let lease, _): leases.forget(lease.key)
            case .marker(let marker, _), .markerDeleted(let marker, _): markers.forget(marker.key)
            case .namespace, .namespaceDeleted, .hold, .audit, .waits, .alias: break
            }
        }
    }

    mutating func forgetAll() {
        leases.forgetAll()
        markers.forgetAll()
    }
}
