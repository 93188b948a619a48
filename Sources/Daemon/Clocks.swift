import Coordination
import Glibc
import Sockets

/// The loop's clocks, as the core wants them.
final class Clocks: @unchecked Sendable {
    let loop: EventLoop
    private var errands: [(at: Instant, body: () -> Void)] = []
    /// Who tells the time in the loop's place: a test.
    private let told: (() -> Now)?

    init(loop: EventLoop, told: (() -> Now)? = nil) {
        self.loop = loop
        self.told = told
    }

    /// The boot clock as of this round of the loop; the wall clock as of now.
    var now: Now { told?() ?? Now(instant: Instant(nanoseconds: loop.now), wall: .wallNow) }

    /// Runs `body` on the loop when the interval is over.
    func after(_ interval: Interval, _ body: @escaping () -> Void) {
        errands.append((now.instant + interval, body))
    }

    var nextErrand: Instant? { errands.map(\.at).min() }

    /// Runs the errands that are due.
    func runErrands() {
        guard !errands.isEmpty else { return }
        let now = now.instant
        let due = errands.filter { $0.at <= now }
        guard !due.isEmpty else { return }
        errands.removeAll { $0.at <= now }
        for errand in due { errand.body() }
    }
}

extension Timestamp {
    /// The wall clock as of now.
    public static var wallNow: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}
