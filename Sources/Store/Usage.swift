import Coordination

/// What each namespace has: counted by the tables' triggers, and corrected by what the overlay has and
/// the tables don't have yet.
extension SQLiteStore {
    /// The weight of a record: the bytes of its `body`.
    public static let scale = Scale(lease: RecordCodec.size, marker: RecordCodec.size)

    func usage(_ reader: Reader) throws(StoreError) -> [String: NamespaceUsage] {
        let rows = try UsageRows(reader.connection)
        defer { rows.finalize() }
        var usage: [String: NamespaceUsage] = [:]
        try reader.transaction { () throws(StoreError) in
            usage = try rows.all()
            // A row may be as new as the overlay's record already: an unfinished batch wrote it.
            for (key, entry) in overlay.entries {
                var (old, new) = (NamespaceUsage(), NamespaceUsage())
                if let slot = entry.lease {
                    if let bytes = try rows.leaseBytes(key) { old.leases = 1; old.bytes += bytes }
                    if let lease = slot.value { new.leases = 1; new.bytes += RecordCodec.size(lease) }
                }
                if let slot = entry.marker {
                    if let bytes = try rows.markerBytes(key) { old.markers = 1; old.bytes += bytes }
                    if let marker = slot.value { new.markers = 1; new.bytes += RecordCodec.size(marker) }
                }
                usage[key.namespace] = usage[key.namespace, default: NamespaceUsage()] - old + new
            }
        }
        return usage.filter { $0.value != NamespaceUsage() }
    }
}

/// What the tables say, for the length of a start.
private struct UsageRows {
    private let usage: Statement
    private let lease: Statement
    private let marker: Statement

    private static let usageSQL: StaticString = "SELECT namespace, leases, markers, bytes FROM usage"
    private static let leaseSQL: StaticString =
        "SELECT length(body) FROM leases WHERE namespace = ?1 AND name = ?2"
    private static let markerSQL: StaticString =
        "SELECT length(body) FROM markers WHERE namespace = ?1 AND name = ?2"

    init(_ connection: Connection) throws(StoreError) {
        usage = try Statement(connection, Self.usageSQL)
        lease = try Statement(connection, Self.leaseSQL)
        marker = try Statement(connection, Self.markerSQL)
    }

    func finalize() { for statement in [usage, lease, marker] { statement.finalize() } }

    func all() throws(StoreError) -> [String: NamespaceUsage] {
        var all: [String: NamespaceUsage] = [:]
        while try usage.step() {
            all[usage.text(0)] = NamespaceUsage(
                leases: Int(usage.integer(1)), markers: Int(usage.integer(2)), bytes: Int(usage.integer(3)))
        }
        return all
    }

    func leaseBytes(_ key: Key) throws(StoreError) -> Int? { try bytes(lease, key) }
    func markerBytes(_ key: Key) throws(StoreError) -> Int? { try bytes(marker, key) }

    private func bytes(_ statement: Statement, _ key: Key) throws(StoreError) -> Int? {
        statement.bind(1, key.namespace)
        statement.bind(2, key.name)
        guard try statement.step() else { return nil }
        defer { statement.reset() }
        return Int(statement.integer(0))
    }
}
