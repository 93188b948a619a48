// The turn's end: it is on disk, or it never happened.

extension NameState {
    /// The time of a hold that began counts from this moment.
    fileprivate mutating func begin(_ token: FencingToken, _ confirmWithin: Interval?, at now: Instant) {
        guard case .some(let lease) = lease, let hold = lease.hold, hold.token == token else { return }
        deadline = now + hold.duration
        if confirmBy != nil { confirmBy = confirmWithin.map { now + $0 } }
    }
}

extension Coordinator {
    /// Everything applied so far is on disk.
    ///
    /// A hold that began in this turn counts from now: its holder could not be told
    /// before, and a slow flush must not eat its duration.
    public mutating func committed(at now: Now) {
        for (key, token, confirmWithin) in begunHolds {
            // What is due of it only becomes due later: its timer looks at it anyway.
            guard let index = names.index(forKey: key) else { continue }
            names[at: index].begin(token, confirmWithin, at: now.instant)
        }
        for key in turnStirred {
            if let index = names.index(forKey: key) { names[at: index].stirred = now.instant }
        }
        durableRevision = revision
        closeTurn()
        evictIdle()
    }

    /// The commit failed: the turn is taken back. Renewals, peers that went and gaps are in
    /// `touchedNames` already: they were written to the names as they were, too.
    public mutating func undo() {
        guard isTurnOpen else { return closeTurn() }
        for (key, before) in touchedNames {
            var name = before
            name.isInIdleRing = names[key]!.isInIdleRing
            name.armed = names[key]!.armed
            usage.change(key.namespace, from: names[key]!.counted, to: before.counted)
            shelve(name, key)
        }
        for (name, record) in touchedNamespaces { namespaces[name] = record }
        for (key, record) in touchedAliases { aliases[key] = record }
        for (request, place) in touchedRequests {
            setPlace(of: request, to: place)
            if let place { timers.arm(.request(request), at: place.until) }
        }
        holdCount = holdCountBefore
        closeTurn()
        // The failed revisions are gone for good, and nothing up to here is waiting for the disk.
        durableRevision = revision
    }

    /// Before each command, and each thing that is due. As long as nothing durable has changed, what
    /// was done is not taken back: its answers are said without waiting for the disk.
    ///
    /// Again within a step that will change nothing durable: what was taken out to be kept as it was
    /// would be copied, and a queue may be long.
    mutating func forgetUnlessOpen() {
        if !isTurnOpen { forgetBefore() }
    }

    private mutating func forgetBefore() {
        touchedNames.removeAll(keepingCapacity: true)
        touchedRequests.removeAll(keepingCapacity: true)
        touchedNamespaces.removeAll(keepingCapacity: true)
        touchedAliases.removeAll(keepingCapacity: true)
        leftMarkers.removeAll(keepingCapacity: true)
        begunHolds.removeAll(keepingCapacity: true)
        turnStirred.removeAll(keepingCapacity: true)
        holdCountBefore = holdCount
    }

    private mutating func closeTurn() {
        forgetBefore()
        knownHolds.removeAll(keepingCapacity: true)
        histories.removeAll(keepingCapacity: true)
        knownMoves.removeAll(keepingCapacity: true)
    }

    private mutating func evictIdle() {
        while idleRing.count > settings.idleNamesMax, let key = idleRing.popFirst() {
            guard let name = names[key] else { continue }
            if name.isIdle {
                forgottenStir = max(forgottenStir, name.stirred)
                names.remove(key)
            } else {
                names[at: names.index(forKey: key)!].isInIdleRing = false
            }
        }
    }
}
