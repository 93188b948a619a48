// Those who wait for an alias to be moved. They are parked as those who wait for markers are, and counted
// against the same limits; who watches which alias is kept where requests are parked, so that an undo puts it back.

extension Coordinator {
    mutating func wait(_ asked: AliasWait, at now: Now, _ effects: inout [Effect]) throws(Rejection) {
        var wait = asked
        // A number from the future would let the next move pass: it is from now on.
        wait.since = min(asked.since, revision)
        var view = view(for: wait)
        if view.verdict == .waiting, isTerminating(wait.key.namespace) { view.verdict = .deleted }
        guard view.verdict == .waiting, let until = wait.waitUntil, until > now.instant else {
            return say(.alias(.seen(view)), to: wait.request, &effects)
        }
        let place = Place.watcher(wait, until: until)
        try waiterCounts.room(for: place, settings)
        park(wait.request, place)
        effects.append(.parked(wait.request, nil, after: revision))
    }

    /// Who knows a revision has seen it: if it isn't there now, it was deleted since.
    func view(for wait: AliasWait) -> AliasView {
        let record = aliases[wait.key]
        let isNews = record.map { $0.revision > wait.since } ?? (wait.since > 0)
        let verdict: AliasView.Verdict = isNews ? (record == nil ? .deleted : .moved) : .waiting
        return AliasView(key: wait.key, verdict: verdict, record: record)
    }

    /// In the order in which they came.
    mutating func tellWatchers(_ key: Key, _ effects: inout [Effect]) {
        for request in (watchers[key] ?? []).sorted() {
            guard case .watcher(let wait, _)? = requests[request] else { continue }
            let view = view(for: wait)
            if view.verdict != .waiting { say(.alias(.seen(view)), to: request, &effects) }
        }
    }

    /// The namespace is being deleted: nobody moves an alias in it any more.
    mutating func sendWatchersAway(from namespace: String, _ effects: inout [Effect]) {
        for key in watchers.keys.filter({ $0.namespace == namespace }).sorted() {
            for request in watchers[key]!.sorted() {
                let view = AliasView(key: key, verdict: .deleted, record: aliases[key])
                say(.alias(.seen(view)), to: request, &effects)
            }
        }
    }

    /// The request begins to watch, or ends.
    mutating func note(_ place: Place?, of request: RequestID, watching: Bool) {
        guard case .watcher(let wait, _)? = place else { return }
        if watching {
            watchers[wait.key, default: []].insert(request)
        } else {
            watchers[wait.key]?.remove(request)
            if watchers[wait.key]?.isEmpty ?? false { watchers[wait.key] = nil }
        }
    }
}
