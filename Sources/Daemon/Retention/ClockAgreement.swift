import Coordination
import Logging

/// Whether the wall clock can be believed by those who delete.
///
/// Ages are told by wall time, since they go back to before the start. If wall and boot clock have moved apart
/// by over an hour since then, one of them jumped, and nothing is deleted by age until batond is started anew:
/// by then somebody has looked.
final class ClockAgreement {
    static let disagreementMax = Interval.hours(1)

    private let began: Now
    private let log: Logger
    private let meters: Meters
    private var isAlarmed: Bool { meters.clocksDisagree }

    init(began: Now, meters: Meters, log: Logger) {
        self.began = began
        self.meters = meters
        self.log = log
    }

    /// They don't, and something was to be deleted by its age.
    struct Broken: Error {}

    /// Once they have disagreed, they never agree again.
    func holds(at now: Now) -> Bool {
        if isAlarmed { return false }
        let wall = (now.wall.microseconds - began.wall.microseconds) * 1000
        let boot = (now.instant - began.instant).nanoseconds
        guard abs(wall - boot) >= Self.disagreementMax.nanoseconds else { return true }
        meters.clocksDisagree = true
        log.critical(
            "the wall clock jumped by over an hour: nothing is deleted until batond is started anew")
        return false
    }
}
