@testable import Coordination

/// What there may be at the most: counted from nothing whenever it is asked for.
extension Model {
    var usage: NamespaceUsage {
        names.values.reduce(NamespaceUsage()) { sum, name in
            var sum = sum
            if let lease = name.lease {
                sum.leases += 1
                sum.bytes += Disk.scale.lease(lease)
            }
            if let marker = name.marker {
                sum.markers += 1
                sum.bytes += Disk.scale.marker(marker)
            } else if let hold = name.hold, !hold.isWritten, name.lease!.way == .once {
                sum.reserved += 1
            }
            return sum
        }
    }

    /// Room for an election, or (without a way) for a marker.
    func room(_ key: Key, electing way: Way?, mode: Mode = .exclusive) throws(Rejection) {
        let name = names[key]!
        let used = usage
        let leases =
            way == nil ? 0 : (name.lease == nil && mode != .observe ? 1 : 0) + (mode == .exclusive ? 0 : 1)
        let needsMarker = way != .lock && name.marker == nil
        func refuse(_ bound: Bound, _ used: Int, _ limit: Int) -> Rejection {
            .quotaExceeded(bound, namespace: key.namespace, limit: limit, used: used)
        }
        if leases > 0 && used.leases + leases > settings.namespaceLeasesMax {
            throw refuse(.leases, used.leases, settings.namespaceLeasesMax)
        }
        if needsMarker && used.markers + used.reserved >= settings.namespaceMarkersMax {
            throw refuse(.markers, used.markers + used.reserved, settings.namespaceMarkersMax)
        }
        if (leases > 0 || needsMarker) && used.bytes >= settings.namespaceBytesMax {
            throw refuse(.bytes, used.bytes, settings.namespaceBytesMax)
        }
    }

    func roomToWait(for keys: [Key], _ client: String?) throws(Rejection) {
        let parked = names.flatMap { key, name in
            name.queue.filter { $0.isAt(key) }.flatMap { place in
                place.requests.map {
                    (keys: place.names.isEmpty ? [key] : place.names, client: clients[$0])
                }
            }
        }
        let all = parked + waits.map { (keys: $0.wait.keys, client: $0.wait.client) }
        for key in keys where all.filter({ $0.keys.contains(key) }).count >= settings.nameWaitersMax {
            throw .tooMany(.waitersOfName, limit: settings.nameWaitersMax)
        }
        if all.count >= settings.namespaceWaitersMax {
            throw .tooMany(.waitersOfNamespace, limit: settings.namespaceWaitersMax)
        }
        if let client, all.filter({ $0.client == client }).count >= settings.clientWaitersMax {
            throw .tooMany(.waitersOfClient, limit: settings.clientWaitersMax)
        }
    }
}
