import CLinux
import Synchronization

/// Closures from other threads, and the one wake-up that they need.
///
/// While the loop is awake it looks here before it sleeps, so only the first post to a sleeping loop
/// writes to the eventfd. That eventfd is edge-triggered and nobody reads it: each write is an edge.
final class Mailbox: Sendable {
    private struct State {
        var closures: [@Sendable () -> Void] = []
        var loopIsAwake = false
    }

    private let state = Mutex(State())
    private let eventfd: Int32

    init(eventfd: Int32) { self.eventfd = eventfd }

    func post(_ closure: @escaping @Sendable () -> Void) {
        let wasAsleep = state.withLock { state in
            state.closures.append(closure)
            defer { state.loopIsAwake = true }
            return !state.loopIsAwake
        }
        if wasAsleep { _ = loop_signal(eventfd) }
    }

    /// Wakes the loop with nothing to run.
    func knock() {
        let wasAsleep = state.withLock { state in
            defer { state.loopIsAwake = true }
            return !state.loopIsAwake
        }
        if wasAsleep { _ = loop_signal(eventfd) }
    }

    /// What was posted. From here on, until `maySleep` says yes, posts don't signal.
    func take() -> [@Sendable () -> Void] {
        state.withLock { state in
            state.loopIsAwake = true
            if state.closures.isEmpty { return [] }
            let taken = state.closures
            state.closures = []
            return taken
        }
    }

    /// Whether nothing was posted since; if so, the next post signals.
    func maySleep() -> Bool {
        state.withLock { state in
            guard state.closures.isEmpty else { return false }
            state.loopIsAwake = false
            return true
        }
    }
}
