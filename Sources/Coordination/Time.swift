/// A moment on the daemon's boot clock (CLOCK_BOOTTIME), in nanoseconds.
///
/// Deadlines live on this clock and on no other: it never jumps, and it goes on
/// while the machine is suspended. It means nothing after a reboot, so an
/// `Instant` is never stored.
public struct Instant: Hashable, Comparable, Sendable {
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }
    public static func + (a: Instant, b: Interval) -> Instant {
        Instant(nanoseconds: a.nanoseconds &+ b.nanoseconds)
    }
    public static func - (a: Instant, b: Interval) -> Instant {
        Instant(nanoseconds: a.nanoseconds &- b.nanoseconds)
    }
    public static func - (a: Instant, b: Instant) -> Interval {
        Interval(nanoseconds: a.nanoseconds &- b.nanoseconds)
    }
}

/// A length of time in nanoseconds: a lease's duration, a grace, a gap.
public struct Interval: Hashable, Comparable, Sendable {
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    public static let zero = Interval(nanoseconds: 0)
    public static func seconds(_ count: Int64) -> Interval { Interval(nanoseconds: count * 1_000_000_000) }
    public static func milliseconds(_ count: Int64) -> Interval { Interval(nanoseconds: count * 1_000_000) }
    public static func minutes(_ count: Int64) -> Interval { .seconds(count * 60) }
    public static func hours(_ count: Int64) -> Interval { .seconds(count * 3600) }

    public static func < (a: Interval, b: Interval) -> Bool { a.nanoseconds < b.nanoseconds }
    public static func + (a: Interval, b: Interval) -> Interval {
        Interval(nanoseconds: a.nanoseconds &+ b.nanoseconds)
    }
    public static func - (a: Interval, b: Interval) -> Interval {
        Interval(nanoseconds: a.nanoseconds &- b.nanoseconds)
    }
}

/// Wall time in microseconds since 1970-01-01T00:00:00Z, for people to read.
///
/// It may jump. No deadline is ever computed from one.
public struct Timestamp: Hashable, Comparable, Sendable {
    public var microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }
}

/// The two clocks, read together: what time enters the core as.
public struct Now: Sendable {
    public var instant: Instant
    public var wall: Timestamp

    public init(instant: Instant, wall: Timestamp) {
        self.instant = instant
        self.wall = wall
    }
}
