import Dispatch
import Glibc
import Synchronization

/// The daemon's signals. They are blocked in every thread and waited for by one: so none is lost between
/// the start and the moment at which somebody listens, and a loop that hangs keeps no daemon from ending.
final class Signals: Sendable {
    struct Handlers: Sendable {
        /// The first SIGTERM or SIGINT.
        var stop: @Sendable (Int32) -> Void
        /// Each SIGHUP.
        var reload: @Sendable () -> Void
    }

    private struct State {
        var handlers: Handlers?
        var wasStopped = false
        var isReloadOwed = false
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "baton.signals")

    /// To be made before any other thread is: threads inherit what is blocked.
    init() {
        signal(SIGPIPE, SIG_IGN)
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP] {
            // One that is ignored, as nohup(1) leaves SIGHUP, would not be waited for.
            signal(number, SIG_DFL)
            sigaddset(&set, number)
        }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        queue.async { [self, set] in wait(for: set) }
    }

    /// The daemon serves: from now on it ends in good order.
    func watch(_ handlers: Handlers) {
        let isReloadOwed = state.withLock { state in
            state.handlers = handlers
            return state.isReloadOwed
        }
        if isReloadOwed { handlers.reload() }
    }

    private func wait(for set: sigset_t) {
        var set = set
        var number: Int32 = 0
        while sigwait(&set, &number) == 0 {
            if number == SIGHUP { hangup() } else { end(number) }
        }
    }

    private func hangup() {
        let reload = state.withLock { state in
            if state.handlers == nil { state.isReloadOwed = true }
            return state.handlers?.reload
        }
        reload?()
    }

    /// The second time, and before it serves, the process ends on the spot, with 128 and the signal's number,
    /// as a shell would say it: whoever presses Ctrl-C twice doesn't want to wait. Nothing that was
    /// acknowledged is lost by that.
    private func end(_ number: Int32) {
        let stop = state.withLock { state in
            defer { state.wasStopped = true }
            return state.wasStopped ? nil : state.handlers?.stop
        }
        guard let stop else { _exit(128 + number) }
        stop(number)
    }
}
