import CSQLite

/// The tables, and how an older file becomes a present one.
///
/// `journal` is the truth: a row for a turn, under the turn's last revision. The
/// rest is written behind it and carries in `meta.tables_revision` how far it
/// has come. The named columns are for a person with the sqlite3 shell; `body` is
/// the record itself, and the daemon reads nothing else.
enum Schema {
    /// "Batn" in ASCII.
    /// https://sqlite.org/pragma.html#pragma_application_id: "Applications that use SQLite as their
    /// application file-format should set the Application ID integer to a unique integer".
    static let applicationID: Int64 = 0x4261_746E
    static let version: Int64 = 10

    private static let setApplicationID: StaticString = "PRAGMA application_id=1113683054"

    /// Migrations in order; the n-th leads from version n to n+1, and sets it.
    private static let migrations: [[StaticString]] = [
        [first], [second], [third, usageTriggers], [fourth], [fifth], [sixth], [seventh], [eighth], [ninth],
        [tenth, usageTriggers],
    ]

    private static let first: StaticString = """
        CREATE TABLE journal(
            revision INTEGER PRIMARY KEY,
            time INTEGER NOT NULL,
            body BLOB NOT NULL
        );
        CREATE TABLE leases(
            namespace TEXT NOT NULL, name TEXT NOT NULL,
            way TEXT NOT NULL, holder TEXT, token INTEGER, held_since TEXT, duration_seconds REAL,
            attempt INTEGER, failures INTEGER NOT NULL, transitions INTEGER NOT NULL,
            last_holder TEXT, last_end TEXT, last_reason TEXT,
            idle_since INTEGER, created TEXT NOT NULL, revision INTEGER NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY(namespace, name)
        ) WITHOUT ROWID;
        CREATE INDEX leases_held ON leases(namespace, name) WHERE token IS NOT NULL;
        CREATE INDEX leases_idle ON leases(idle_since) WHERE token IS NULL;
        CREATE TABLE markers(
            namespace TEXT NOT NULL, name TEXT NOT NULL,
            outcome TEXT NOT NULL, reason TEXT, result TEXT NOT NULL, artifacts TEXT NOT NULL,
            inputs_digest TEXT, holder TEXT NOT NULL, principal TEXT, token INTEGER,
            attempt INTEGER NOT NULL, started TEXT NOT NULL, ended TEXT NOT NULL,
            retention_seconds REAL, revision INTEGER NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY(namespace, name)
        ) WITHOUT ROWID;
        CREATE INDEX markers_expiring ON markers(namespace, name) WHERE retention_seconds IS NOT NULL;
        CREATE TABLE holds(
            token INTEGER PRIMARY KEY,
            namespace TEXT NOT NULL, name TEXT NOT NULL,
            way TEXT NOT NULL, holder TEXT NOT NULL, principal TEXT, attempt INTEGER NOT NULL,
            info TEXT NOT NULL, began TEXT NOT NULL, ended TEXT, how TEXT, reason TEXT, ended_by TEXT,
            ended_at INTEGER,
            body BLOB NOT NULL
        );
        CREATE INDEX holds_by_name ON holds(namespace, name, token);
        CREATE INDEX holds_by_namespace ON holds(namespace, token);
        CREATE INDEX holds_by_end ON holds(ended_at) WHERE ended_at IS NOT NULL;
        CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
        PRAGMA user_version=1;
        """

    /// The audit record. Its order is that of the revisions; wall time may jump.
    private static let second: StaticString = """
        CREATE TABLE audit(
            revision INTEGER PRIMARY KEY,
            time TEXT NOT NULL, at INTEGER NOT NULL,
            verb TEXT NOT NULL, outcome TEXT NOT NULL,
            request_id TEXT, identity TEXT, address TEXT, namespace TEXT, name TEXT,
            reason TEXT, holder TEXT, token INTEGER, count INTEGER NOT NULL, details TEXT NOT NULL,
            body BLOB NOT NULL
        );
        CREATE INDEX audit_by_time ON audit(at);
        CREATE INDEX audit_refused ON audit(revision) WHERE outcome = 'refused';
        PRAGMA user_version=2;
        """

    /// What each namespace has, so that a start needn't count a million rows. `usageTriggers` keep it.
    private static let third: StaticString = """
        CREATE TABLE usage(
            namespace TEXT PRIMARY KEY,
            leases INTEGER NOT NULL, markers INTEGER NOT NULL, bytes INTEGER NOT NULL
        ) WITHOUT ROWID;
        INSERT INTO usage
            SELECT namespace, sum(lease), sum(1 - lease), sum(bytes) FROM (
                SELECT namespace, 1 AS lease, length(body) AS bytes FROM leases
                UNION ALL SELECT namespace, 0, length(body) FROM markers)
            GROUP BY namespace;
        PRAGMA user_version=3;
        """

    /// Whatever writes a row, in a slice, a replay or an upgrade, counts it in the same transaction. They go with
    /// their tables: whoever makes a table anew makes them anew.
    static let usageTriggers: StaticString = """
        CREATE TRIGGER leases_inserted AFTER INSERT ON leases BEGIN
            INSERT INTO usage VALUES(new.namespace, 1, 0, length(new.body))
                ON CONFLICT(namespace) DO UPDATE SET leases = leases + 1, bytes = bytes + excluded.bytes;
        END;
        CREATE TRIGGER leases_updated AFTER UPDATE OF body ON leases
            WHEN length(new.body) <> length(old.body)
        BEGIN
            UPDATE usage SET bytes = bytes + length(new.body) - length(old.body)
                WHERE namespace = new.namespace;
        END;
        CREATE TRIGGER leases_deleted AFTER DELETE ON leases BEGIN
            UPDATE usage SET leases = leases - 1, bytes = bytes - length(old.body)
                WHERE namespace = old.namespace;
            DELETE FROM usage WHERE namespace = old.namespace AND leases = 0 AND markers = 0;
        END;

        CREATE TRIGGER markers_inserted AFTER INSERT ON markers BEGIN
            INSERT INTO usage VALUES(new.namespace, 0, 1, length(new.body))
                ON CONFLICT(namespace) DO UPDATE SET markers = markers + 1, bytes = bytes + excluded.bytes;
        END;
        CREATE TRIGGER markers_updated AFTER UPDATE OF body ON markers
            WHEN length(new.body) <> length(old.body)
        BEGIN
            UPDATE usage SET bytes = bytes + length(new.body) - length(old.body)
                WHERE namespace = new.namespace;
        END;
        CREATE TRIGGER markers_deleted AFTER DELETE ON markers BEGIN
            UPDATE usage SET markers = markers - 1, bytes = bytes - length(old.body)
                WHERE namespace = old.namespace;
            DELETE FROM usage WHERE namespace = old.namespace AND leases = 0 AND markers = 0;
        END;
        """

    /// Records of namespaces. Those that there are already get theirs at the start
    /// (`SQLiteStore.completeNamespaces`): what has them may be in the journal alone.
    private static let fourth: StaticString = """
        CREATE TABLE namespaces(
            name TEXT PRIMARY KEY,
            created TEXT, terminating_since TEXT, client INTEGER NOT NULL, revision INTEGER NOT NULL,
            body BLOB NOT NULL
        ) WITHOUT ROWID;
        PRAGMA user_version=4;
        """

    /// Modes, abandoned holds and phases are in the records: they have no columns, but the old rows are
    /// written anew.
    private static let fifth: StaticString = "PRAGMA user_version=5"

    /// Aliases, all of which are read at a start, and the history of their moves.
    private static let sixth: StaticString = """
        CREATE TABLE aliases(
            namespace TEXT NOT NULL, name TEXT NOT NULL,
            target TEXT NOT NULL, target_revision INTEGER NOT NULL, previous TEXT,
            moved TEXT NOT NULL, moved_by TEXT, holder TEXT, reason TEXT,
            created TEXT NOT NULL, revision INTEGER NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY(namespace, name)
        ) WITHOUT ROWID;
        CREATE TABLE alias_moves(
            revision INTEGER PRIMARY KEY,
            namespace TEXT NOT NULL, name TEXT NOT NULL,
            how TEXT NOT NULL, from_target TEXT, from_revision INTEGER, to_target TEXT, to_revision INTEGER,
            moved_by TEXT, holder TEXT, reason TEXT, time TEXT NOT NULL, at INTEGER NOT NULL,
            body BLOB NOT NULL
        );
        CREATE INDEX alias_moves_by_name ON alias_moves(namespace, name, revision);
        CREATE INDEX alias_moves_by_time ON alias_moves(at);
        PRAGMA user_version=6;
        """

    /// What a campaign for several names held besides is in the records, as with the fifth.
    private static let seventh: StaticString = "PRAGMA user_version=7"

    /// Waits that ended, and holds by their ends: what `overlaps` and `report` go over. An index has the
    /// primary key behind its columns.
    private static let eighth: StaticString = """
        CREATE TABLE waits(
            revision INTEGER PRIMARY KEY,
            namespace TEXT NOT NULL, name TEXT NOT NULL,
            ended TEXT NOT NULL, ended_at INTEGER NOT NULL,
            elected INTEGER NOT NULL, elected_seconds REAL NOT NULL,
            settled INTEGER NOT NULL, settled_seconds REAL NOT NULL,
            avoided INTEGER NOT NULL, avoided_seconds REAL NOT NULL,
            body BLOB NOT NULL
        );
        CREATE INDEX waits_by_namespace ON waits(namespace, revision);
        CREATE INDEX holds_by_namespace_end ON holds(namespace, ended_at, name) WHERE ended_at IS NOT NULL;
        PRAGMA user_version=8;
        """

    /// Markers in the order in which they grow old, without reading them; the ends of long retentions (short
    /// ones are in memory: `Coordinator.bootRetentionMax`); and which markers aliases left.
    private static let ninth: StaticString = """
        ALTER TABLE markers ADD COLUMN ended_at INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE markers ADD COLUMN retention_micros INTEGER;
        ALTER TABLE markers ADD COLUMN expires_at INTEGER;
        UPDATE markers SET
            ended_at = strftime('%s', ended) * 1000000 + CAST(substr(ended, 21, 6) AS INTEGER),
            retention_micros = CAST(retention_seconds * 1000000 AS INTEGER);
        UPDATE markers SET expires_at = ended_at + retention_micros WHERE retention_micros > 3600000000;
        DROP INDEX markers_expiring;
        CREATE INDEX markers_expiring ON markers(namespace, name)
            WHERE retention_micros IS NOT NULL AND expires_at IS NULL;
        CREATE INDEX markers_by_end ON markers(namespace, ended_at, name, revision, retention_micros);
        CREATE INDEX markers_expire ON markers(expires_at, namespace, name, revision)
            WHERE expires_at IS NOT NULL;
        CREATE INDEX alias_moves_by_source ON alias_moves(namespace, from_target, at);
        PRAGMA user_version=9;
        """

    /// A hold that lasts is in its lease, and in no other table: `holds` has those that ended. So a hold costs
    /// its indexes once, and not twice.
    ///
    /// Leases and markers are in the order in which they came, and their names in an index. As long as the table
    /// was that index itself its inner pages had whole records, six to a page: to look up one name took five
    /// pages. A view that somebody made of one stays: https://sqlite.org/pragma.html#pragma_legacy_alter_table.
    private static let tenth: StaticString = """
        PRAGMA legacy_alter_table=ON;
        DELETE FROM holds WHERE ended_at IS NULL;

        CREATE TABLE leases_anew(
            namespace TEXT NOT NULL, name TEXT NOT NULL,
            way TEXT NOT NULL, holder TEXT, token INTEGER, held_since TEXT, duration_seconds REAL,
            attempt INTEGER, failures INTEGER NOT NULL, transitions INTEGER NOT NULL,
            last_holder TEXT, last_end TEXT, last_reason TEXT,
            idle_since INTEGER, created TEXT NOT NULL, revision INTEGER NOT NULL,
            body BLOB NOT NULL
        );
        INSERT INTO leases_anew
            SELECT namespace, name, way, holder, token, held_since, duration_seconds, attempt, failures,
                transitions, last_holder, last_end, last_reason, idle_since, created, revision, body
            FROM leases;
        DROP TABLE leases;
        ALTER TABLE leases_anew RENAME TO leases;
        CREATE UNIQUE INDEX leases_by_name ON leases(namespace, name);
        CREATE INDEX leases_held ON leases(namespace, name) WHERE token IS NOT NULL;
        CREATE INDEX leases_by_token ON leases(namespace, token) WHERE token IS NOT NULL;
        CREATE INDEX leases_idle ON leases(idle_since) WHERE token IS NULL;

        CREATE TABLE markers_anew(
            namespace TEXT NOT NULL, name TEXT NOT NULL,
            outcome TEXT NOT NULL, reason TEXT, result TEXT NOT NULL, artifacts TEXT NOT NULL,
            inputs_digest TEXT, holder TEXT NOT NULL, principal TEXT, token INTEGER,
            attempt INTEGER NOT NULL, started TEXT NOT NULL, ended TEXT NOT NULL,
            retention_seconds REAL, revision INTEGER NOT NULL,
            body BLOB NOT NULL,
            ended_at INTEGER NOT NULL, retention_micros INTEGER, expires_at INTEGER
        );
        INSERT INTO markers_anew
            SELECT namespace, name, outcome, reason, result, artifacts, inputs_digest, holder, principal,
                token, attempt, started, ended, retention_seconds, revision, body, ended_at, retention_micros,
                expires_at
            FROM markers;
        DROP TABLE markers;
        ALTER TABLE markers_anew RENAME TO markers;
        CREATE UNIQUE INDEX markers_by_name ON markers(namespace, name);
        CREATE INDEX markers_expiring ON markers(namespace, name)
            WHERE retention_micros IS NOT NULL AND expires_at IS NULL;
        CREATE INDEX markers_by_end ON markers(namespace, ended_at, name, revision, retention_micros);
        CREATE INDEX markers_expire ON markers(expires_at, namespace, name, revision)
            WHERE expires_at IS NOT NULL;
        PRAGMA legacy_alter_table=OFF;
        PRAGMA user_version=10;
        """

    /// Refuses what isn't ours before anything is changed; then brings the file to this version.
    static func prepare(_ connection: Connection) throws(StoreError) {
        let found = try identify(connection)
        try connection.run("PRAGMA journal_mode=WAL")
        guard found < version else { return }
        // One transaction: a crash in the middle leaves the old file. user_version and application_id
        // live on the first page and are part of the transaction.
        try connection.run("BEGIN IMMEDIATE")
        do throws(StoreError) {
            if found == 0 { try connection.run(setApplicationID) }
            for step in migrations.dropFirst(Int(found)).joined() { try connection.run(step) }
            if found > 0 { try Rewriting.run(connection) }
            try connection.run("COMMIT")
        } catch {
            connection.rollBack()
            throw error
        }
    }

    /// The version of the file, 0 for an empty one.
    static func identify(_ connection: Connection) throws(StoreError) -> Int64 {
        do throws(StoreError) {
            let tables = try connection.integer("SELECT count(*) FROM sqlite_schema") ?? 0
            let application = try connection.integer("PRAGMA application_id") ?? 0
            let found = try connection.integer("PRAGMA user_version") ?? 0
            if tables == 0 && application == 0 && found == 0 { return 0 }
            guard application == applicationID else {
                throw StoreError.foreign(path: connection.path, detail: "application id \(application)")
            }
            guard found <= version else {
                throw StoreError.newer(path: connection.path, version: Int(found), supported: Int(version))
            }
            return found
        } catch {
            if case .io(_, SQLITE_NOTADB, _) = error {
                throw .foreign(path: connection.path, detail: "not an SQLite database")
            }
            throw error
        }
    }
}
