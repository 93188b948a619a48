import CLinux
import Dispatch
import Glibc

/// A serial queue with one Dispatch source on it: the read side of the loop's own epoll descriptor,
/// in which everything else is registered.
///
/// Not one Dispatch source for each connection: on Linux such a source fires at most once more after
/// a hang-up, and unregisters itself from the queue's own thread (libdispatch #949, #833).
///
/// One wake gathers all that has arrived, lets connections go on that had to wait for their turn,
/// runs what was posted, and then calls `turn` once; and begins again, until nothing is left.
/// Everything but `post` and `sync` belongs on the loop's queue.
public final class EventLoop: @unchecked Sendable {
    public let queue: DispatchQueue
    /// CLOCK_BOOTTIME in nanoseconds, read once for each round of a wake.
    public private(set) var now: Int64
    /// Called once for each round, after all that arrived was handled. Set it before `start`.
    public var turn: () -> Void = {}

    private let epoll: Descriptor
    private let timer: Descriptor
    private let eventfd: Descriptor
    private let mailbox: Mailbox
    private var source: (any DispatchSourceRead)?

    private var targets: [EventTarget?] = []
    private var freeSlots: [Int] = []
    private var generation: UInt32 = 0
    private var queued: [EventTarget] = []
    private var wheel: TimerWheel
    private var fired: [Int] = []
    private var deadline = TimerWheel.never
    private var armed = TimerWheel.never
    private let events = UnsafeMutablePointer<loop_event>.allocate(capacity: Int(LOOP_EVENTS_MAX))

    /// Events taken before a turn, at most: 16 times LOOP_EVENTS_MAX. A turn must come even if
    /// answers that need none bring new requests for ever.
    private static let takesPerRound = 16
    /// How long an idle loop waits in its own epoll before it goes back to Dispatch's.
    private static let lingerMilliseconds: Int32 = 2
    /// Rounds in one wake, so that `queue.sync` gets its place.
    private static let roundsPerWake = 64
    /// Tokens of what is no target. Slots are below 2^32, generations begin with 1.
    private static let timerToken: UInt64 = 1
    private static let mailToken: UInt64 = 2

    public init(label: String) throws(SystemError) {
        queue = DispatchQueue(label: label)
        now = loop_boottime()
        epoll = try Descriptor("epoll_create1", loop_create())
        timer = try Descriptor("timerfd_create", loop_timerfd())
        eventfd = try Descriptor("eventfd", loop_eventfd())
        mailbox = Mailbox(eventfd: eventfd.number)
        wheel = TimerWheel(now: now)
        // Edge-triggered: nobody has to read them empty.
        let edge = EPOLLIN.rawValue | EPOLLET.rawValue
        try register(timer.number, events: edge, token: EventLoop.timerToken)
        try register(eventfd.number, events: edge, token: EventLoop.mailToken)
    }

    deinit { events.deallocate() }

    /// Begins to serve. The loop lives until `stop`.
    public func start() {
        let source = DispatchSource.makeReadSource(fileDescriptor: epoll.number, queue: queue)
        source.setEventHandler { self.wake() }
        // Holds the loop, and so its descriptors, for as long as Dispatch watches them.
        source.setCancelHandler { _ = self }
        self.source = source
        source.activate()
        mailbox.knock()
    }

    /// Ends it: targets are let go, and with them their descriptors. Servers are stopped before.
    public func stop() {
        source?.cancel()
        source = nil
        targets = []
        queued = []
        turn = {}
    }

    /// Runs `closure` on the loop, soon. From any thread; cheap, and cheaper while the loop is awake.
    public func post(_ closure: @escaping @Sendable () -> Void) { mailbox.post(closure) }

    /// Runs `body` on the loop's queue and waits for it: for setting up and for tests. Never from the
    /// queue itself.
    public func sync<Result>(_ body: () throws -> Result) rethrows -> Result {
        try queue.sync {
            now = loop_boottime()
            // What `body` has left to be done (timers, queued targets) needs a round.
            defer { mailbox.knock() }
            return try body()
        }
    }

    /// `turn` is called at this moment (CLOCK_BOOTTIME nanoseconds) or soon after, never only before;
    /// nil takes the wish back. There is one, and reaching it clears it.
    public func setWakeUp(_ moment: Int64?) { deadline = moment ?? TimerWheel.never }

    // MARK: Targets

    /// Gives the target a slot, and its descriptor's events to it.
    func add(_ target: EventTarget, descriptor: Int32? = nil, events: UInt32 = 0) throws(SystemError) {
        let slot = freeSlots.popLast() ?? targets.count
        if slot == targets.count { targets.append(nil) }
        generation &+= 1
        if generation == 0 { generation = 1 }
        target.slot = slot
        target.generation = generation
        targets[slot] = target
        guard let descriptor else { return }
        do throws(SystemError) {
            try register(descriptor, events: events, token: token(of: target))
        } catch {
            remove(target)
            throw error
        }
    }

    /// Frees the slot. The owner closes the descriptor, which takes it out of the epoll.
    func remove(_ target: EventTarget) {
        // Not there any more after `stop`.
        guard target.slot >= 0, target.slot < targets.count else { return }
        wheel.cancel(target.slot)
        targets[target.slot] = nil
        freeSlots.append(target.slot)
        target.slot = -1
    }

    /// Takes a descriptor out of the epoll that others hold open as well. epoll(7): closing it here
    /// doesn't, and a level-triggered event would come again and again.
    func unregister(_ descriptor: Int32) { _ = loop_unregister(epoll.number, descriptor) }

    func modify(_ target: EventTarget, descriptor: Int32, events: UInt32) {
        _ = loop_modify(epoll.number, descriptor, events, token(of: target))
    }

    /// `target.resume()` is called in the next round, or later in this one.
    func queue(_ target: EventTarget) {
        guard !target.isQueued else { return }
        target.isQueued = true
        queued.append(target)
    }

    /// The target's one timer: `timerFired` is called then, or up to 50 ms later.
    func schedule(_ target: EventTarget, at moment: Int64) {
        if target.slot >= 0 { wheel.schedule(target.slot, at: moment) }
    }

    private func token(of target: EventTarget) -> UInt64 {
        UInt64(target.generation) << 32 | UInt64(target.slot)
    }

    private func register(_ descriptor: Int32, events: UInt32, token: UInt64) throws(SystemError) {
        let result = loop_register(epoll.number, descriptor, events, token)
        guard result == 0 else { throw SystemError("epoll_ctl", code: -result) }
    }

    // MARK: A wake

    private func wake() {
        var lingered = false
        for round in 0..<EventLoop.roundsPerWake {
            now = loop_boottime()
            let arrived = gather() || lingered
            let posted = mailbox.take()
            if round > 0, !arrived, queued.isEmpty, posted.isEmpty, deadline > now, mailbox.maySleep() {
                arm()
                lingered = linger()
                if lingered { continue }
                return
            }
            lingered = false
            resumeQueued()
            for closure in posted { closure() }
            fireTimers()
            if deadline <= now { deadline = TimerWheel.never }
            turn()
            arm()
        }
        // Still busy. Come back through the queue, for which the epoll has to be readable.
        if mailbox.maySleep() { mailbox.knock() } else { _ = loop_signal(eventfd.number) }
    }

    /// Waits a moment right here for what comes next: the end of a commit, a client's next request.
    ///
    /// The way back through Dispatch (its manager thread's epoll, a futex, this thread) costs some
    /// 20 µs, on each of the four hops of one client's campaign and complete.
    private func linger() -> Bool {
        let count = Int(loop_take(epoll.number, events, LOOP_EVENTS_MAX, EventLoop.lingerMilliseconds))
        guard count > 0 else { return false }
        now = loop_boottime()
        for index in 0..<count { handle(events[index]) }
        return true
    }

    /// Handles what epoll has, until it has no more. Returns whether it had anything.
    private func gather() -> Bool {
        for take in 0..<EventLoop.takesPerRound {
            let count = Int(loop_take(epoll.number, events, LOOP_EVENTS_MAX, 0))
            for index in 0..<max(count, 0) { handle(events[index]) }
            if count < Int(LOOP_EVENTS_MAX) { return take > 0 || count > 0 }
        }
        return true
    }

    @inline(__always)
    private func handle(_ event: loop_event) {
        let generation = UInt32(truncatingIfNeeded: event.token >> 32)
        guard generation != 0 else { return }
        let slot = Int(event.token & 0xFFFF_FFFF)
        guard slot < targets.count, let target = targets[slot], target.generation == generation else {
            return
        }
        target.ready(event.events)
    }

    private func resumeQueued() {
        guard !queued.isEmpty else { return }
        let taken = queued
        queued = []
        for target in taken {
            target.isQueued = false
            if target.slot >= 0 { target.resume() }
        }
    }

    private func fireTimers() {
        guard wheel.nearest <= now else { return }
        wheel.advance(to: now, fired: &fired)
        for slot in fired { targets[slot]?.timerFired() }
        fired.removeAll(keepingCapacity: true)
    }

    /// One timer of the system for the daemon's deadline and the wheel. Put off lazily: a wake too
    /// many costs less than arming it again for each request.
    private func arm() {
        if armed <= now { armed = TimerWheel.never }
        let wanted = min(deadline, wheel.nearest)
        guard wanted < armed else { return }
        _ = loop_arm(timer.number, wanted)
        armed = wanted
    }
}
