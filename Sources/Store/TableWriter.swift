import Coordination

/// Puts records into the readable tables, inside whatever transaction is open.
struct TableWriter {
    private let putLease: Statement
    private let dropLease: Statement
    private let putMarker: Statement
    private let dropMarker: Statement
    private let putHold: Statement
    private let putAudit: Statement
    private let putWaits: Statement
    private let putNamespace: Statement
    private let dropNamespace: Statement
    private var aliases: AliasWriter
    private var body = ByteWriter()

    // An upsert, not a REPLACE: that would delete the old row from every index and insert it again. And
    // https://sqlite.org/lang_conflict.html: "When the REPLACE conflict resolution strategy deletes rows
    // in order to satisfy a constraint, delete triggers fire if and only if recursive triggers are
    // enabled": `usage` would count the row twice.
    private static let insertLease: StaticString = """
        INSERT INTO leases(
            namespace, name, way, holder, token, held_since, duration_seconds, attempt, failures, transitions,
            last_holder, last_end, last_reason, idle_since, created, revision, body)
        VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7 / 1e9, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
        ON CONFLICT(namespace, name) DO UPDATE SET
            way = excluded.way, holder = excluded.holder, token = excluded.token,
            held_since = excluded.held_since, duration_seconds = excluded.duration_seconds,
            attempt = excluded.attempt, failures = excluded.failures, transitions = excluded.transitions,
            last_holder = excluded.last_holder, last_end = excluded.last_end,
            last_reason = excluded.last_reason, idle_since = excluded.idle_since,
            created = excluded.created, revision = excluded.revision, body = excluded.body
        """
    private static let deleteLease: StaticString = "DELETE FROM leases WHERE namespace = ?1 AND name = ?2"
    private static let insertMarker: StaticString = """
        INSERT INTO markers(
            namespace, name, outcome, reason, result, artifacts, inputs_digest, holder, principal, token,
            attempt, started, ended, retention_seconds, revision, body, ended_at, retention_micros, expires_at)
        VALUES(
            ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14 / 1e9, ?15, ?16, ?17, ?14 / 1000, ?18)
        ON CONFLICT(namespace, name) DO UPDATE SET
            outcome = excluded.outcome, reason = excluded.reason, result = excluded.result,
            artifacts = excluded.artifacts, inputs_digest = excluded.inputs_digest,
            holder = excluded.holder, principal = excluded.principal, token = excluded.token,
            attempt = excluded.attempt, started = excluded.started, ended = excluded.ended,
            retention_seconds = excluded.retention_seconds, revision = excluded.revision,
            body = excluded.body, ended_at = excluded.ended_at,
            retention_micros = excluded.retention_micros, expires_at = excluded.expires_at
        """
    private static let deleteMarker: StaticString = "DELETE FROM markers WHERE namespace = ?1 AND name = ?2"
    private static let insertHold: StaticString = """
        INSERT INTO holds(
            token, namespace, name, way, holder, principal, attempt, info, began, ended, how, reason, ended_by,
            ended_at, body)
        VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
        ON CONFLICT(token) DO UPDATE SET
            ended = excluded.ended, how = excluded.how, reason = excluded.reason,
            ended_by = excluded.ended_by, ended_at = excluded.ended_at, body = excluded.body
        """

    // A replay after a crash may bring an entry that is there already; entries don't change.
    private static let insertAudit: StaticString = """
        INSERT OR IGNORE INTO audit(
            revision, time, at, verb, outcome, request_id, identity, address, namespace, name, reason, holder,
            token, count, details, body)
        VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
        """

    private static let insertWaits: StaticString = """
        INSERT OR IGNORE INTO waits(
            revision, namespace, name, ended, ended_at, elected, elected_seconds, settled, settled_seconds,
            avoided, avoided_seconds, body)
        VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7 / 1e9, ?8, ?9 / 1e9, ?10, ?11 / 1e9, ?12)
        """

    private static let insertNamespace: StaticString = """
        INSERT INTO namespaces(name, created, terminating_since, client, revision, body)
        VALUES(?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT(name) DO UPDATE SET
            created = excluded.created, terminating_since = excluded.terminating_since,
            client = excluded.client, revision = excluded.revision, body = excluded.body
        """
    private static let deleteNamespace: StaticString = "DELETE FROM namespaces WHERE name = ?1"

    init(_ connection: Connection) throws(StoreError) {
        putLease = try connection.prepare(Self.insertLease)
        dropLease = try connection.prepare(Self.deleteLease)
        putMarker = try connection.prepare(Self.insertMarker)
        dropMarker = try connection.prepare(Self.deleteMarker)
        putHold = try connection.prepare(Self.insertHold)
        putAudit = try connection.prepare(Self.insertAudit)
        putWaits = try connection.prepare(Self.insertWaits)
        putNamespace = try connection.prepare(Self.insertNamespace)
        dropNamespace = try connection.prepare(Self.deleteNamespace)
        aliases = try AliasWriter(connection)
    }

    mutating func write(_ row: Row) throws(StoreError) {
        switch row {
        case .lease(let record): try write(record)
        case .noLease(let key): try delete(key, dropLease)
        case .marker(let record): try write(record)
        case .noMarker(let key): try delete(key, dropMarker)
        case .hold(let record): try write(record)
        case .audit(let entry): try write(entry)
        case .waits(let record): try write(record)
        case .namespace(let record): try write(record)
        case .alias(let record): try aliases.write(record)
        case .noAlias(let key): try aliases.delete(key)
        case .aliasMove(let move): try aliases.write(move)
        case .noNamespace(let name):
            dropNamespace.bind(1, name)
            try dropNamespace.run()
        }
    }

    private func delete(_ key: Key, _ statement: Statement) throws(StoreError) {
        statement.bind(1, key.namespace)
        statement.bind(2, key.name)
        try statement.run()
    }

    private mutating func write(_ lease: LeaseRecord) throws(StoreError) {
        RecordCodec.encode(lease, into: &body)
        putLease.bind(1, lease.key.namespace)
        putLease.bind(2, lease.key.name)
        putLease.bind(3, lease.way.word)
        putLease.bind(4, lease.hold?.holder)
        putLease.bind(5, lease.hold?.token)
        putLease.bind(6, lease.hold?.began.iso)
        putLease.bind(7, lease.hold?.duration.nanoseconds)
        putLease.bind(8, (lease.hold?.attempt).map { Int64($0) })
        putLease.bind(9, Int64(lease.failures))
        putLease.bind(10, Int64(lease.transitions))
        putLease.bind(11, lease.last?.holder)
        putLease.bind(12, lease.last?.how.word)
        putLease.bind(13, lease.last?.reason)
        putLease.bind(14, lease.idleSince?.microseconds)
        putLease.bind(15, lease.createdAt.iso)
        putLease.bind(16, lease.revision)
        putLease.bind(17, body)
        try putLease.run()
    }

    private mutating func write(_ marker: DoneMarker) throws(StoreError) {
        RecordCodec.encode(marker, into: &body)
        putMarker.bind(1, marker.key.namespace)
        putMarker.bind(2, marker.key.name)
        putMarker.bind(3, marker.finding.outcome.word)
        putMarker.bind(4, marker.finding.reason)
        putMarker.bind(5, JSONText.map(marker.finding.result))
        putMarker.bind(6, JSONText.artifacts(marker.finding.artifacts))
        putMarker.bind(7, marker.inputsDigest)
        putMarker.bind(8, marker.holder)
        putMarker.bind(9, marker.principal)
        putMarker.bind(10, marker.token)
        putMarker.bind(11, Int64(marker.attempt))
        putMarker.bind(12, marker.start.iso)
        putMarker.bind(13, marker.end.iso)
        putMarker.bind(14, marker.retention?.nanoseconds)
        putMarker.bind(15, marker.revision)
        putMarker.bind(16, body)
        putMarker.bind(17, marker.end.microseconds)
        putMarker.bind(18, marker.expiresAt?.microseconds)
        try putMarker.run()
    }

    private mutating func write(_ hold: HoldRecord) throws(StoreError) {
        RecordCodec.encode(hold, into: &body)
        putHold.bind(1, hold.token)
        putHold.bind(2, hold.key.namespace)
        putHold.bind(3, hold.key.name)
        putHold.bind(4, hold.way.word)
        putHold.bind(5, hold.holder)
        putHold.bind(6, hold.principal)
        putHold.bind(7, Int64(hold.attempt))
        putHold.bind(8, JSONText.map(hold.info))
        putHold.bind(9, hold.began.iso)
        putHold.bind(10, hold.end?.at.iso)
        putHold.bind(11, hold.end?.how.word)
        putHold.bind(12, hold.end?.reason)
        putHold.bind(13, hold.end?.by)
        putHold.bind(14, hold.end?.at.microseconds)
        putHold.bind(15, body)
        try putHold.run()
    }

    private mutating func write(_ entry: AuditEntry) throws(StoreError) {
        RecordCodec.encode(entry, into: &body)
        putAudit.bind(1, entry.revision)
        putAudit.bind(2, entry.time.iso)
        putAudit.bind(3, entry.time.microseconds)
        putAudit.bind(4, entry.verb.rawValue)
        putAudit.bind(5, entry.outcome.rawValue)
        putAudit.bind(6, entry.origin?.requestID)
        putAudit.bind(7, entry.origin?.identity)
        putAudit.bind(8, entry.origin?.address)
        putAudit.bind(9, entry.namespace)
        putAudit.bind(10, entry.name)
        putAudit.bind(11, entry.reason)
        putAudit.bind(12, entry.holder)
        putAudit.bind(13, entry.token)
        putAudit.bind(14, Int64(entry.count))
        putAudit.bind(15, JSONText.map(entry.details))
        putAudit.bind(16, body)
        try putAudit.run()
    }
}

extension TableWriter {
    private mutating func write(_ record: WaitsRecord) throws(StoreError) {
        RecordCodec.encode(record, into: &body)
        putWaits.bind(1, record.revision)
        putWaits.bind(2, record.key.namespace)
        putWaits.bind(3, record.key.name)
        putWaits.bind(4, record.at.iso)
        putWaits.bind(5, record.at.microseconds)
        putWaits.bind(6, Int64(record.waits.elected))
        putWaits.bind(7, record.waits.electedTime.nanoseconds)
        putWaits.bind(8, Int64(record.waits.settled))
        putWaits.bind(9, record.waits.settledTime.nanoseconds)
        putWaits.bind(10, Int64(record.waits.avoided))
        putWaits.bind(11, record.waits.avoidedTime.nanoseconds)
        putWaits.bind(12, body)
        try putWaits.run()
    }

    private mutating func write(_ namespace: NamespaceRecord) throws(StoreError) {
        RecordCodec.encode(namespace, into: &body)
        putNamespace.bind(1, namespace.name)
        putNamespace.bind(2, namespace.created == 0 ? nil : namespace.createdAt.iso)
        putNamespace.bind(3, namespace.terminatingSince?.iso)
        putNamespace.bind(4, namespace.isClients ? 1 : 0)
        putNamespace.bind(5, namespace.version)
        putNamespace.bind(6, body)
        try putNamespace.run()
    }
}

extension LeaseRecord {
    /// Since when nobody holds it; nil while someone does, and for what doesn't go by itself.
    var idleSince: Timestamp? { isSweepable ? last?.ended ?? createdAt : nil }
}
