@testable import Coordination

/// Markers without an election, and those who wait for markers.
extension Model {
    mutating func mark(_ marking: Marking, _ now: Now) throws(Rejection) {
        let key = marking.key
        try refuseIfTerminating(key)
        dropFailedMarker(key, now)
        let name = names[key] ?? Name()
        names[key] = name
        if let marker = name.marker {
            if marking.mustBeNew { throw .markerExists(marker) }
            guard marker.finding == marking.finding, marker.inputsDigest == marking.inputsDigest else {
                throw .markerDiffers(marker)
            }
            return say(.marked(marker, new: false), to: marking.request)
        }
        if let hold = name.hold, !hold.isWritten, name.lease!.way == .once { throw .held(view(key, now)!) }
        try room(key, electing: nil)
        if !marking.isDryRun { beginNamespace(key.namespace, now) }
        let usual = marking.finding.outcome == .failed ? settings.failedRetention : nil
        var marker = DoneMarker(
            key: key, revision: marking.isDryRun ? 0 : next(), finding: marking.finding,
            inputsDigest: marking.inputsDigest, holder: marking.holder, principal: marking.principal,
            token: nil, attempt: 1, info: marking.info, start: now.wall, end: now.wall,
            retention: marking.retention ?? usual)
        marker.metadata = marking.metadata
        if !marking.isDryRun {
            if wayInUse(key) == .lock {
                names[key]!.marker = marker
                names[key]!.markerExpiry = marker.retention.map { now.instant + $0 }
                tellWaiters(key)
            } else {
                settle(marker, ending: false, now)
            }
        }
        say(.marked(marker, new: true), to: marking.request)
    }

    mutating func describe(_ description: MarkerDescription, _ now: Now) throws(Rejection) {
        dropFailedMarker(description.key, now)
        guard var marker = names[description.key]?.marker else { throw .notFound(description.key) }
        if marker.version != description.version { throw .revisionDiffers(current: marker.version) }
        let isNews = marker.metadata != description.metadata && !description.isDryRun
        marker.metadata = description.metadata
        if isNews {
            marker.version = next()
            names[description.key]!.marker = marker
        }
        say(.described(marker), to: description.request)
    }

    mutating func unmark(_ unmarking: Unmarking, _ now: Now) throws(Rejection) {
        guard let marker = names[unmarking.key]?.marker else { throw .notFound(unmarking.key) }
        if let revision = unmarking.revision, revision != marker.revision {
            throw .revisionDiffers(current: marker.revision)
        }
        if let version = unmarking.version, version != marker.version {
            throw .revisionDiffers(current: marker.version)
        }
        if !unmarking.isDryRun {
            dropMarker(unmarking.key)
            tellDeleted(unmarking.key)
        }
        say(.unmarked(marker), to: unmarking.request)
    }

    mutating func tellDeleted(_ key: Key) {
        for waiting in waits where waiting.wait.keys.contains(key) {
            var view = markersView(waiting.wait)
            (view.verdict, view.about) = (.deleted, key)
            say(.markers(view), to: waiting.wait.request)
        }
    }

    mutating func wait(_ wait: MarkerWait, _ now: Now) throws(Rejection) {
        for key in wait.keys { dropFailedMarker(key, now) }
        var view = markersView(wait)
        if view.verdict == .waiting, isTerminating(view.missing[0]) {
            (view.verdict, view.about) = (.deleted, view.missing[0])
        }
        guard view.verdict == .waiting, let until = wait.waitUntil, until > now.instant else {
            return say(.markers(view), to: wait.request)
        }
        try roomToWait(for: wait.keys, wait.client)
        waits.append(Wait(wait: wait, until: until))
        said.append(Said(request: wait.request, after: revision))
    }

    func markersView(_ wait: MarkerWait) -> MarkersView {
        let markers = wait.keys.compactMap { names[$0]?.marker }
        let missing = wait.keys.filter { names[$0]?.marker == nil }
        let failed = markers.filter { $0.finding.outcome == .failed }.count
        var verdict = MarkersView.Verdict.waiting
        if wait.require == .all {
            if failed > 0 { verdict = .failed } else if missing.isEmpty { verdict = .done }
        } else {
            if markers.count > failed { verdict = .done } else if missing.isEmpty { verdict = .failed }
        }
        return MarkersView(verdict: verdict, markers: markers, missing: missing)
    }

    mutating func tellWaiters(_ key: Key) {
        for waiting in waits where waiting.wait.keys.contains(key) {
            let view = markersView(waiting.wait)
            if view.verdict != .waiting { say(.markers(view), to: waiting.wait.request) }
        }
    }

    mutating func tellOrphaned(_ key: Key, _ now: Now) {
        let name = names[key]!
        guard let lease = name.lease, lease.way == .once, name.hold == nil, let last = lease.last,
            name.marker == nil, name.queue.isEmpty
        else { return }
        for waiting in waits where waiting.wait.keys.contains(key) {
            var view = markersView(waiting.wait)
            (view.verdict, view.about, view.last) = (.orphaned, key, last)
            say(.markers(view), to: waiting.wait.request)
        }
    }

    /// Its retention is over. A Succeeded one stays for as long as somebody needs the name.
    mutating func dropFailedMarker(_ key: Key, _ now: Now) {
        guard let name = names[key], let expiry = name.markerExpiry, expiry <= now.instant else { return }
        let isNeeded =
            name.hold != nil || !members(key).isEmpty || !name.queue.isEmpty
            || waits.contains { $0.wait.keys.contains(key) }
        if name.marker?.finding.outcome == .succeeded, isNeeded { return }
        dropMarker(key)
    }

    mutating func dropMarker(_ key: Key) {
        if names[key]?.marker == nil { return }
        names[key]!.marker = nil
        names[key]!.markerExpiry = nil
        _ = next()
    }
}
