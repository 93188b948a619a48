import Dispatch
import Glibc

/// The daemon's signals, on a queue of their own: a loop that hangs must not keep it from ending.
final class Signals: @unchecked Sendable {
    private let queue = DispatchQueue(label: "baton.signals")
    private var sources: [any DispatchSourceSignal] = []
    private var wasAsked = false

    /// `stop` is called for the first SIGTERM or SIGINT, `reload` for each SIGHUP. Another SIGTERM or
    /// SIGINT ends the process on the spot, with 128 and its number, as a shell would say it: whoever
    /// presses Ctrl-C twice doesn't want to wait. Nothing that was acknowledged is lost by that.
    func watch(stop: @escaping (Int32) -> Void, reload: @escaping () -> Void) {
        signal(SIGPIPE, SIG_IGN)
        on(SIGHUP, reload)
        for number in [SIGTERM, SIGINT] {
            on(number) { [unowned self] in
                if wasAsked { _exit(128 + number) }
                wasAsked = true
                stop(number)
            }
        }
    }

    private func on(_ number: Int32, _ body: @escaping () -> Void) {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
        source.setEventHandler(handler: body)
        source.activate()
        sources.append(source)
    }
}
