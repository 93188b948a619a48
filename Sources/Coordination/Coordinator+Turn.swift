// The turn's end: it is on disk, or it never happened.

extension Coordinator {
    /// Everything applied so far is on disk.
    ///
    /// A hold that began in this turn counts from now: its holder could not be told
    /// before, and a slow flush must not eat its duration.
    public mutating func committed(at now: Now) {
        for key in begunHolds {
            guard var name = names[key], let hold = name.lease?.hold, hold.token > durableRevision else {
                continue
            }
            let full = now.instant + hold.duration
            if let confirmBy = name.confirmBy {
                name.confirmBy = confirmBy + (full - name.deadline)
            }
            name.deadline = full
            shelve(name, key)
        }
        durableRevision = revision
        closeTurn()
        evictIdle()
    }

    /// The commit failed: the turn is taken back. Deadlines that renewals moved meanwhile stay moved.
    public mutating func undo() {
        for (key, before) in touchedNames {
            var name = before
            if let now = names[key], let hold = name.lease?.hold, now.lease?.hold?.token == hold.token {
                name.deadline = max(name.deadline, now.deadline)
                name.lastRenewal = now.lastRenewal ?? name.lastRenewal
                if now.confirmBy == nil { name.confirmBy = nil }
            }
            name.isInIdleRing = names[key]?.isInIdleRing ?? false
            name.armed = nil
            shelve(name, key)
        }
        for (request, place) in touchedRequests {
            requests[request] = place
            if let place { timers.arm(.request(request), at: place.until) }
        }
        holdCount = holdCountBefore
        closeTurn()
        // The failed revisions are gone for good, and nothing up to here is waiting for the disk.
        durableRevision = revision
    }

    private mutating func closeTurn() {
        touchedNames.removeAll(keepingCapacity: true)
        touchedRequests.removeAll(keepingCapacity: true)
        begunHolds.removeAll(keepingCapacity: true)
        knownHolds.removeAll(keepingCapacity: true)
        holdCountBefore = holdCount
    }

    private mutating func evictIdle() {
        while idleRing.count > settings.idleNamesMax, let key = idleRing.popFirst() {
            guard let name = names[key] else { continue }
            if name.isIdle {
                names[key] = nil
            } else {
                names[key]!.isInIdleRing = false
            }
        }
    }
}
