import CLinux
import Dispatch

/// Gives memory back to the kernel after a crowd of connections went.
///
/// malloc keeps what was freed between things that live on, and one storm of clients or attackers would
/// be seen in the daemon's size for good. Soon after most of a crowd has gone the free pages are given
/// back, on another thread: it takes some milliseconds.
final class Leftovers: EventTarget {
    private unowned(unsafe) let loop: EventLoop
    /// A queue of our own. Dispatch watches over the threads of its global ones: from the first use of
    /// one on with a timer that wakes the process each second, and its descriptor.
    private let queue = DispatchQueue(label: "baton.memory")
    /// The most connections since memory was last given back.
    private var crowd = 0
    private var connections = 0
    private var isDue = false

    /// Fewer leave little behind.
    private static let crowdMin = 500
    /// Those that go together are waited for.
    private static let delay: Int64 = 1_000_000_000

    init(_ loop: EventLoop) { self.loop = loop }

    func opened(_ connections: Int) {
        self.connections = connections
        crowd = max(crowd, connections)
    }

    func closed(_ connections: Int) {
        self.connections = connections
        guard !isDue, crowd >= Leftovers.crowdMin, connections < crowd / 2 else { return }
        isDue = true
        loop.schedule(self, at: loop.now + Leftovers.delay)
    }

    override func timerFired() {
        isDue = false
        crowd = connections
        queue.async { loop_release_memory() }
    }
}
