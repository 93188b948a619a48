/// How many requests wait: for each name, each namespace and each client.
///
/// A request that waits for several markers counts once for each of their names, and once for
/// their namespace.
struct WaiterCounts: Sendable {
    private(set) var names: [Key: Int] = [:]
    private(set) var namespaces: [String: Int] = [:]
    private(set) var clients: [String: Int] = [:]

    mutating func add(_ place: Place) { change(place, by: 1) }
    mutating func remove(_ place: Place) { change(place, by: -1) }

    private mutating func change(_ place: Place, by step: Int) {
        for key in place.counted { Self.change(&names[key], by: step) }
        change(place.counted.first?.namespace, place.client, by: step)
    }

    mutating func change(_ namespace: String?, _ client: String?, by step: Int) {
        if let namespace { Self.change(&namespaces[namespace], by: step) }
        if let client { Self.change(&clients[client], by: step) }
    }

    private static func change(_ count: inout Int?, by step: Int) {
        let new = (count ?? 0) + step
        count = new == 0 ? nil : new
    }

    /// Whether one more may wait there.
    func room(for place: Place, _ limits: CoreSettings) throws(Rejection) {
        for key in place.counted { try Self.check(.waitersOfName, names[key], limits.nameWaitersMax) }
        try room(place.counted.first?.namespace, place.client, limits)
    }

    func room(_ namespace: String?, _ client: String?, _ limits: CoreSettings) throws(Rejection) {
        if let namespace {
            try Self.check(.waitersOfNamespace, namespaces[namespace], limits.namespaceWaitersMax)
        }
        if let client { try Self.check(.waitersOfClient, clients[client], limits.clientWaitersMax) }
    }

    private static func check(_ bound: Bound, _ count: Int?, _ limit: Int) throws(Rejection) {
        if count ?? 0 >= limit { throw .tooMany(bound, limit: limit) }
    }
}

extension Coordinator {
    /// Requests of this namespace that wait, to be elected or for a marker.
    public func waiters(in namespace: String) -> Int { waiterCounts.namespaces[namespace] ?? 0 }

    /// A request waits that the core knows nothing of, and is counted as all others who wait there. No
    /// part of a turn.
    public mutating func beginWaiting(in namespace: String, client: String?) throws(Rejection) {
        try waiterCounts.room(namespace, client, settings)
        waiterCounts.change(namespace, client, by: 1)
        waitersElsewhere += 1
    }

    public mutating func endWaiting(in namespace: String, client: String?) {
        waiterCounts.change(namespace, client, by: -1)
        waitersElsewhere -= 1
    }

    /// The one way in which a request begins to wait, or ends.
    mutating func setPlace(of request: RequestID, to place: Place?) {
        if let old = requests[request] { waiterCounts.remove(old) }
        if let place { waiterCounts.add(place) }
        note(requests[request], of: request, watching: false)
        note(place, of: request, watching: true)
        requests[request] = place
    }
}
