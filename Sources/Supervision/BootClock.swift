import CLinux
import Glibc

/// CLOCK_BOOTTIME in nanoseconds: it counts while the machine sleeps, and no
/// one sets it. Leases are timed by it.
public enum BootClock {
    public static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// The instant that far from now.
    public static func after(_ duration: Duration) -> UInt64 { later(now, duration.nanoseconds) }

    static func later(_ instant: UInt64, _ nanoseconds: UInt64) -> UInt64 {
        let (sum, overflow) = instant.addingReportingOverflow(nanoseconds)
        return overflow ? .max : sum
    }
}

extension Duration {
    /// Whole nanoseconds; nothing below zero, and no overflow.
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        if seconds < 0 || attoseconds < 0 { return 0 }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : BootClock.later(whole, UInt64(attoseconds / 1_000_000_000))
    }
}

/// A timerfd of that clock: poll(2)'s own timeout stops while the machine sleeps.
struct BootTimer: ~Copyable {
    let descriptor: Int32

    init() throws(SupervisionError) {
        descriptor = timerfd_create(CLOCK_BOOTTIME, Int32(TFD_CLOEXEC | TFD_NONBLOCK))
        guard descriptor >= 0 else { throw .system(call: "timerfd_create", errno) }
    }

    deinit { close(descriptor) }

    /// Readable from that instant on, at once if it has passed; nil: never.
    func set(_ instant: UInt64?) {
        var setting = itimerspec()
        if let instant {
            // Zero would disarm. An instant beyond what time_t holds is never.
            let nanoseconds = min(max(instant, 1), UInt64(Int64.max))
            setting.it_value.tv_sec = Int(nanoseconds / 1_000_000_000)
            setting.it_value.tv_nsec = Int(nanoseconds % 1_000_000_000)
        }
        timerfd_settime(descriptor, Int32(TFD_TIMER_ABSTIME), &setting, nil)
    }
}
