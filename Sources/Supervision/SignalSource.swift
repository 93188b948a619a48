import CLinux
import Glibc

/// Signals as something to read. signalfd(2).
///
/// Make it before any thread exists: a blocked mask is inherited by later
/// threads, and a thread that doesn't block a signal would die of it. Signals
/// that were ignored when baton started stay ignored, as nohup(1) and a shell's
/// `&` mean it; SIGTERM and SIGCHLD are always taken.
public final class SignalSource {
    /// What a run has to hear.
    public static let ofRun: [Int32] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD]

    /// Readable when a signal waits.
    public let descriptor: Int32

    public init(_ numbers: [Int32] = SignalSource.ofRun) throws(SupervisionError) {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers where Self.isWanted(number) { sigaddset(&set, number) }
        let error = pthread_sigmask(SIG_BLOCK, &set, nil)
        guard error == 0 else { throw .system(call: "pthread_sigmask", error) }
        descriptor = signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
        guard descriptor >= 0 else { throw .system(call: "signalfd", errno) }
    }

    deinit { close(descriptor) }

    /// A blocked signal is queued even if it is ignored, so it must not be asked for.
    private static func isWanted(_ number: Int32) -> Bool {
        number == SIGTERM || number == SIGCHLD || baton_signal_is_ignored(number) == 0
    }

    /// The next signal's number, nil when none waits.
    public func next() -> Int32? {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        while true {
            let got = read(descriptor, &info, size)
            if got == size { return Int32(info.ssi_signo) }
            guard got < 0, errno == EINTR else { return nil }
        }
    }
}
