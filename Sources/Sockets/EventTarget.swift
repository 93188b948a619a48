/// Something that lives in a slot of the loop: a listener, a connection. Everything here is called
/// on the loop's queue.
class EventTarget {
    /// Where the loop keeps it; -1 when it doesn't. Slots are used again.
    final var slot = -1
    /// Tells this tenant of the slot from earlier ones, for events that were taken before a change.
    final var generation: UInt32 = 0
    /// Whether `resume` is due.
    final var isQueued = false

    /// The descriptor's epoll events.
    func ready(_ events: UInt32) {}
    /// The slot's timer in the wheel fired.
    func timerFired() {}
    /// Asked for by `EventLoop.queue`: go on with what was left for later.
    func resume() {}
}
