import Coordination

/// Who is due next: a binary heap of moments. Entries aren't moved: one fires at its old moment, and its owner
/// looks and comes back.
struct DueQueue<Owner> {
    private var heap: [(at: Instant, owner: Owner)] = []

    var next: Instant? { heap.first?.at }

    mutating func add(_ owner: Owner, at moment: Instant) {
        heap.append((moment, owner))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].at < heap[parent].at else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    var count: Int { heap.count }

    /// Drops the entries of those that are over.
    mutating func keep(where isAlive: (Owner) -> Bool) {
        let alive = heap.filter { isAlive($0.owner) }
        heap = []
        for entry in alive { add(entry.owner, at: entry.at) }
    }

    /// The earliest that is due, removed.
    mutating func popDue(at now: Instant) -> Owner? {
        guard let first = heap.first, first.at <= now else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first.owner }
        heap[0] = last
        var parent = 0
        while true {
            let left = 2 * parent + 1
            guard left < heap.count else { return first.owner }
            let right = left + 1
            let child = right < heap.count && heap[right].at < heap[left].at ? right : left
            guard heap[child].at < heap[parent].at else { return first.owner }
            heap.swapAt(child, parent)
            parent = child
        }
    }
}
