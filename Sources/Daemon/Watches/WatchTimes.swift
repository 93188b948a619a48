import Coordination

/// When a watch is told how far it is, and when it ends.
///
/// Whoever is told something within a minute needs no bookmark. Shortly before the end there is one more, so that
/// the next watch can begin there.
struct WatchTimes {
    static let quietTime = Interval.seconds(60)
    static let beforeEnd = Interval.seconds(2)

    enum Due: Equatable { case bookmark, end }

    let end: Instant
    private var bookmark: Instant?

    init(from now: Instant, timeout: Interval, allowsBookmarks: Bool) {
        end = now + timeout
        guard allowsBookmarks else { return }
        let last = end - Self.beforeEnd
        bookmark = last > now ? min(now + Self.quietTime, last) : nil
    }

    var next: Instant { min(bookmark ?? end, end) }

    func due(at now: Instant) -> Due? {
        if end <= now { return .end }
        return bookmark.map { $0 <= now } ?? false ? .bookmark : nil
    }

    /// Something was sent: an event, or a bookmark.
    mutating func said(at now: Instant) {
        guard let bookmark else { return }
        let last = end - Self.beforeEnd
        // The one before the end stays, whatever is said; there is one of it.
        if now >= last {
            self.bookmark = bookmark <= now ? nil : bookmark
        } else {
            self.bookmark = min(now + Self.quietTime, last)
        }
    }
}
