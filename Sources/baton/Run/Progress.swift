import Client
import Glibc

/// Shows how things stand, on standard error. On a terminal waiting is one live
/// line; elsewhere a line when something changes and one every 30 s.
final class Progress {
    private let lease: String
    private let isLive = isatty(STDERR_FILENO) == 1
    private var waiting: (state: Waiting, heardAt: Moment)?
    private var lastText: String?
    private var isLineOpen = false
    private(set) var wakeAt: Moment?

    init(lease: String) { self.lease = lease }

    func show(_ notice: Campaigner.Notice, at now: Moment) {
        if case .waiting(let state) = notice {
            let isNews = waiting.map { !$0.state.isSame(as: state) } ?? true
            waiting = (state, now)
            if isLive || isNews { showWaiting(at: now) }
            return
        }
        if case .unreachable = notice {} else { stopWaiting() }
        if let text = NoticeText.line(notice, lease: lease, at: now) { line(text) }
    }

    /// Shows again what still goes on, when it is time.
    func tick(at now: Moment) {
        guard let due = wakeAt, due <= now else { return }
        showWaiting(at: now)
    }

    func clear() { stopWaiting() }

    private func stopWaiting() {
        waiting = nil
        wakeAt = nil
        if isLineOpen { File.write("\r\u{1b}[K", to: STDERR_FILENO) }
        isLineOpen = false
    }

    private func showWaiting(at now: Moment) {
        guard let waiting else { return }
        var state = waiting.state
        state.remaining = state.remaining.map { max($0 - (now - waiting.heardAt), .zero) }
        guard let text = NoticeText.line(.waiting(state), lease: lease, at: now) else { return }
        wakeAt = now + (isLive ? .seconds(1) : .seconds(30))
        guard isLive else { return Say.line(text) }
        File.write("\r\u{1b}[K" + Self.cut("baton: " + text), to: STDERR_FILENO)
        isLineOpen = true
    }

    private func line(_ text: String) {
        if isLineOpen { File.write("\r\u{1b}[K", to: STDERR_FILENO) }
        isLineOpen = false
        Say.line(text)
    }

    /// A live line that breaks can't be taken back.
    private static func cut(_ text: String) -> String {
        var size = winsize()
        let known = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 20
        let width = known ? Int(size.ws_col) - 1 : 79
        return text.count <= width ? text : text.prefix(width - 1) + "…"
    }
}
