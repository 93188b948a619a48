@testable import Coordination

/// What time does.
extension Model {
    /// Does all that is due, in the order in which the core did it: several things due at one
    /// tick have no order that anybody promised. What the core left out is found at the end.
    mutating func tick(at now: Now, order: [Timers.Subject]) {
        beginStep()
        for due in order { look(at: due, now) }
        for key in names.keys.sorted() { look(at: .name(key), now) }
        for request in patience.keys.sorted() { look(at: .request(request), now) }
        for waiting in waits { look(at: .request(waiting.wait.request), now) }
    }

    private mutating func look(at due: Timers.Subject, _ now: Now) {
        beginStep()
        defer { endStep() }
        switch due {
        case .name(let key): if names[key] != nil { nameDue(key, now) }
        case .request(let request):
            if let until = patience[request], until <= now.instant {
                let found = names.keys.first { names[$0]!.queue.contains { $0.requests.contains(request) } }!
                let place = names[found]!.queue.first { $0.requests.contains(request) }!
                leaveQueue(request, now)
                say(.waiting(standing(of: place, now)), to: request)
            } else if let waiting = waits.first(where: { $0.wait.request == request }),
                waiting.until <= now.instant
            {
                say(.markers(markersView(waiting.wait)), to: request)
            }
        }
    }

    private mutating func nameDue(_ key: Key, _ now: Now) {
        dropFailedMarker(key, now)
        let before = names[key]!.queue.count
        names[key]!.queue.removeAll { $0.graceUntil.map { $0 <= now.instant } ?? false }
        let name = names[key]!
        if name.hold != nil {
            if let confirmBy = name.confirmBy, confirmBy <= now.instant {
                let late = end(key, .unconfirmed, "the first renewal did not come in time", nil, now)
                passOn(key, late, now)
            } else if name.deadline <= now.instant {
                passOn(key, end(key, .expired, "not renewed in time", nil, now), now)
            }
            if let showAt = names[key]!.showAt, showAt <= now.instant {
                names[key]!.lease!.hold!.publishedRenewal = names[key]!.renewed
                names[key]!.lease!.revision = next()
                names[key]!.lease!.version = revision
                names[key]!.showAt = nil
                names[key]!.shownAt = now.instant
            }
        } else if let first = name.queue.first(where: { $0.isPresent }), fits(first.campaign),
            isNextElsewhere(first)
        {
            if !isQuarantined(now) { handOver(key, now, checksRoom: true) }
        } else if name.queue.count != before {
            tellOrphaned(key, now)
        }
    }
}
