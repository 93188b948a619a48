import CLinux
import Glibc

/// The guardian itself: a process with one thread, one loop and one `Ward`.
///
/// It waits for orders, for the ends of children and for the ward's next moment,
/// in that order: a renewal that has arrived counts before a deadline that has
/// passed. It holds none of baton's descriptors but standard error, so that
/// nobody who reads baton's output waits for it; the child's streams pass
/// through at spawn and are closed.
final class GuardianProcess {
    private let channel: Channel
    private let children: SignalSource
    private let timer: BootTimer
    private var tree = ProcessTree()
    private var ward = Ward()
    private var report: [UInt8] = []
    private var launch: Launch?
    private var child: Int32?
    /// One stop is told at a time: a child that is stopped over and over must not
    /// fill the channel of a baton that doesn't read.
    private var stopTold = false

    /// Becomes the guardian, in the forked process.
    init(channel: consuming Channel) throws(SupervisionError) {
        self.channel = channel
        baton_close_all_but(self.channel.descriptor)
        Self.forgetStreams()
        Self.becomeDeafToGroup()
        guard baton_become_subreaper() == 0 else { throw .system(call: "PR_SET_CHILD_SUBREAPER", errno) }
        baton_set_process_name("baton-guardian")
        children = try SignalSource([SIGCHLD])
        timer = try BootTimer()
    }

    /// Standard input and output belong to the child; standard error stays, for
    /// what `orphaned` may have to say.
    private static func forgetStreams() {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        dup2(null, 0)
        dup2(null, 1)
        close(null)
    }

    /// A group of its own and no ear for what CI systems and terminals send to
    /// groups: it must outlive baton to do its duty. SIGSTOP and SIGKILL remain.
    private static func becomeDeafToGroup() {
        setpgid(0, 0)
        let ignored = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM]
        for number in ignored + [SIGTSTP, SIGTTIN, SIGTTOU] { _ = baton_ignore_signal(number) }
        // Ignored, it would swallow how children ended.
        _ = baton_default_signal(SIGCHLD)
        var none = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, nil)
    }

    func run(orphaned: (_ report: [UInt8]) -> Void) -> Never {
        while true {
            waitForSomething()
            drainOrders()
            settleLaunch()
            reap()
            ward.tick(at: BootClock.now)
            for action in ward.takeActions() { perform(action, orphaned) }
            timer.set(ward.wakeAt)
        }
    }

    private func waitForSomething() {
        let socket = ward.link == .open ? channel.descriptor : -1
        let outcome = launch?.outcome ?? -1
        var entries = [socket, children.descriptor, timer.descriptor, outcome].map(pollfd.init(descriptor:))
        poll(&entries, nfds_t(entries.count), -1)
        while children.next() != nil {}
    }

    private func perform(_ action: Ward.Action, _ orphaned: ([UInt8]) -> Void) {
        switch action {
        case .say(let word): say(word)
        case .terminate: tree.isVisible ? tree.terminate() : signalGroup(SIGTERM)
        case .kill: tree.isVisible ? tree.killAll() : signalGroup(SIGKILL)
        case .confess: say(.treeOutlives(tree.descendants()))
        case .report: if !report.isEmpty { orphaned(report) }
        case .leave: _exit(0)
        }
    }

    /// What can't be said isn't kept: baton is gone then, or will hear of the end.
    private func say(_ word: Word) { _ = channel.send(word.message) }
}

// MARK: Orders

extension GuardianProcess {
    private func drainOrders() {
        while ward.link == .open {
            switch channel.receive() {
            case .nothing: return
            case .ended: ward.linkEnded(byGoodbye: false, at: BootClock.now)
            case .message(let message, let descriptors):
                if let order = Order(message) { obey(order, descriptors) }
                for descriptor in descriptors { close(descriptor) }
            }
        }
    }

    private func obey(_ order: Order, _ descriptors: [Int32]) {
        switch order {
        case .spawn(let withTerminal): spawn(descriptors, withTerminal: withTerminal)
        case .report(let bytes): report = bytes
        case .signal(let number): signalGroup(number)
        case .end(let grace): ward.end(grace: grace, at: BootClock.now)
        case .arm(let termAt, let killAt): ward.arm(termAt: termAt, killAt: killAt, at: BootClock.now)
        case .disarm: ward.disarm()
        case .goodbye: ward.linkEnded(byGoodbye: true, at: BootClock.now)
        }
    }

    /// Only while the child isn't reaped: until then its group is its own.
    private func signalGroup(_ number: Int32) {
        guard let child else { return }
        if number == SIGCONT { stopTold = false }
        kill(-child, number)
    }

    private func spawn(_ descriptors: [Int32], withTerminal: Bool) {
        switch ward.refusal {
        case .busy: return say(.refused(stage: 0, error: EBUSY))
        case .deadmanFired: return say(.refused(stage: 0, error: ECANCELED))
        case nil: break
        }
        let streams = Array(descriptors.dropFirst().dropLast(withTerminal ? 1 : 0))
        guard let image = descriptors.first, let command = Command(image: Self.wholeFile(image)),
            let (pid, outcome) = Launch.begin(
                command, descriptors: streams,
                terminal: withTerminal ? descriptors[descriptors.count - 1] : -1)
        else { return say(.refused(stage: Int32(baton_launch_setup.rawValue), error: errno)) }
        launch = Launch(pid: pid, outcome: outcome)
        child = pid
        tree.group = pid
        stopTold = false
        ward.began()
    }

    private static func wholeFile(_ descriptor: Int32) -> [UInt8] {
        lseek(descriptor, 0, SEEK_SET)
        var bytes: [UInt8] = []
        while let piece = Descriptor.read(descriptor), !piece.isEmpty { bytes += piece }
        return bytes
    }
}

// MARK: Children

extension GuardianProcess {
    /// Tells baton whether the exec went through. It isn't waited for: an exec may
    /// hang on a dead file system, and the deadman must not hang with it.
    private func settleLaunch() {
        guard let pid = child, let outcome = launch?.outcome else { return }
        var entry = pollfd(descriptor: outcome)
        guard poll(&entry, 1, 0) > 0 else { return }
        if !hasBegun(pid) { waitpid(pid, nil, 0) }
    }

    /// False when the exec failed. Only when the pipe has data or has ended.
    private func hasBegun(_ pid: Int32) -> Bool {
        let failure = launch?.failure()
        launch = nil
        say(failure ?? .spawned(pid))
        guard failure != nil else { return true }
        child = nil
        ward.neverBegan()
        return false
    }

    private func reap() {
        var reaped = baton_reaped()
        while true {
            switch baton_reap(&reaped) {
            case 1: if reaped.pid == child { childChanged(reaped) }
            case -1 where child == nil: return ward.treeEmptied()
            default: return
            }
        }
    }

    private func childChanged(_ reaped: baton_reaped) {
        switch baton_reaped_kind(UInt32(reaped.kind)) {
        case baton_reaped_stopped:
            if !stopTold { say(.childStopped(reaped.value)) }
            stopTold = true
            return
        case baton_reaped_signalled: childEnded(.signalled(reaped.value))
        default: childEnded(.exited(reaped.value))
        }
    }

    private func childEnded(_ status: ChildStatus) {
        // It may have ended since the pipe was looked at; the pipe has ended with it.
        if launch != nil, let child, !hasBegun(child) { return }
        child = nil
        ward.childEnded(status, at: BootClock.now)
    }
}
