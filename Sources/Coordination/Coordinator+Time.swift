// What time does: expiries, waits that are over, grace that ends, and gaps that are made good.

extension Coordinator {
    /// Does everything that is due. To be called after what has arrived has been applied,
    /// so that a renewal that was waiting in a socket comes before the expiry it prevents.
    public mutating func tick(at now: Now, effects: inout [Effect]) {
        dropDeadTimers()
        while doNextDue(at: now, &effects) != nil {}
    }

    /// Does one thing that is due, and tells which. Nil: nothing is.
    mutating func doNextDue(at now: Now, _ effects: inout [Effect]) -> Timers.Subject? {
        while let (at, subject) = timers.popDue(at: now.instant) {
            forgetUnlessOpen()
            defer {
                tellNews(at: now, &effects)
                endEmptied(&effects)
            }
            switch subject {
            case .name(let key):
                guard names[key]?.armed == at else { continue }
                nameDue(key, at: now, &effects)
            case .request(let request):
                guard let place = requests[request], place.until <= now.instant else { continue }
                waitOver(request, place, at: now, &effects)
            }
            return subject
        }
        return nil
    }

    /// Keeps the heap in proportion to what is alive.
    private mutating func dropDeadTimers() {
        guard timers.count > 1024 + 2 * (requests.count + names.count) else { return }
        timers.keep { at, subject in
            switch subject {
            case .name(let key): names[key]?.armed == at
            case .request(let request): requests[request] != nil
            }
        }
    }

    /// The loop was away (a stalled disk, SIGSTOP, a suspended machine) and could not hear
    /// renewals: every hold, and every place that is being kept, gets the gap added. An undo keeps it.
    public mutating func wasAway(for gap: Interval) {
        for index in names.indices { names[at: index].add(gap) }
        for index in touchedNames.indices { touchedNames.values[index].add(gap) }
    }

    private mutating func nameDue(_ key: Key, at now: Now, _ effects: inout [Effect]) {
        var name = take(key)
        name.armed = nil
        defer { shelve(name, key) }
        expireMarkerIfDue(&name, at: now, &effects)
        if name.conditions.contains(where: { $0.due.map { $0 <= now.instant } ?? false }) { note(key) }
        let queued = name.queue.count
        name.queue.removeAll { $0.graceUntil.map { $0 <= now.instant } ?? false }
        if name.queue.count != queued { effects.append(.standingsChanged(key)) }

        if name.lease?.hold != nil {
            expireIfDue(&name, at: now, &effects)
            publishIfDue(&name, at: now, &effects)
        } else if canElect(name) {
            // In a restore's quarantine a name may be due for another reason. Who waits for a name that
            // was never held has no place in its namespace yet.
            if !isQuarantined(at: now) { handOver(&name, checksRoom: true, at: now, &effects) }
        } else if name.queue.count != queued {
            tellOrphaned(&name, &effects)
        }
    }

    private mutating func expireIfDue(_ name: inout NameState, at now: Now, _ effects: inout [Effect]) {
        let unconfirmed = name.confirmBy.map { $0 <= now.instant } ?? false
        guard unconfirmed || name.deadline <= now.instant else { return }
        let (how, reason): (HoldEnd, String) =
            unconfirmed
            ? (.unconfirmed, "the first renewal did not come in time") : (.expired, "not renewed in time")
        _ = passOn(&name, how, reason: reason, at: now, &effects)
    }

    private mutating func waitOver(
        _ request: RequestID, _ place: Place, at now: Now, _ effects: inout [Effect]
    ) {
        switch place {
        case .contender(_, let also, _, _) where !also.isEmpty:
            forgetUnlessOpen()
            leaveAll(request, place, at: now, &effects)
        case .contender(let key, _, _, _):
            var name = take(key)
            forgetUnlessOpen()
            if let index = name.detach(request, graceUntil: now.instant + settings.reconnectGrace) {
                say(.waiting(standing(at: index, in: name, now)), to: request, &effects)
            } else {
                settle(request)
            }
            shelve(name, key)
        case .waiter(let wait, _):
            stopWaiting(wait)
            say(.markers(markersView(wait)), to: request, &effects)
        case .condition(let wait, _): stopWaiting(for: wait, at: now, &effects)
        case .watcher(let wait, _): say(.alias(.seen(view(for: wait))), to: request, &effects)
        }
    }
}

extension NameState {
    mutating func add(_ gap: Interval) {
        stirred = stirred + gap
        if lease?.hold != nil {
            deadline = deadline + gap
            confirmBy = confirmBy.map { $0 + gap }
        }
        for place in queue.indices where queue[place].graceUntil != nil {
            queue[place].graceUntil = queue[place].graceUntil! + gap
        }
    }
}
