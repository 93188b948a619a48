import Testing

@testable import Coordination

/// Who asked, what they were told, and what each may be told once only.
extension Stage {
    mutating func newRequest() -> RequestID {
        lastRequest += 1
        return lastRequest
    }

    mutating func take(_ effects: [Effect]) {
        for effect in effects {
            switch effect {
            case .persist(let change): changes.append(change)
            case .answer(let request, let reply, let after):
                hear(Unsaid(request: request, reply: reply, after: after, applied: now.instant))
            case .parked(let request, let standing, let after):
                hear(Unsaid(request: request, standing: standing, after: after, applied: now.instant))
            case .parkedFor(let request, let view, let after):
                hear(Unsaid(request: request, view: view, after: after, applied: now.instant))
            case .standingsChanged, .waitEnded: break
            }
        }
    }

    mutating func hear(_ one: Unsaid) {
        if one.after <= core.durableRevision { say(one) } else { unsaid.append(one) }
    }

    mutating func say(_ one: Unsaid) {
        switch fates[one.request] {
        case .asked, .parked:
            if let reply = one.reply {
                fates[one.request] = .told(reply)
                heard.append((one.request, reply, one.applied))
            } else {
                fates[one.request] = .parked(one.standing)
                if let view = one.view { views[one.request] = view }
            }
        case .gone:
            if case .elected(let election) = one.reply {
                for lost in [election] + election.also { undelivered.append((lost.lease.key, lost.token)) }
            }
        case .told, .unknown, nil:
            fault("request \(one.request) was told once more: \(one.reply, default: "parked")")
        }
    }

    mutating func leave(_ request: RequestID) {
        switch fates[request] {
        case .asked, .parked: fates[request] = .gone
        case .told, .unknown, .gone, nil: break
        }
    }

    mutating func takeUndelivered() -> [(key: Key, token: FencingToken)] {
        defer { undelivered = [] }
        return undelivered
    }

    mutating func check() {
        for (request, fate) in fates {
            switch fate {
            case .asked: fault("request \(request) was forgotten")
            case .parked where core.requests[request] == nil: fault("request \(request) waits for nothing")
            case .told, .unknown, .gone:
                if core.requests[request] != nil { fault("request \(request) waits, and is \(fate)") }
            case .parked: break
            }
        }
        for fault in core.waiterFaults { self.fault(fault) }
        for difference in disk.differences(from: core) { fault(difference) }
    }

    mutating func fault(_ text: String) {
        faults.append(text)
        if recordsIssues { Issue.record(Comment(rawValue: text)) }
    }

    /// Forgets requests that have had their answer: a long play has many.
    mutating func forgetAnswered() {
        fates = fates.filter { if case .parked = $0.value { true } else { false } }
        heard = []
    }
}

extension Coordinator {
    /// Where the counts of those who wait are not what counting them gives.
    fileprivate var waiterFaults: [String] {
        var names: [Key: Int] = [:]
        var namespaces: [String: Int] = [:]
        var clients: [String: Int] = [:]
        for place in requests.values {
            for key in place.counted { names[key, default: 0] += 1 }
            namespaces[place.counted[0].namespace, default: 0] += 1
            if let client = place.client { clients[client, default: 0] += 1 }
        }
        var found: [String] = []
        if waiterCounts.names != names {
            found.append("waiters of names: \(waiterCounts.names), not \(names)")
        }
        if waiterCounts.namespaces != namespaces { found.append("waiters of namespaces: \(namespaces)") }
        if waiterCounts.clients != clients { found.append("waiters of clients: \(waiterCounts.clients)") }
        return found
    }
}
