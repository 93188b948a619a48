import Coordination

/// The audit record, newest first.
extension SQLiteStore {
    /// A part of the record.
    public struct AuditPage: Sendable {
        public var entries: [AuditEntry]
        /// Ask again with this as `before`; nil: there is nothing more.
        public var next: Revision?
    }

    /// How many entries are looked at for one page: a filter that fits nothing must not hold up the loop.
    static let auditScanMax = 2000
    /// Entries are in the order of their revisions; wall time may have jumped by this much, unnoticed.
    static let auditClockSlack = Interval.hours(1)

    /// Entries that the filter admits and `isVisible` says yes to, by their namespace.
    ///
    /// A page may have fewer entries than the limit, or none, and still not be the last.
    public func audit(
        _ filter: AuditFilter, isVisible: (String?) -> Bool
    ) throws(StoreError) -> AuditPage {
        onLoop()
        var scan = AuditScan(filter: filter, looksLeft: Self.auditScanMax)
        for entry in overlay.audit.reversed() {
            guard scan.look(at: entry, isVisible) else { return scan.page }
        }
        let statement = try openReader().lists.audit
        // What is in the overlay may be in the table as well.
        statement.bind(1, min(filter.before ?? .max, overlay.audit.first?.revision ?? .max))
        defer { statement.reset() }
        while try statement.step() {
            guard scan.look(at: try Reader.audit(statement, 0), isVisible) else { return scan.page }
        }
        scan.next = nil
        return scan.page
    }

    private struct AuditScan {
        let filter: AuditFilter
        var looksLeft: Int
        var entries: [AuditEntry] = []
        var next: Revision?

        var page: AuditPage { AuditPage(entries: entries, next: next) }

        /// False: nothing more is to be looked at.
        mutating func look(at entry: AuditEntry, _ isVisible: (String?) -> Bool) -> Bool {
            if let since = filter.since,
                since.microseconds - entry.time.microseconds > auditClockSlack.nanoseconds / 1000
            {
                next = nil
                return false
            }
            guard entries.count < filter.limit, looksLeft > 0 else { return false }
            looksLeft -= 1
            next = entry.revision
            if filter.admits(entry), isVisible(entry.namespace) { entries.append(entry) }
            return true
        }
    }
}
