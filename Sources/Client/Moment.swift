import Glibc

/// A moment on the boot clock (CLOCK_BOOTTIME), in nanoseconds: the clock that
/// leases are timed by. It goes on while the machine sleeps, and nobody sets it.
public struct Moment: Hashable, Comparable, Sendable {
    public var nanoseconds: UInt64

    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    public static var now: Moment {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Moment(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    public static func < (a: Moment, b: Moment) -> Bool { a.nanoseconds < b.nanoseconds }

    /// Stops at the ends of what the type holds: "in 10,000 years" is never.
    public static func + (moment: Moment, length: Duration) -> Moment {
        let step = length.nanoseconds
        let (sum, overflow) = moment.nanoseconds.addingReportingOverflow(step.magnitude)
        if step < 0 {
            return Moment(nanoseconds: moment.nanoseconds - min(moment.nanoseconds, step.magnitude))
        }
        return Moment(nanoseconds: overflow ? .max : sum)
    }

    public static func - (moment: Moment, length: Duration) -> Moment { moment + (.zero - length) }

    /// From the second to the first.
    public static func - (a: Moment, b: Moment) -> Duration {
        a >= b
            ? .nanoseconds(Int64(clamping: a.nanoseconds - b.nanoseconds))
            : .zero - .nanoseconds(Int64(clamping: b.nanoseconds - a.nanoseconds))
    }
}

extension Duration {
    /// Whole nanoseconds, at most what 64 bits hold (292 years).
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min + 1 : .max }
        let (sum, over) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return over ? (seconds < 0 ? .min + 1 : .max) : sum
    }

    /// As a number of seconds, for JSON and for arithmetic that needn't be exact.
    public var inSeconds: Double { Double(nanoseconds) / 1e9 }
}
