import Client
import Glibc

/// Shows how things stand, on standard error. On a terminal waiting is one live
/// line; elsewhere a line when something changes and one every 30 s.
final class Progress {
    private let lease: String
    private let isLive = isatty(STDERR_FILENO) == 1
    /// What goes on until something else is said.
    private var standing: (notice: Campaigner.Notice, since: Moment)?
    private var isLineOpen = false
    private(set) var wakeAt: Moment?

    init(lease: String) { self.lease = lease }

    func show(_ notice: Campaigner.Notice, at now: Moment) {
        let before = standing?.notice
        clear()
        if notice.goesOn { standing = (notice, now) }
        if case .waiting(let new) = notice, case .waiting(let old)? = before, new.isSame(as: old), !isLive {
            wakeAt = now + Self.pause
            return
        }
        showAgain(notice, at: now)
    }

    /// Shows again what still goes on, when it is time.
    func tick(at now: Moment) {
        guard let due = wakeAt, due <= now, let standing else { return }
        var notice = standing.notice
        if case .waiting(var state) = notice {
            // The stream tells of no renewals: after a while nobody here knows how much is left.
            let age = now - standing.since
            state.remaining = age < Self.freshFor ? state.remaining.map { max($0 - age, .zero) } : nil
            notice = .waiting(state)
        }
        showAgain(notice, at: now)
    }

    func clear() {
        standing = nil
        wakeAt = nil
        closeLine()
    }

    private static let pause = Duration.seconds(30)
    private static let freshFor = Duration.seconds(5)

    private func showAgain(_ notice: Campaigner.Notice, at now: Moment) {
        guard let text = NoticeText.line(notice, lease: lease, at: now) else { return }
        // The terminal is ours to draw on only while no command writes to it.
        let isDrawn = if case .waiting = notice { isLive } else { false }
        if standing != nil { wakeAt = now + (isDrawn ? .seconds(1) : Self.pause) }
        guard isDrawn else { return line(text) }
        File.write("\r\u{1b}[K" + Self.cut("baton: " + PlainText.line(text)), to: STDERR_FILENO)
        isLineOpen = true
    }

    private func closeLine() {
        if isLineOpen { File.write("\r\u{1b}[K", to: STDERR_FILENO) }
        isLineOpen = false
    }

    private func line(_ text: String) {
        closeLine()
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
