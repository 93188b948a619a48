import Coordination

/// Keeps watchers to a fifth of the loop's time: who took t of it has the next turn 4t later.
///
/// With few watchers that is some microseconds, and nobody notices. With thousands, what happens meanwhile
/// gathers, and goes out in one write for each: more happens, and it costs no more.
struct Pacer {
    /// How many times as long as it worked it rests.
    static let rest: Int64 = 4
    /// For so long it works before others have their turn.
    static let workTime = Interval.milliseconds(5)

    private(set) var next = Instant(nanoseconds: 0)

    func mayBegin(at now: Instant) -> Bool { now >= next }

    mutating func worked(from start: Instant, to end: Instant) {
        next = end + Interval(nanoseconds: max(0, (end - start).nanoseconds) * Self.rest)
    }
}
