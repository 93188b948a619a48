/// Waits for a name that ended together: what the history of holds can't tell.
///
/// A wait ends with a hold or a marker, so its record is a change of a turn that has others anyway, and
/// there are no more of them than of holds. Who gave up, or was told the marker without having
/// waited, is in none.
public struct WaitsRecord: Hashable, Sendable {
    public var key: Key
    /// Its place among the changes: none comes twice.
    public var revision: Revision
    public var at: Timestamp
    public var waits: Waits

    public init(key: Key, revision: Revision, at: Timestamp, waits: Waits) {
        self.key = key
        self.revision = revision
        self.at = at
        self.waits = waits
    }
}

/// Waits that ended, counted.
public struct Waits: Hashable, Sendable {
    /// Elected from the queue, and how long they had waited in all.
    public var elected = 0
    public var electedTime = Interval.zero
    /// Told the marker of the work, be it done or failed.
    public var settled = 0
    public var settledTime = Interval.zero
    /// Of those, who got the result of work that was done: each would have done it itself.
    public var avoided = 0
    /// How long the hold lasted that made the result, once for each who got it.
    public var avoidedTime = Interval.zero

    public init() {}

    public var isEmpty: Bool { elected == 0 && settled == 0 }

    mutating func addElected(after waited: Interval) {
        elected += 1
        electedTime = electedTime + waited
    }

    mutating func addSettled(by marker: DoneMarker, after waited: Interval) {
        settled += 1
        settledTime = settledTime + waited
        // Without a token nobody held: there is no telling how long it took.
        guard marker.finding.outcome == .succeeded, marker.token != nil else { return }
        avoided += 1
        avoidedTime = avoidedTime + max(.zero, marker.end - marker.start)
    }

    public static func += (sum: inout Waits, more: Waits) {
        sum.elected += more.elected
        sum.electedTime = sum.electedTime + more.electedTime
        sum.settled += more.settled
        sum.settledTime = sum.settledTime + more.settledTime
        sum.avoided += more.avoided
        sum.avoidedTime = sum.avoidedTime + more.avoidedTime
    }
}

extension Timestamp {
    /// By wall clocks, which may have been set in between: it may be negative.
    public static func - (a: Timestamp, b: Timestamp) -> Interval {
        Interval(nanoseconds: (a.microseconds - b.microseconds) * 1000)
    }
}

extension Coordinator {
    mutating func keep(_ waits: Waits, of key: Key, at now: Now, _ effects: inout [Effect]) {
        guard !waits.isEmpty else { return }
        effects.append(
            .persist(.waits(WaitsRecord(key: key, revision: nextRevision(), at: now.wall, waits: waits))))
    }
}
