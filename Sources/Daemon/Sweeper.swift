import Coordination
import Logging
import Store

/// Deletes what has been kept long enough: idle leases, the history of ended holds.
///
/// It goes by wall time, since it compares with times of before a restart, and only while the clocks agree.
final class Sweeper {
    private let turns: Turns
    /// How long an idle lease is kept after its last hold.
    var leaseRetention: Interval
    private let log: Logger
    private let clocks: ClockAgreement
    private var isQuarantined: Bool

    static let interval = Interval.seconds(30)
    static let batch = 256

    init(turns: Turns, configuration: Configuration, clocks: ClockAgreement, log: Logger) {
        self.turns = turns
        leaseRetention = configuration.leaseRetention
        self.log = log
        self.clocks = clocks
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
        turns.store.maintain(now: clocks.holds(at: now) ? now.wall : nil)
    }

    /// One batch. True if there may be more.
    private func sweep() -> Bool {
        let now = turns.clock.now
        guard !turns.isStopping, turns.trouble == nil, clocks.holds(at: now) else { return false }
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
}
