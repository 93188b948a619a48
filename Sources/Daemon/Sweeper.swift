import Coordination
import Logging
import Store

/// Deletes what has been kept long enough: idle leases, the history of ended holds.
///
/// It goes by wall time, since it compares with times of before a restart. If the wall
/// clock and the boot clock disagree by over an hour, one of them jumped, and nothing is
/// deleted until the daemon is started anew.
final class Sweeper {
    private let turns: Turns
    /// How long an idle lease is kept after its last hold.
    var leaseRetention: Interval
    private let log: Logger
    private let began: Now
    private var isAlarmed = false
    private var isQuarantined: Bool

    static let interval = Interval.seconds(30)
    static let batch = 256
    static let disagreementMax = Interval.hours(1)

    init(turns: Turns, configuration: Configuration, log: Logger) {
        self.turns = turns
        leaseRetention = configuration.leaseRetention
        self.log = log
        began = turns.clock.now
        isQuarantined = turns.core.quarantineUntil != nil
    }

    func start() {
        again(after: Self.interval) { [unowned self] in sweep() ? .milliseconds(100) : Self.interval }
        again(after: .seconds(1)) { [unowned self] in
            maintain()
            return .seconds(1)
        }
    }

    /// Runs `body` after the interval, and again after what it returns.
    private func again(after interval: Interval, _ body: @escaping () -> Interval) {
        turns.clock.after(interval) { [unowned self] in again(after: body(), body) }
    }

    /// The store's own upkeep: tables, journal, history.
    private func maintain() {
        let now = turns.clock.now
        if isQuarantined, turns.core.quarantineUntil.map({ $0 <= now.instant }) ?? true {
            isQuarantined = false
            log.notice("the restore's quarantine is over: elections go on")
            turns.store.endQuarantine()
        }
        turns.store.maintain(now: clocksAgree(now) ? now.wall : nil)
    }

    /// One batch. True if there may be more.
    private func sweep() -> Bool {
        let now = turns.clock.now
        guard !turns.isStopping, turns.trouble == nil, clocksAgree(now) else { return false }
        let before = Timestamp(
            microseconds: now.wall.microseconds - leaseRetention.nanoseconds / 1000)
        do {
            let idle = try turns.store.idleLeases(endedBefore: before, limit: Self.batch)
            var submitted = 0
            for records in try turns.store.fetch(idle) {
                // Nobody holds a name that others share, and still it isn't idle.
                guard let lease = records.lease, turns.core.lease(lease.key, at: now)?.sharedCount ?? 0 == 0
                else { continue }
                turns.submit(.sweep(lease.key, lease.revision))
                submitted += 1
            }
            return idle.count == Self.batch && submitted > 0
        } catch {
            log.warning("looking for idle leases failed", metadata: ["reason": "\(error)"])
            return false
        }
    }

    private func clocksAgree(_ now: Now) -> Bool {
        let wall = (now.wall.microseconds - began.wall.microseconds) * 1000
        let boot = (now.instant - began.instant).nanoseconds
        let agree = abs(wall - boot) < Self.disagreementMax.nanoseconds
        if !agree, !isAlarmed {
            isAlarmed = true
            log.critical(
                "the wall clock jumped by over an hour: nothing is deleted until batond is started anew")
        }
        return agree
    }
}
