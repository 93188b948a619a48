/// What became of a name in a stretch of time.
public struct ReportRow: Hashable, Sendable {
    public var name: String
    /// Holds by election that were there.
    public var holds = 0
    /// How long they were, within that time, in all.
    public var heldTime = Interval.zero
    /// Of those, the ones in which the work was tried: not those that were taken back or revoked, nor
    /// of work that is done once, those that were given back.
    public var attempts = 0
    /// Attempts that failed, expired or were abandoned.
    public var failures = 0
    /// Holds that expired or were abandoned, and that another one followed.
    public var takeovers = 0
    public var waits = Waits()
    /// Runs that only observed.
    public var observed = 0
    /// Overlaps of which at least one only observed.
    public var wouldOverlap = 0
    public var wouldOverlapTime = Interval.zero
    /// The latest hold by election so far.
    fileprivate var latest: FencingToken = 0

    init(name: String) { self.name = name }
}

/// A report under way: takes holds in the order of their ends, the latest first, and waits in any.
///
/// Names come in order, a page at a time: behind `after`, so many. What can't be on the page isn't kept.
public struct ReportSheet: Sendable {
    private let window: TimeWindow
    private let after: String?
    private let limit: Int
    private var rows: [String: ReportRow] = [:]
    /// Names behind this one are not on the page.
    private var last: String?
    private var sweep: OverlapSweep

    public init(_ window: TimeWindow, after: String? = nil, limit: Int) {
        self.window = window
        self.after = after
        self.limit = limit
        sweep = OverlapSweep(window)
    }

    public var isTruncated: Bool { sweep.isTruncated }

    private func wants(_ name: String) -> Bool {
        (after.map { $0 < name } ?? true) && (last.map { name <= $0 } ?? true)
    }

    public mutating func add(_ hold: HoldRecord) {
        let name = hold.key.name
        let end = min(hold.end?.at ?? window.until, window.until)
        guard wants(name), hold.isEvidence, hold.began < window.until, end > window.since else { return }
        var row = rows[name] ?? ReportRow(name: name)
        if hold.mode == .observe {
            row.observed += 1
        } else {
            row.count(hold, for: max(.zero, end - max(hold.began, window.since)))
        }
        sweep.add(hold) { overlap in
            guard overlap.isObserved else { return }
            row.wouldOverlap += 1
            row.wouldOverlapTime = row.wouldOverlapTime + overlap.length
        }
        rows[name] = row
        trim()
    }

    public mutating func add(_ record: WaitsRecord) {
        guard wants(record.key.name), record.at >= window.since, record.at < window.until else { return }
        rows[record.key.name, default: ReportRow(name: record.key.name)].waits += record.waits
        trim()
    }

    private mutating func trim() {
        guard rows.count > 2 * (limit + 1) else { return }
        let kept = rows.keys.sorted().prefix(limit + 1)
        last = kept.last
        let wanted = Set(kept)
        rows = rows.filter { wanted.contains($0.key) }
    }

    /// The rows in the order of their names, and whether there are more behind them.
    public var page: (rows: [ReportRow], hasMore: Bool) {
        let sorted = rows.values.sorted { $0.name < $1.name }
        return (Array(sorted.prefix(limit)), sorted.count > limit)
    }
}

extension ReportRow {
    fileprivate mutating func count(_ hold: HoldRecord, for time: Interval) {
        holds += 1
        heldTime = heldTime + time
        if hold.wasTried { attempts += 1 }
        guard let how = hold.end?.how, how.countsAsAttempt else {
            latest = max(latest, hold.token)
            return
        }
        failures += 1
        if how != .failed, latest > hold.token { takeovers += 1 }
        latest = max(latest, hold.token)
    }
}

extension HoldRecord {
    fileprivate var wasTried: Bool {
        switch end?.how {
        case nil, .completed, .failed, .expired, .abandoned: true
        case .resigned: way == .lock
        case .revoked, .undelivered, .unconfirmed: false
        }
    }
}
