import Coordination
import JSON

/// GET …/overlaps: which holds were there at the same time.
public struct OverlapsQuery: Hashable, Sendable {
    public var namespace: String
    /// Nil: every name.
    public var name: String?
    public var window: TimeWindow
    /// Those that are meant to hold together, too.
    public var includesShared: Bool
    /// So many are left out: they were in the parts before this one.
    public var skip: Int
    public var limit: Int
}

/// GET …/report: what became of each name.
public struct ReportQuery: Hashable, Sendable {
    public var namespace: String
    public var window: TimeWindow
    public var page: ReadQuery.Page
}

/// What was found, for `Elections.overlaps`.
public struct OverlapsFound: Sendable {
    /// The latest first: those of this part.
    public var items: [Overlap] = []
    /// Of all parts.
    public var count = 0
    public var length = Interval.zero
    /// There are more than were looked for.
    public var isTruncated = false
    /// Writes that were refused since their token was no longer the present hold's; the latest first.
    public var staleWrites: [AuditEntry] = []

    public init() {}
}

extension Elections {
    func overlapsQuery(
        _ envelope: Envelope, _ namespace: String, _ name: String?
    ) throws(Problem) -> OverlapsQuery {
        let query = try Query(
            envelope.request, allowed: ["since", "until", "includeShared", "limit", "continue"])
        let skip = try query.number("continue", in: 0...Int64(OverlapSweep.most)) ?? 0
        return OverlapsQuery(
            namespace: namespace, name: name,
            window: try query.window(now: envelope.now, unlessGiven: .hours(24)),
            includesShared: try query.choice("includeShared", [("true", true), ("false", false)]) ?? false,
            skip: Int(skip), limit: try query.limit(settings))
    }

    func reportQuery(_ envelope: Envelope, _ namespace: String) throws(Problem) -> ReportQuery {
        let query = try Query(envelope.request, allowed: ["since", "until", "limit", "continue"])
        return ReportQuery(
            namespace: namespace, window: try query.window(now: envelope.now, unlessGiven: .hours(7 * 24)),
            page: try query.page(settings))
    }

    /// The part's items, and the figures of the whole.
    public func overlaps(_ found: OverlapsFound, for query: OverlapsQuery) -> APIResponse {
        .json { writer in
            writer.member("namespace", query.namespace)
            writer.member("name", query.name)
            write(query.window, to: &writer)
            writer.member("count", found.count)
            writer.member("overlap", found.length)
            writer.member("truncated", found.isTruncated)
            writer.name("items")
            let shown = writer.array(found.items, upTo: settings.listBytes) { writer, overlap in
                writer.object { write(overlap, to: &$0) }
            }
            writer.name("staleWrites")
            _ = writer.array(found.staleWrites, upTo: settings.listBytes) { writer, entry in
                writer.object { writeStale(entry, to: &$0) }
            }
            let next = query.skip + shown
            if next < found.count, shown > 0 { writer.member("continue", String(next)) }
        }
    }

    private func write(_ window: TimeWindow, to writer: inout JSONWriter) {
        writer.member("since", window.since)
        writer.member("until", window.until)
    }

    private func write(_ overlap: Overlap, to writer: inout JSONWriter) {
        writer.member("name", overlap.first.key.name)
        writer.member("from", overlap.from)
        writer.member("to", overlap.to)
        writer.member("overlap", overlap.length)
        writer.name("holds")
        writer.array([overlap.first, overlap.second]) { writer, hold in
            writer.object {
                write(hold, to: &$0)
                let phases = hold.phases(from: overlap.from, to: overlap.to)
                if !phases.isEmpty { $0.member("phasesDuring", phases) }
            }
        }
    }

    private func writeStale(_ entry: AuditEntry, to writer: inout JSONWriter) {
        writer.member("time", entry.time)
        writer.member("name", entry.name)
        writer.member("verb", entry.verb.rawValue)
        writer.member("fencingToken", entry.token)
        writer.member("holderIdentity", entry.holder)
        writer.member("end", entry.details["end"])
        writer.member("currentHolder", entry.details["currentHolder"])
        writer.member("count", entry.count)
    }

    /// - Parameter next: the name behind which the next part begins; nil: this was the last.
    public func report(
        _ rows: [ReportRow], next: String?, isTruncated: Bool, for query: ReportQuery
    ) -> APIResponse {
        .json { writer in
            writer.member("namespace", query.namespace)
            write(query.window, to: &writer)
            writer.member("truncated", isTruncated)
            writer.name("items")
            let shown = writer.array(rows, upTo: settings.listBytes) { writer, row in
                writer.object { write(row, to: &$0) }
            }
            writer.member("continue", shown < rows.count ? rows[shown - 1].name : next)
        }
    }

    private func write(_ row: ReportRow, to writer: inout JSONWriter) {
        writer.member("name", row.name)
        writer.member("holds", row.holds)
        writer.member("held", row.heldTime)
        writer.member("attempts", row.attempts)
        writer.member("failures", row.failures)
        writer.member("takeovers", row.takeovers)
        writer.member("waits") {
            Self.write("elected", row.waits.elected, row.waits.electedTime, to: &$0)
            Self.write("settled", row.waits.settled, row.waits.settledTime, to: &$0)
        }
        Self.write("avoided", row.waits.avoided, row.waits.avoidedTime, to: &writer)
        writer.member("observed", row.observed)
        Self.write("wouldHaveOverlapped", row.wouldOverlap, row.wouldOverlapTime, to: &writer)
    }

    /// How many, and how long in all.
    private static func write(
        _ name: StaticString, _ count: Int, _ time: Interval, to writer: inout JSONWriter
    ) {
        writer.member(name) {
            $0.member("count", count)
            $0.member("time", time)
        }
    }
}

extension HoldRecord {
    /// What its holder had told of itself within that time: what was so when it began, and what followed.
    func phases(from: Timestamp, to: Timestamp) -> [String] {
        let first = phases.lastIndex { $0.at <= from } ?? 0
        return phases[first...].filter { $0.at < to }.map(\.name)
    }
}

extension Query {
    /// From `since` to `until`, which is now if it isn't given.
    fileprivate func window(now: Now, unlessGiven length: Interval) throws(Problem) -> TimeWindow {
        let until = min(try moment("until", now: now) ?? now.wall, now.wall)
        let since =
            try moment("since", now: now)
            ?? Timestamp(microseconds: now.wall.microseconds - length.nanoseconds / 1000)
        guard since < until else {
            let rule = "earlier than until, and than now"
            throw .field(
                "since", "since is \(since.text), not before until, \(until.text): nothing is in between.",
                allowed: rule)
        }
        return TimeWindow(since: since, until: until)
    }
}
