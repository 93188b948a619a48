/// What is due next: a binary heap of moments.
///
/// An entry is never moved or removed when its deadline changes. It fires at the
/// old moment, its owner looks, and arms anew: so a renewal costs nothing here.
struct Timers: Sendable {
    enum Subject: Sendable {
        case name(Key)
        case request(RequestID)
    }
    private var heap: [(at: Instant, subject: Subject)] = []

    var next: Instant? { heap.first?.at }
    var count: Int { heap.count }

    mutating func arm(_ subject: Subject, at moment: Instant) {
        heap.append((moment, subject))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].at < heap[parent].at else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Drops the entries that nobody waits for any more. A request that was answered long before
    /// its wait is over leaves one behind.
    mutating func keep(where isAlive: (Instant, Subject) -> Bool) {
        let alive = heap.filter { isAlive($0.at, $0.subject) }
        heap.removeAll(keepingCapacity: alive.count > heap.count / 4)
        for entry in alive { arm(entry.subject, at: entry.at) }
    }

    /// The earliest entry that is due, removed.
    mutating func popDue(at now: Instant) -> (at: Instant, subject: Subject)? {
        guard let first = heap.first, first.at <= now else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sinkRoot()
        }
        return first
    }

    private mutating func sinkRoot() {
        var parent = 0
        while true {
            let left = 2 * parent + 1
            guard left < heap.count else { return }
            let right = left + 1
            let child = right < heap.count && heap[right].at < heap[left].at ? right : left
            guard heap[child].at < heap[parent].at else { return }
            heap.swapAt(child, parent)
            parent = child
        }
    }
}
