import API
import Coordination
import Store

/// Going over the history for overlaps or a report, in steps: it may be long, and must not keep the loop
/// from hearing renewals. What it reads is durable, so the answer waits for no turn.
struct EvidenceSearch {
    private let elections: Elections
    private let store: SQLiteStore
    private var holds: HoldScan
    private var sheet: Sheet

    private enum Sheet {
        case overlaps(OverlapsQuery, OverlapSweep, OverlapsFound, StaleWriteScan)
        case report(ReportQuery, ReportSheet, WaitsScan)
    }

    /// Rows of the history that are looked at before the clock is.
    private static let batch = 256

    /// Nil for all other questions.
    init?(_ query: ReadQuery, _ elections: Elections, _ store: SQLiteStore, at now: Now) {
        self.elections = elections
        self.store = store
        switch query {
        case .overlaps(let query):
            holds = HoldScan(namespace: query.namespace, name: query.name, since: query.window.since)
            sheet = .overlaps(
                query, OverlapSweep(query.window, includesShared: query.includesShared), OverlapsFound(),
                StaleWriteScan(query))
        case .report(let query):
            holds = HoldScan(namespace: query.namespace, name: nil, since: query.window.since)
            sheet = .report(
                query, ReportSheet(query.window, after: query.page.after, limit: query.page.limit),
                WaitsScan(namespace: query.namespace, since: query.window.since))
        default: return nil
        }
    }

    /// Goes on until it is done or `isTime` says that others wait. Nil: there is more to be done.
    mutating func proceed(while isTime: () -> Bool) throws -> APIResponse? {
        while true {
            if let response = try step() { return response }
            if !isTime() { return nil }
        }
    }

    private mutating func step() throws -> APIResponse? {
        switch sheet {
        case .overlaps(let query, var sweep, var found, var stale):
            // Out of the way, so that what is changed isn't copied.
            sheet = .overlaps(query, OverlapSweep(query.window), OverlapsFound(), StaleWriteScan(query))
            defer { sheet = .overlaps(query, sweep, found, stale) }
            if !holds.isDone {
                for hold in try holds.next(store, limit: Self.batch) {
                    sweep.add(hold) { found.take($0, query) }
                }
                return nil
            }
            if !stale.isDone {
                try stale.proceed(store)
                return nil
            }
            found.isTruncated = sweep.isTruncated || stale.isTruncated
            found.staleWrites = stale.entries
            return elections.overlaps(found, for: query)
        case .report(let query, var report, var waits):
            sheet = .report(
                query, ReportSheet(query.window, limit: 1),
                WaitsScan(namespace: query.namespace, since: query.window.since))
            defer { sheet = .report(query, report, waits) }
            if !holds.isDone {
                for hold in try holds.next(store, limit: Self.batch) { report.add(hold) }
                return nil
            }
            if !waits.isDone {
                for record in try waits.next(store, limit: Self.batch) { report.add(record) }
                return nil
            }
            let (rows, hasMore) = report.page
            return elections.report(
                rows, next: hasMore ? rows.last?.name : nil, isTruncated: report.isTruncated, for: query)
        }
    }
}

extension OverlapsFound {
    mutating func take(_ overlap: Overlap, _ query: OverlapsQuery) {
        if count >= query.skip, items.count < query.limit { items.append(overlap) }
        count += 1
        length = length + overlap.length
    }
}

/// Looks in the audit record for writes that came with a token whose hold was over.
struct StaleWriteScan {
    private let query: OverlapsQuery
    private var filter: AuditFilter
    private(set) var entries: [AuditEntry] = []
    private(set) var isDone = false
    private(set) var isTruncated = false

    private static let most = 1000

    init(_ query: OverlapsQuery) {
        self.query = query
        filter = AuditFilter(limit: 256)
        filter.namespace = query.namespace
        filter.since = query.window.since
        filter.until = query.window.until
    }

    mutating func proceed(_ store: SQLiteStore) throws {
        let page = try store.audit(filter) { _ in true }
        for entry in page.entries where isStale(entry) {
            guard entries.count < Self.most else {
                isTruncated = true
                break
            }
            entries.append(entry)
        }
        filter.before = page.next
        isDone = page.next == nil || isTruncated
    }

    private func isStale(_ entry: AuditEntry) -> Bool {
        guard entry.outcome == .refused, entry.reason == Problem.Kind.holdEnded.rawValue,
            let name = entry.name
        else { return false }
        // A hold that shares the name may be asked for by its own lease's.
        let key = Key(namespace: query.namespace, name: name)
        return query.name == nil || name == query.name || key.group?.name == query.name
    }
}
