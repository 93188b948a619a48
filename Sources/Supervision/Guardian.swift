import CLinux
import Glibc

/// Baton's side of the guardian: a child process that runs commands for baton and
/// outlives it for the moment that it takes to clean up.
///
/// Baton can be killed with SIGKILL at any time, and nothing in baton runs then.
/// So before it has a thread or a lease it forks the guardian, which is a
/// subreaper and the parent of every command. They talk over a socket pair. The
/// end of that socket without a goodbye *is* baton's death: the guardian ends the
/// command's whole tree (SIGTERM, 300 ms, SIGKILL), then calls `orphaned` with the
/// last report, so that the hold is handed on without waiting for its expiry.
///
/// What it can't do: if the guardian is killed, the direct child dies with it
/// (PR_SET_PDEATHSIG), and baton, told by `guardianLost`, kills the rest; if both
/// are killed in the same moment, grandchildren survive and the lease expires. A
/// process of another user (sudo) can't be killed at all: `treeOutlives`.
///
/// To be used from one thread. Letting go of it without `goodbye` is dying. A copy
/// of baton made by fork without exec would hold the socket open: don't make one.
public final class Guardian {
    let channel: Channel
    let pid: Int32
    let terminal: Terminal?
    var child: Int32?
    var waiting: [GuardianEvent] = []
    /// The guardian is gone and reaped: its pid may be someone else's.
    var isOver = false

    private init(channel: consuming Channel, pid: Int32) {
        self.channel = channel
        self.pid = pid
        terminal = Terminal()
    }

    /// Forks the guardian. To be called before any other thread exists; throws
    /// `threadsExist` otherwise. Returns only in baton.
    ///
    /// - Parameter orphaned: runs in the guardian process after the tree is gone,
    ///   because baton died with a report set. That process has one thread, no
    ///   standard input or output, and exits when this returns: give it deadlines.
    public static func start(orphaned: (_ report: [UInt8]) -> Void) throws(SupervisionError) -> Guardian {
        try openStandardStreams()
        let threads = Proc.threadCount
        guard threads <= 1 else { throw .threadsExist(threads) }
        let (ours, theirs) = try Channel.pair()
        let pid = baton_fork()
        if pid == 0 { beTheGuardian(theirs, orphaned) }
        let error = errno
        close(theirs)
        guard pid > 0 else {
            close(ours)
            throw .system(call: "fork", error)
        }
        // If the guardian is killed, what is left of its tree comes to baton.
        _ = baton_become_subreaper()
        return Guardian(channel: Channel(descriptor: ours), pid: pid)
    }

    private static func beTheGuardian(_ end: Int32, _ orphaned: ([UInt8]) -> Void) -> Never {
        guard let process = try? GuardianProcess(channel: Channel(descriptor: end)) else { _exit(1) }
        process.run(orphaned: orphaned)
    }

    /// Whoever starts baton with a closed stream would find our socket in its place.
    private static func openStandardStreams() throws(SupervisionError) {
        for number: Int32 in 0...2 where fcntl(number, F_GETFD) < 0 {
            guard open("/dev/null", O_RDWR) == number else { throw .system(call: "open /dev/null", errno) }
        }
    }

    /// Readable when an event waits, or when the guardian is lost.
    public var descriptor: Int32 { channel.descriptor }

    /// What `orphaned` is to be given if baton dies from now on. Empty: it isn't
    /// called. At most `Guardian.reportBytesMax`.
    public func setReport(_ bytes: [UInt8]) throws(SupervisionError) {
        guard bytes.count <= Self.reportBytesMax else { throw .reportTooLarge(limit: Self.reportBytesMax) }
        try send(.report(bytes))
    }

    public static let reportBytesMax = Message.bodyBytesMax

    /// To the child's process group; nothing when the child has ended.
    public func signal(_ number: Int32) { _ = try? send(.signal(number)) }

    /// SIGTERM to every process of the tree now, SIGKILL after the grace; zero:
    /// SIGKILL now. The guardian keeps the time. Asked twice, the earlier SIGKILL
    /// stands. Nothing if no command runs.
    public func endTree(grace: Duration) { _ = try? send(.end(grace: grace.nanoseconds)) }

    /// The tree gets SIGTERM and SIGKILL at those instants of CLOCK_BOOTTIME, in
    /// nanoseconds (`BootClock.after`), unless armed anew or disarmed before the
    /// first. The guardian does it by itself, even while baton is stopped. Once
    /// fired it isn't taken back, and no command is spawned until armed anew.
    public func armDeadman(termAt: UInt64, killAt: UInt64) {
        _ = try? send(.arm(termAt: termAt, killAt: killAt))
    }

    public func disarmDeadman() { _ = try? send(.disarm) }

    /// A guardian that reads no more guards no more. It is killed, so that its loss
    /// is seen as any other: by the end of the socket.
    func send(_ order: Order, descriptors: [Int32] = []) throws(SupervisionError) {
        if isOver { throw .guardianLost }
        guard channel.send(order.message, descriptors: descriptors) else {
            kill(pid, SIGKILL)
            throw .guardianLost
        }
    }

    /// The orderly end: what still runs is ended, nothing is reported. Waits for
    /// the guardian to leave, which is at once when the tree is gone.
    public func goodbye() {
        terminal?.takeBack()
        guard !isOver, (try? send(.goodbye)) != nil else { return }
        if !waitForEnd() { kill(pid, SIGKILL) }
        waitpid(pid, nil, 0)
        isOver = true
    }

    /// The last resort, for a guardian that is stopped and so doesn't do what it
    /// should have done by now: kills it and everything below it from here.
    /// Nothing is reported. `nextEvent` then says `guardianLost`.
    public func killEverything() {
        guard !isOver else { return }
        killFromHere()
        waiting.append(.guardianLost)
    }

    /// Until the socket ends; false if it takes too long.
    private func waitForEnd() -> Bool {
        let deadline = BootClock.after(.milliseconds(Int(Limits.goodbyeMilliseconds)))
        while BootClock.now < deadline {
            guard channel.wait(milliseconds: Limits.goodbyeMilliseconds) else { return false }
            if case .ended = channel.receive() { return true }
        }
        return false
    }
}
