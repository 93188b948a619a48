import CLinux
import Glibc

extension Guardian {
    /// Runs a command with baton's standard streams, in a process group of its
    /// own, with default signal dispositions and an empty mask. One at a time:
    /// `busy` until the tree of the last one is gone.
    ///
    /// Returns its pid when the exec has succeeded. When the child ends, what it
    /// left behind gets half a second to finish by itself and is then ended as
    /// well: the hold ends with the run.
    public func spawn(_ command: Command) throws(SupervisionError) -> Int32 {
        if let defect = command.defect { throw .invalidCommand(defect) }
        let image = try Self.memoryFile(command.image)
        defer { close(image) }
        let own = terminal.flatMap { $0.suitsChildFromStart ? $0 : nil }
        let streams: [Int32] = [image, 0, 1, 2] + (own.map { [$0.descriptor] } ?? [])
        try send(.spawn(withTerminal: own != nil), descriptors: streams)
        own?.wasTaken()
        do throws(SupervisionError) {
            child = try awaitLaunch(of: command)
        } catch {
            own?.takeBack()
            throw error
        }
        return child!
    }

    /// Commands can be larger than a packet: megabytes of arguments are legal.
    private static func memoryFile(_ bytes: [UInt8]) throws(SupervisionError) -> Int32 {
        let file = baton_memory_file()
        guard file >= 0 else { throw .system(call: "memfd_create", errno) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let error = errno
                close(file)
                throw .system(call: "write", error)
            }
            written += count
        }
        return file
    }

    /// Other events that come before the answer keep their order.
    private func awaitLaunch(of command: Command) throws(SupervisionError) -> Int32 {
        while true {
            _ = channel.wait()
            switch receive() {
            case .spawned(let pid): return pid
            case .refused(let stage, let error): throw Self.reason(command, stage, error)
            case let word?: if let event = event(of: word) { waiting.append(event) }
            case nil:
                if isOver {
                    waiting.append(.guardianLost)
                    throw .guardianLost
                }
            }
        }
    }

    private static func reason(_ command: Command, _ stage: Int32, _ error: Int32) -> SupervisionError {
        let program = command.arguments[0]
        switch (baton_launch_stage(UInt32(stage)), error) {
        case (baton_launch_directory, _): return .badDirectory(command.workingDirectory ?? "", error)
        // The kernel says ENOENT for a missing `#!` interpreter as well.
        case (baton_launch_exec, ENOENT):
            let isThere = command.candidates.contains { access($0, F_OK) == 0 }
            return isThere ? .notExecutable(program, ENOENT) : .notFound(program)
        case (baton_launch_exec, _): return .notExecutable(program, error)
        case (baton_launch_setup, _): return .system(call: "fork", error)
        case (_, EBUSY): return .busy
        default: return .deadmanFired
        }
    }

    // MARK: Events

    /// The next event, nil when none waits. Call it until then before each wait for
    /// `descriptor`, since `spawn` may have read events already. It doesn't wait,
    /// but for a terminal's Ctrl-Z: then baton stops with its child and goes on with
    /// it. After `guardianLost`, the last, `descriptor` stays readable.
    public func nextEvent() -> GuardianEvent? {
        if !waiting.isEmpty { return waiting.removeFirst() }
        while !isOver {
            guard let word = receive() else { return isOver ? .guardianLost : nil }
            if let event = event(of: word) { return event }
        }
        return nil
    }

    private func receive() -> Word? {
        switch channel.receive() {
        case .nothing: return nil
        case .message(let message, _): return Word(message)
        case .ended:
            killFromHere()
            return nil
        }
    }

    private func event(of word: Word) -> GuardianEvent? {
        switch word {
        case .childExited(let status):
            terminal?.takeBack()
            child = nil
            return .childExited(status)
        case .treeGone: return .treeGone
        case .treeOutlives(let pids): return .treeOutlives(pids)
        case .deadmanFired: return .deadmanFired
        case .childStopped(let number):
            childStopped(by: number)
            return nil
        case .spawned, .refused: return nil
        }
    }

    /// The guardian was killed. Its children come to baton, which is a subreaper
    /// too, and are killed here; the direct child has died already.
    func killFromHere() {
        isOver = true
        terminal?.takeBack()
        kill(pid, SIGKILL)
        let tree = ProcessTree(group: child)
        let deadline = BootClock.later(BootClock.now, Limits.killing)
        var reaped = baton_reaped()
        while BootClock.now < deadline {
            tree.killAll()
            while baton_reap(&reaped) == 1 {}
            if baton_reap(&reaped) == -1 { return }
            poll(nil, 0, 1)
        }
    }

    // MARK: Job control

    /// SIGTTIN, SIGTTOU: it wants the terminal; it gets it if that is ours to give.
    /// Ctrl-Z with the terminal lent: baton's own job stops as well, as the shell
    /// that waits for it expects, and when that continues, so does the child.
    private func childStopped(by number: Int32) {
        guard let terminal, let child else { return }
        if number == SIGTTIN || number == SIGTTOU, terminal.isOurs {
            terminal.lend(to: child)
            return signal(SIGCONT)
        }
        guard terminal.isLent else { return }
        terminal.takeBack()
        kill(0, SIGTSTP)
        if terminal.isOurs { terminal.lend(to: child) }
        signal(SIGCONT)
    }
}
