import API
import CLinux
import Coordination

/// What is counted as the daemon works. Turns and the door feed it, on the loop; it costs a few
/// additions for each request.
///
/// Elections, ends of holds and markers are counted when their turn is on disk, and from its
/// changes: what was taken back never happened.
final class Meters {
    /// Indexed by the raw values of `WaitEnd`, `HoldEnd` and `Outcome`.
    private(set) var waits: [Histogram]
    private(set) var holdEnds: [UInt64]
    private(set) var markers: [UInt64] = [0, 0]
    /// Entries of the audit record, each as often as it counts.
    private(set) var recorded: [AuditEntry.Outcome: UInt64] = [:]
    private(set) var takeovers: UInt64 = 0
    /// Markers, by schedule and by request.
    private(set) var pruned: (bySchedule: UInt64, byRequest: UInt64) = (0, 0)
    /// When the last pass of the retention ended; nil: there was none.
    private(set) var retentionRun: Timestamp?
    /// `ClockAgreement` says so.
    var clocksDisagree = false
    private(set) var staleTokens: UInt64 = 0
    private(set) var foreignTokens: UInt64 = 0
    private(set) var renewals: UInt64 = 0
    /// By the setting that was met.
    private(set) var refusals: [String: UInt64] = [:]
    /// The hub counts by itself.
    var watching = WatchCounters()
    /// Answers to campaigns.
    private(set) var campaigns = Campaigns()

    struct Campaigns {
        var elected: UInt64 = 0
        var done: UInt64 = 0
        var failed: UInt64 = 0
        var waiting: UInt64 = 0
    }

    private(set) var held = Histogram(Meters.lengths)
    private(set) var commitTime = Histogram(Meters.flushes)
    private(set) var turnSize = Histogram([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])
    /// By route, then the few codes that it has answered with.
    private(set) var answers: [[(code: Int, count: UInt64)]]
    /// By route: how long requests took that didn't wait for anybody.
    private(set) var answerTime: [Histogram]
    /// The flush alone.
    private(set) var flushTime = Histogram(Meters.flushes)
    /// Bytes of each turn in the journal.
    private(set) var turnBytes = Histogram(Meters.sizes)

    /// Seconds: from a lock's moment to a day's build.
    static let lengths = [0.01, 0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 43200]
    /// Seconds: a flush of a good disk, of a bad one, and of one that is about to fail.
    static let flushes = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]

    // Settings whose limits the core doesn't know.
    static let rate = "rate.perSecond"
    static let connections = "http.connections"
    static let connectionsPerAddress = "http.connectionsPerAddress"
    static let watches = "watches.max"
    static let watchesPerClient = "watches.perClient"
    /// Seconds: from an answer out of memory to one that somebody gave up on.
    static let answers = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]
    /// Bytes: from one election's row to that of thousands.
    static let sizes = [256.0, 1024, 4096, 16384, 65536, 262_144, 1_048_576]

    init() {
        waits = WaitEnd.allCases.map { _ in Histogram(Meters.lengths) }
        holdEnds = HoldEnd.allCases.map { _ in 0 }
        for setting in Bound.allCases.map(\.setting) + [
            Self.rate, Self.connections, Self.connectionsPerAddress, Self.watches, Self.watchesPerClient,
        ] {
            refusals[setting] = 0
        }
        answers = RouteTemplate.allCases.map { _ in [] }
        answerTime = RouteTemplate.allCases.map { _ in Histogram(Meters.answers) }
    }

    /// Nanoseconds, this moment's and not the round's: a flush may be shorter than a round.
    static var moment: Int64 { loop_boottime() }

    // MARK: From the turns

    /// A turn is on disk, with so many bytes in the journal.
    func committed(_ changes: [Change], commands: Int, handedOver: Int64, flush: Interval, bytes: Int) {
        commitTime.observe(Double(Meters.moment - handedOver) / 1e9)
        turnSize.observe(Double(commands))
        flushTime.observe(Double(flush.nanoseconds) / 1e9)
        turnBytes.observe(Double(bytes))
        for change in changes { durable(change) }
    }

    private func durable(_ change: Change) {
        switch change {
        case .hold(let hold):
            guard let end = hold.end else { return }
            holdEnds[Int(end.how.rawValue)] += 1
            held.observe(Double(max(0, end.at.microseconds - hold.began.microseconds)) / 1e6)
        case .lease(let lease, _):
            guard let hold = lease.hold, hold.token == lease.revision, let last = lease.last else { return }
            if last.how == .expired || last.how == .abandoned { takeovers += 1 }
        case .marker(let marker, _):
            // Not once more when its labels change.
            if change.isNew { markers[Int(marker.finding.outcome.rawValue)] += 1 }
        case .audit(let entry): recorded[entry.outcome, default: 0] += UInt64(entry.count)
        case .leaseDeleted, .markerDeleted, .namespace, .namespaceDeleted, .waits, .alias: break
        }
    }

    /// A contender's wait is over, and what ended it is on disk.
    func waitEnded(_ end: WaitEnd, after time: Interval) {
        waits[Int(end.rawValue)].observe(Double(time.nanoseconds) / 1e9)
    }

    func said(_ reply: Reply) {
        switch reply {
        case .renewed: renewals += 1
        case .elected: campaigns.elected += 1
        case .settled(let marker) where marker.finding.outcome == .succeeded: campaigns.done += 1
        case .settled: campaigns.failed += 1
        case .waiting: campaigns.waiting += 1
        case .refused(.holdEnded): staleTokens += 1
        case .refused(.notTheHolder): foreignTokens += 1
        case .refused(let rejection): if let bound = rejection.bound { refused(bound.setting) }
        default: break
        }
    }

    func pruned(_ count: Int, bySchedule: Bool) {
        if bySchedule { pruned.bySchedule += UInt64(count) } else { pruned.byRequest += UInt64(count) }
    }

    func retentionRan(at time: Timestamp) { retentionRun = time }

    // MARK: From the door

    /// By a limit, which has this setting.
    func refused(_ setting: String) { refusals[setting]! += 1 }

    /// `time` is nil for a request that waited, or wasn't read.
    func answered(_ route: RouteTemplate, _ code: Int, after time: Interval? = nil) {
        let row = route.rawValue
        if let time { answerTime[row].observe(Double(time.nanoseconds) / 1e9) }
        for place in answers[row].indices where answers[row][place].code == code {
            answers[row][place].count += 1
            return
        }
        answers[row].append((code, 1))
    }
}
