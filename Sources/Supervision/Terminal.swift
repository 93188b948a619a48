import CLinux
import Glibc

/// The controlling terminal, lent to the child's process group and taken back.
///
/// A job's group owns the keyboard: Ctrl-C and Ctrl-Z go to the group in the
/// foreground, and a group in the background is stopped when it reads (SIGTTIN).
/// The child has a group of its own, so baton hands the terminal over as a shell
/// does. When only one of stdin and stdout is the terminal, another program of
/// the pipeline (a pager) may need it too: then it is lent only to a child that
/// was stopped for want of it.
final class Terminal {
    let descriptor: Int32
    private(set) var isLent = false

    /// nil without a terminal.
    init?() {
        descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        if descriptor < 0 { return nil }
    }

    deinit { close(descriptor) }

    var isOurs: Bool { tcgetpgrp(descriptor) == getpgrp() }

    /// Whether the child is to have it from its start.
    var suitsChildFromStart: Bool { isOurs && isatty(0) == 1 && isatty(1) == 1 }

    /// The child took it by itself, before its exec.
    func wasTaken() { isLent = true }

    func lend(to group: Int32) {
        setOwner(group)
        isLent = true
    }

    func takeBack() {
        guard isLent else { return }
        isLent = false
        setOwner(getpgrp())
    }

    /// tcsetpgrp(3): from the background it draws SIGTTOU, unless that is blocked.
    private func setOwner(_ group: Int32) {
        var blocked = sigset_t()
        var before = sigset_t()
        sigemptyset(&blocked)
        sigaddset(&blocked, SIGTTOU)
        pthread_sigmask(SIG_BLOCK, &blocked, &before)
        tcsetpgrp(descriptor, group)
        pthread_sigmask(SIG_SETMASK, &before, nil)
    }
}
