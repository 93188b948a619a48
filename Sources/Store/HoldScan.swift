import Coordination

/// Goes over the holds of a namespace, or of one name in it, that were there since a time: first those
/// that are open, then the others in the order of their ends, the latest first.
///
/// It reads in batches, and others have their turn in between; so it is of no one moment. A hold that
/// ends meanwhile is seen once, as it was met first. One that begins meanwhile may be missed: whoever
/// asks looks at times of before the scan.
public struct HoldScan {
    let namespace: String
    let name: String?
    let since: Timestamp
    private var stage = Stage.open(after: nil)
    /// Given already, or in `news`: the tables' row is not the latest.
    private var seen: Set<FencingToken> = []
    /// Holds that have ended, which the tables may not have yet.
    private var news: ArraySlice<HoldRecord> = []

    private enum Stage {
        case open(after: String?)
        case ended(EndedPlace)
        case done
    }

    struct EndedPlace {
        var end = Int64.max
        var name = ""
        var token: FencingToken = 0
    }

    public init(namespace: String, name: String?, since: Timestamp) {
        self.namespace = namespace
        self.name = name
        self.since = since
    }

    public var isDone: Bool { if case .done = stage { true } else { false } }

    /// The next of them; none doesn't mean that it is done. So many are looked at.
    public mutating func next(_ store: SQLiteStore, limit: Int) throws(StoreError) -> [HoldRecord] {
        switch stage {
        case .open(let after): try open(store, after, limit)
        case .ended(let place): try ended(store, place, limit)
        case .done: []
        }
    }

    private mutating func open(
        _ store: SQLiteStore, _ after: String?, _ limit: Int
    ) throws(StoreError) -> [HoldRecord] {
        // A hold that shares the name has a lease whose name begins with it.
        let leases = try store.leases(
            namespace: namespace, prefix: name ?? "", held: true, after: after, limit: limit)
        if leases.count < limit {
            stage = .ended(EndedPlace())
            news = store.endedNews(of: namespace, name, since: since)[...]
            seen.formUnion(news.map(\.token))
        } else {
            stage = .open(after: leases.last!.key.name)
        }
        let holds = leases.compactMap(\.holdRecord).filter { name == nil || $0.key.name == name! }
        seen.formUnion(holds.map(\.token))
        return holds
    }

    private mutating func ended(
        _ store: SQLiteStore, _ place: EndedPlace, _ limit: Int
    ) throws(StoreError) -> [HoldRecord] {
        var holds: [HoldRecord] = []
        let rows = try store.endedHolds(of: namespace, since: since, from: place, limit: limit)
        for row in rows {
            while let first = news.first, first.end!.at.microseconds >= row.end {
                holds.append(news.removeFirst())
            }
            guard name == nil || row.name == name!, !seen.contains(row.token),
                let hold = try store.endedHold(row.token)
            else { continue }
            holds.append(hold)
        }
        if rows.count < limit {
            stage = .done
            holds += news
        } else {
            stage = .ended(rows.last!)
        }
        return holds
    }
}

/// Goes over the records of waits of a namespace, or of one name in it, in batches; the latest first.
public struct WaitsScan {
    let namespace: String
    let since: Timestamp
    private var before: Revision?
    public private(set) var isDone = false

    public init(namespace: String, since: Timestamp) {
        self.namespace = namespace
        self.since = since
    }

    public mutating func next(_ store: SQLiteStore, limit: Int) throws(StoreError) -> [WaitsRecord] {
        let records = try store.waits(of: namespace, before: before, limit: limit)
        before = records.last?.revision
        // They are in the order of their revisions; wall time may have jumped.
        let isOld =
            records.last.map { since - $0.at > SQLiteStore.auditClockSlack } ?? true
        isDone = isOld || records.count < limit
        return records.filter { $0.at >= since }
    }
}

extension SQLiteStore {
    /// Those that the overlay has, in the order of a scan.
    fileprivate func endedNews(of namespace: String, _ name: String?, since: Timestamp) -> [HoldRecord] {
        onLoop()
        return overlay.holds.values.compactMap(\.value).filter { hold in
            guard let end = hold.end, end.at >= since else { return false }
            return hold.key.namespace == namespace && (name == nil || hold.key.name == name!)
        }.sorted { ($0.end!.at, $0.token) > ($1.end!.at, $1.token) }
    }

    fileprivate func endedHolds(
        of namespace: String, since: Timestamp, from place: HoldScan.EndedPlace, limit: Int
    ) throws(StoreError) -> [HoldScan.EndedPlace] {
        onLoop()
        let statement = try openReader().lists.endedHolds
        statement.bind(1, namespace)
        statement.bind(2, since.microseconds)
        statement.bind(3, place.end)
        statement.bind(4, place.name)
        statement.bind(5, place.token)
        defer { statement.reset() }
        var rows: [HoldScan.EndedPlace] = []
        while rows.count < limit, try statement.step() {
            rows.append(
                HoldScan.EndedPlace(
                    end: statement.integer(0), name: statement.text(1), token: statement.integer(2)))
        }
        return rows
    }

    /// As the tables have it.
    fileprivate func endedHold(_ token: FencingToken) throws(StoreError) -> HoldRecord? {
        try openReader().hold(token)
    }

    /// Records of waits of a namespace, the latest first, of revisions below `before`.
    public func waits(
        of namespace: String, before: Revision? = nil, limit: Int
    ) throws(StoreError) -> [WaitsRecord] {
        onLoop()
        var records: [WaitsRecord] = []
        for record in overlay.waits.reversed()
        where record.key.namespace == namespace && record.revision < before ?? .max {
            guard records.count < limit else { return records }
            records.append(record)
        }
        let statement = try openReader().lists.waits
        statement.bind(1, namespace)
        // What is in the overlay may be in the table as well.
        statement.bind(2, min(before ?? .max, overlay.waits.first?.revision ?? .max))
        defer { statement.reset() }
        while records.count < limit, try statement.step() {
            records.append(try Reader.waits(statement, 0))
        }
        return records
    }
}
