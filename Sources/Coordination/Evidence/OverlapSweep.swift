// Which holds of one name were there at the same time.
//
// A sweep over time, backwards: holds are added in the order of their ends, the latest first. Whoever is
// added overlaps with those before it that had begun by its end; those that had not overlap with
// nobody who follows, and are let go. So memory has what was held at one moment, however long the
// history is, and n holds with p overlaps take O(n log n + p).

/// A stretch of wall time, without its end.
public struct TimeWindow: Hashable, Sendable {
    public var since: Timestamp
    public var until: Timestamp

    public init(since: Timestamp, until: Timestamp) {
        self.since = since
        self.until = until
    }
}

/// Two holds of one name, and when both were there.
public struct Overlap: Hashable, Sendable {
    /// The one that began earlier has the smaller token.
    public var first: HoldRecord
    public var second: HoldRecord
    public var from: Timestamp
    public var to: Timestamp

    public var length: Interval { to - from }
    /// Whether it is known of a run that didn't ask to be elected.
    public var isObserved: Bool { first.mode == .observe || second.mode == .observe }
}

public struct OverlapSweep: Sendable {
    /// Overlaps are looked for up to so many.
    public static let most = 100_000

    private let window: TimeWindow
    /// Whether those that are meant to hold together are looked for, too.
    private let includesShared: Bool
    private var names: [String: Present] = [:]
    private var namesToTidy = 1024
    var namesKept: Int { names.count }
    public private(set) var count = 0
    /// There are more overlaps than were looked for.
    public private(set) var isTruncated = false

    /// Of one name: those that were there, in heaps by their beginnings.
    private struct Present {
        var kinds = [BeginHeap](repeating: BeginHeap(), count: 4)

        mutating func drop(begunFrom end: Timestamp) {
            for kind in kinds.indices { kinds[kind].drop(begunFrom: end) }
        }
        var isEmpty: Bool { kinds.allSatisfy(\.holds.isEmpty) }
    }

    public init(_ window: TimeWindow, includesShared: Bool = false) {
        self.window = window
        self.includesShared = includesShared
    }

    /// Each overlap with those before it is given to `found`. A hold without an end lasts to the window's.
    ///
    /// - Precondition: it ended no later than those before it, or after the window.
    public mutating func add(_ hold: HoldRecord, found: (Overlap) -> Void) {
        let end = min(hold.end?.at ?? window.until, window.until)
        guard hold.isEvidence, hold.began < end, end > window.since else { return }
        var present = names[hold.key.name] ?? Present()
        names[hold.key.name] = nil
        present.drop(begunFrom: end)
        for kind in hold.mode.conflicts(includingShared: includesShared) {
            for other in present.kinds[kind].holds {
                let from = max(hold.began, other.began, window.since)
                guard from < end else { continue }
                guard count < Self.most else {
                    isTruncated = true
                    break
                }
                count += 1
                let isFirst = hold.token < other.token
                found(
                    Overlap(
                        first: isFirst ? hold : other, second: isFirst ? other : hold, from: from, to: end))
            }
        }
        present.kinds[hold.mode.kind].insert(hold)
        names[hold.key.name] = present
        tidy(end)
    }

    /// Names of which nobody is there any more.
    private mutating func tidy(_ end: Timestamp) {
        guard names.count > namesToTidy else { return }
        for name in Array(names.keys) {
            names[name]!.drop(begunFrom: end)
            if names[name]!.isEmpty { names[name] = nil }
        }
        namesToTidy = max(1024, 2 * names.count)
    }
}

/// The hold that began last is at the root.
private struct BeginHeap: Sendable {
    private(set) var holds: [HoldRecord] = []

    mutating func insert(_ hold: HoldRecord) {
        holds.append(hold)
        var child = holds.count - 1
        while child > 0, holds[(child - 1) / 2].began < holds[child].began {
            holds.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func drop(begunFrom end: Timestamp) {
        while let root = holds.first, root.began >= end {
            let last = holds.removeLast()
            guard !holds.isEmpty else { return }
            holds[0] = last
            sinkRoot()
        }
    }

    private mutating func sinkRoot() {
        var parent = 0
        while true {
            var largest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < holds.count && holds[largest].began < holds[child].began {
                largest = child
            }
            guard largest != parent else { return }
            holds.swapAt(parent, largest)
            parent = largest
        }
    }
}

extension HoldRecord {
    /// Not one whose holder was never told: it can't have worked.
    var isEvidence: Bool { end?.how != .undelivered }
}

extension Mode {
    fileprivate var kind: Int {
        switch self {
        case .exclusive: 0
        case .observe: 1
        case .shared: 2
        case .permits: 3
        }
    }

    /// The kinds of those that should not be there at the same time. Who observes would have been
    /// exclusive; beside those who share it would have had to say which it is.
    fileprivate func conflicts(includingShared: Bool) -> [Int] {
        if includingShared || self == .exclusive { return [0, 1, 2, 3] }
        return self == .observe ? [0, 1] : [0]
    }

    /// Whether holds of these modes should not have been there at the same time.
    public func conflicts(with other: Mode, includingShared: Bool = false) -> Bool {
        conflicts(includingShared: includingShared).contains(other.kind)
    }
}
