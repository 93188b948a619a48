import Coordination
import ServiceManager

/// Tells the service manager how the daemon is: that it serves, a line for people, signs of life.
///
/// A sign of life says that the loop turns, since it is sent from the loop; that is all that a restart
/// would mend. A flush that hangs is not held back for: a new process would wait for the same disk, while
/// this one still renews what is held, and says in its status why it isn't ready.
final class Herald {
    private let manager: ServiceManager
    private let clocks: Clocks
    private let line: () -> String
    private var lastLine = ""

    static let statusInterval = Interval.seconds(5)

    init(_ manager: ServiceManager, clocks: Clocks, line: @escaping () -> String) {
        self.manager = manager
        self.clocks = clocks
        self.line = line
    }

    /// The daemon serves.
    func ready() {
        lastLine = line()
        manager.notifier?.ready(status: lastLine)
    }

    /// Begins with the signs of life and the line for people.
    func start() {
        guard let notifier = manager.notifier else { return }
        every(Self.statusInterval) { [unowned self] in
            let now = line()
            guard now != lastLine else { return }
            lastLine = now
            notifier.status(now)
        }
        guard let limit = manager.watchdog else { return }
        // sd_watchdog_enabled(3): half of the time.
        every(Interval(nanoseconds: max(1_000_000, limit / 2))) { notifier.alive() }
    }

    func reloading() { manager.notifier?.reloading() }
    func stopping() { manager.notifier?.stopping() }

    private func every(_ interval: Interval, _ body: @escaping () -> Void) {
        clocks.after(interval) { [unowned self] in
            body()
            every(interval, body)
        }
    }
}
