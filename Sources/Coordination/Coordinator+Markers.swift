// Markers without an election, and those who wait for markers without contending.

extension Coordinator {
    mutating func mark(_ marking: Marking, at now: Now, _ effects: inout [Effect]) throws(Rejection) {
        try refuseIfTerminating(marking.key.namespace)
        var name = take(marking.key)
        defer { shelve(name, marking.key) }
        expireMarkerIfDue(&name, at: now, &effects)
        if let marker = name.marker {
            if marking.mustBeNew { throw .markerExists(marker) }
            guard marker.finding == marking.finding, marker.inputsDigest == marking.inputsDigest else {
                throw .markerDiffers(marker)
            }
            return say(.marked(marker, new: false), to: marking.request, &effects)
        }
        if let hold = name.lease?.hold, !hold.isWritten, name.lease?.way == .once {
            throw .held(view(of: name, now)!)
        }
        try room(in: marking.key.namespace, for: name, leases: name.lease == nil ? 0 : 1, markers: 1)
        if marking.isDryRun {
            return say(.marked(marker(marking, 0, at: now), new: true), to: marking.request, &effects)
        }
        beginNamespace(marking.key.namespace, at: now, &effects)
        let marker = marker(marking, nextRevision(), at: now)
        if name.wayInUse == .lock {
            // A lock reads and writes no marker; its queue stays.
            name.marker = marker
            name.markerExpiry = expiry(of: marker, at: now)
            keepMarker(&name, &effects)
            tellWaiters(&name, marking.key, &effects)
        } else {
            settleName(&name, with: marker, endingHold: false, at: now, &effects)
        }
        recordMark(marking, marker, at: now, &effects)
        say(.marked(marker, new: true), to: marking.request, &effects)
    }

    private func marker(_ marking: Marking, _ revision: Revision, at now: Now) -> DoneMarker {
        let isFailed = marking.finding.outcome == .failed
        var marker = DoneMarker(
            key: marking.key, revision: revision, finding: marking.finding,
            inputsDigest: marking.inputsDigest, holder: marking.holder, principal: marking.principal,
            token: nil, attempt: 1, info: marking.info, start: now.wall, end: now.wall,
            retention: marking.retention ?? (isFailed ? settings.failedRetention : nil))
        marker.metadata = marking.metadata
        return marker
    }

    mutating func describe(
        _ description: MarkerDescription, at now: Now, _ effects: inout [Effect]
    ) throws(Rejection) {
        var name = take(description.key)
        defer { shelve(name, description.key) }
        expireMarkerIfDue(&name, at: now, &effects)
        guard var marker = name.marker else { throw .notFound(description.key) }
        guard marker.version == description.version else { throw .revisionDiffers(current: marker.version) }
        let was = marker.metadata
        marker.metadata = description.metadata
        if was != marker.metadata, !description.isDryRun {
            marker.version = nextRevision()
            name.marker = marker
            keepMarker(&name, was: was, &effects)
        }
        say(.described(marker), to: description.request, &effects)
    }

    mutating func unmark(_ unmarking: Unmarking, at now: Now, _ effects: inout [Effect]) throws(Rejection) {
        guard let marker = names[unmarking.key]!.marker else { throw .notFound(unmarking.key) }
        if let revision = unmarking.revision, revision != marker.revision {
            throw .revisionDiffers(current: marker.revision)
        }
        if let version = unmarking.version, version != marker.version {
            throw .revisionDiffers(current: marker.version)
        }
        try refuseIfAliased(unmarking.key)
        guard !unmarking.isDryRun else { return say(.unmarked(marker), to: unmarking.request, &effects) }
        dropAliases(of: unmarking.key, by: unmarking.origin?.identity, at: now, &effects)
        var name = take(unmarking.key)
        defer { shelve(name, unmarking.key) }
        dropMarker(&name, unmarking.key, &effects)
        tellWaiters(&name, unmarking.key, &effects) { view in
            view.verdict = .deleted
            view.about = unmarking.key
        }
        recordUnmark(unmarking, deleting: marker, at: now, &effects)
        say(.unmarked(marker), to: unmarking.request, &effects)
    }

    /// The marker goes, if there is one. Whoever waits is told by the caller.
    mutating func dropMarker(_ name: inout NameState, _ key: Key, _ effects: inout [Effect]) {
        guard let marker = name.marker else { return }
        name.marker = nil
        name.markerExpiry = nil
        // At once: the same command may need the room.
        book(&name, key)
        effects.append(.persist(.markerDeleted(marker, at: nextRevision())))
    }

    /// A marker whose retention is over is gone, whether or not its timer came first.
    mutating func expireMarkerIfDue(_ name: inout NameState, at now: Now, _ effects: inout [Effect]) {
        guard let due = name.markerDue, due <= now.instant, let marker = name.marker else { return }
        dropMarker(&name, marker.key, &effects)
    }

    // MARK: Waiters

    mutating func wait(_ wait: MarkerWait, at now: Now, _ effects: inout [Effect]) throws(Rejection) {
        for key in wait.keys {
            var name = take(key)
            expireMarkerIfDue(&name, at: now, &effects)
            shelve(name, key)
        }
        var view = markersView(wait)
        if view.verdict == .waiting, let key = view.missing.first, isTerminating(key.namespace) {
            view.verdict = .deleted
            view.about = key
        }
        guard view.verdict == .waiting, let until = wait.waitUntil, until > now.instant else {
            return say(.markers(view), to: wait.request, &effects)
        }
        let place = Place.waiter(wait, until: until)
        try waiterCounts.room(for: place, settings)
        for key in wait.keys {
            var name = take(key)
            name.waiters.append(wait.request)
            shelve(name, key)
        }
        park(wait.request, place)
        effects.append(.parked(wait.request, nil, after: revision))
    }

    /// Where a wait stands. `name` is the one that is taken out at the moment.
    func markersView(_ wait: MarkerWait, with name: NameState? = nil, of taken: Key? = nil) -> MarkersView {
        var markers: [DoneMarker] = []
        var missing: [Key] = []
        for key in wait.keys {
            let state = key == taken ? name : names[key]
            if let marker = state?.marker { markers.append(marker) } else { missing.append(key) }
        }
        let failed = markers.count { $0.finding.outcome == .failed }
        let succeeded = markers.count - failed
        let verdict: MarkersView.Verdict =
            switch wait.require {
            case .all: failed > 0 ? .failed : (missing.isEmpty ? .done : .waiting)
            case .any: succeeded > 0 ? .done : (missing.isEmpty ? .failed : .waiting)
            }
        return MarkersView(verdict: verdict, markers: markers, missing: missing)
    }

    /// This name's marker changed, or there is other news: whoever's wait that ends is told.
    mutating func tellWaiters(
        _ name: inout NameState, _ key: Key, _ effects: inout [Effect],
        news: (inout MarkersView) -> Void = { _ in }
    ) {
        let waiters = name.waiters
        name.waiters = []
        for request in waiters {
            guard case .waiter(let wait, _)? = requests[request] else { continue }
            var view = markersView(wait, with: name, of: key)
            news(&view)
            guard view.verdict != .waiting else {
                name.waiters.append(request)
                continue
            }
            for other in wait.keys where other != key { stopWaiting(request, for: other) }
            say(.markers(view), to: request, &effects)
        }
    }

    /// A hold ended without a marker, and nobody contends: whoever waits is told, and may wait on.
    mutating func tellOrphaned(_ name: inout NameState, _ effects: inout [Effect]) {
        guard let lease = name.lease, lease.way == .once, lease.hold == nil, let last = lease.last,
            name.marker == nil, name.queue.isEmpty
        else { return }
        tellWaiters(&name, lease.key, &effects) { view in
            view.verdict = .orphaned
            view.about = lease.key
            view.last = last
        }
    }

    mutating func stopWaiting(_ wait: MarkerWait) {
        for key in wait.keys { stopWaiting(wait.request, for: key) }
    }

    private mutating func stopWaiting(_ request: RequestID, for key: Key) {
        var name = take(key)
        name.waiters.removeAll { $0 == request }
        shelve(name, key)
    }
}
