import Coordination

/// The SQL of the lists. Rows come in the order of the index; whoever reads stops when it has enough.
///
/// Names are compared by their bytes, as SQLite's BINARY collation does
/// (https://sqlite.org/datatype3.html#collation: "Compares string data using memcmp(),
/// regardless of text encoding"), so a prefix is a range that ends at the first name without it.
struct Lists {
    let leases: Statement
    let heldLeases: Statement
    let freeLeases: Statement
    let markers: Statement
    let allHeld: Statement
    let allExpiring: Statement
    let idle: Statement
    let historyOfName: Statement
    let historyOfNamespace: Statement
    let openHolds: Statement
    let nextNamespace: Statement
    let leasesAfter: Statement
    let markersAfter: Statement
    let audit: Statement
    let allNamespaces: Statement
    let endedHolds: Statement
    let waits: Statement
    let allAliases: Statement
    let aliasMove: Statement
    let aliasHistory: Statement
    let markersByEnd: Statement
    let newestMarkers: Statement
    let expired: Statement
    let leftByAlias: Statement

    private static let leasesSQL: StaticString =
        "SELECT name, body FROM leases WHERE namespace = ?1 AND name >= ?2 ORDER BY name"
    static let heldSQL: StaticString = """
        SELECT name, body FROM leases
        WHERE namespace = ?1 AND name >= ?2 AND token IS NOT NULL ORDER BY name
        """
    private static let freeSQL: StaticString = """
        SELECT name, body FROM leases
        WHERE namespace = ?1 AND name >= ?2 AND token IS NULL ORDER BY name
        """
    private static let markersSQL: StaticString =
        "SELECT name, body FROM markers WHERE namespace = ?1 AND name >= ?2 ORDER BY name"
    private static let allHeldSQL: StaticString =
        "SELECT body FROM leases INDEXED BY leases_held WHERE token IS NOT NULL"
    private static let allExpiringSQL: StaticString =
        """
        SELECT body FROM markers INDEXED BY markers_expiring
        WHERE retention_micros IS NOT NULL AND expires_at IS NULL
        """
    private static let idleSQL: StaticString = """
        SELECT namespace, name FROM leases INDEXED BY leases_idle
        WHERE token IS NULL AND idle_since < ?1 ORDER BY idle_since
        """
    private static let historyOfNameSQL: StaticString = """
        SELECT token, body FROM holds INDEXED BY holds_by_name
        WHERE namespace = ?1 AND name = ?2 AND token < ?3 ORDER BY token DESC
        """
    private static let historyOfNamespaceSQL: StaticString = """
        SELECT token, body FROM holds INDEXED BY holds_by_namespace
        WHERE namespace = ?1 AND token < ?2 ORDER BY token DESC
        """
    static let openHoldsSQL: StaticString = """
        SELECT name, body FROM leases INDEXED BY leases_by_token
        WHERE namespace = ?1 AND token < ?2 AND token IS NOT NULL ORDER BY token DESC
        """
    private static let nextNamespaceSQL: StaticString = """
        SELECT min(namespace) FROM (
            SELECT min(namespace) AS namespace FROM leases WHERE namespace > ?1
            UNION ALL
            SELECT min(namespace) FROM markers WHERE namespace > ?1)
        """

    private static let leasesAfterSQL: StaticString =
        "SELECT count(*) FROM leases WHERE namespace = ?1 AND name > ?2"
    private static let markersAfterSQL: StaticString =
        "SELECT count(*) FROM markers WHERE namespace = ?1 AND name > ?2"
    private static let auditSQL: StaticString =
        "SELECT body FROM audit WHERE revision < ?1 ORDER BY revision DESC"

    private static let allNamespacesSQL: StaticString = "SELECT body FROM namespaces"
    private static let allAliasesSQL: StaticString = "SELECT body FROM aliases"
    private static let aliasMoveSQL: StaticString = "SELECT body FROM alias_moves WHERE revision = ?1"
    private static let aliasHistorySQL: StaticString = """
        SELECT body FROM alias_moves INDEXED BY alias_moves_by_name
        WHERE namespace = ?1 AND name = ?2 AND revision < ?3 ORDER BY revision DESC
        """

    private static let byEndSQL: StaticString = """
        SELECT ended_at, name, revision, retention_micros FROM markers INDEXED BY markers_by_end
        WHERE namespace = ?1 AND (ended_at, name) > (?2, ?3) ORDER BY ended_at, name
        """
    private static let newestSQL: StaticString = """
        SELECT ended_at, name, revision, retention_micros FROM markers INDEXED BY markers_by_end
        WHERE namespace = ?1 AND (ended_at, name) < (?2, ?3) ORDER BY ended_at DESC, name DESC
        """
    private static let expiredSQL: StaticString = """
        SELECT expires_at, namespace, name, revision FROM markers INDEXED BY markers_expire
        WHERE expires_at <= ?1 AND (expires_at, namespace, name) > (?2, ?3, ?4)
        ORDER BY expires_at, namespace, name LIMIT ?5
        """
    private static let leftByAliasSQL: StaticString = """
        SELECT max(at) FROM alias_moves INDEXED BY alias_moves_by_source
        WHERE namespace = ?1 AND from_target = ?2 AND from_target IS NOT to_target
        """
    private static let endedHoldsSQL: StaticString = """
        SELECT ended_at, name, token FROM holds INDEXED BY holds_by_namespace_end
        WHERE namespace = ?1 AND ended_at >= ?2 AND (ended_at, name, token) < (?3, ?4, ?5)
        ORDER BY ended_at DESC, name DESC, token DESC
        """
    private static let waitsSQL: StaticString = """
        SELECT body FROM waits INDEXED BY waits_by_namespace WHERE namespace = ?1 AND revision < ?2
        ORDER BY revision DESC
        """

    init(_ connection: Connection) throws(StoreError) {
        leases = try connection.prepare(Self.leasesSQL)
        heldLeases = try connection.prepare(Self.heldSQL)
        freeLeases = try connection.prepare(Self.freeSQL)
        markers = try connection.prepare(Self.markersSQL)
        allHeld = try connection.prepare(Self.allHeldSQL)
        allExpiring = try connection.prepare(Self.allExpiringSQL)
        idle = try connection.prepare(Self.idleSQL)
        historyOfName = try connection.prepare(Self.historyOfNameSQL)
        historyOfNamespace = try connection.prepare(Self.historyOfNamespaceSQL)
        openHolds = try connection.prepare(Self.openHoldsSQL)
        nextNamespace = try connection.prepare(Self.nextNamespaceSQL)
        leasesAfter = try connection.prepare(Self.leasesAfterSQL)
        markersAfter = try connection.prepare(Self.markersAfterSQL)
        audit = try connection.prepare(Self.auditSQL)
        endedHolds = try connection.prepare(Self.endedHoldsSQL)
        waits = try connection.prepare(Self.waitsSQL)
        allNamespaces = try connection.prepare(Self.allNamespacesSQL)
        allAliases = try connection.prepare(Self.allAliasesSQL)
        aliasMove = try connection.prepare(Self.aliasMoveSQL)
        aliasHistory = try connection.prepare(Self.aliasHistorySQL)
        markersByEnd = try connection.prepare(Self.byEndSQL)
        newestMarkers = try connection.prepare(Self.newestSQL)
        expired = try connection.prepare(Self.expiredSQL)
        leftByAlias = try connection.prepare(Self.leftByAliasSQL)
    }
}

/// Text in the order of its bytes; Swift's own order is that of Unicode's canonical forms.
struct ByteOrder: Comparable {
    var text: String

    static func < (a: ByteOrder, b: ByteOrder) -> Bool { a.text.utf8.lexicographicallyPrecedes(b.text.utf8) }
    static func == (a: ByteOrder, b: ByteOrder) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }
}
