@testable import Store

extension Connection {
    /// Makes the file one that an earlier version wrote: 1 has no audit record, 2 counts no namespaces, 3 has
    /// no records of them, 4 differs in its records only, 5 has no aliases, 6 differs in its records only, 7 has
    /// no waits, 8 no index of markers by their ends, 9 has leases and markers in the order of their names, and no
    /// index of leases by their tokens.
    func goBack(to version: Int) throws(StoreError) {
        try run(
            """
            CREATE TABLE leases_before(
                namespace TEXT NOT NULL, name TEXT NOT NULL,
                way TEXT NOT NULL, holder TEXT, token INTEGER, held_since TEXT, duration_seconds REAL,
                attempt INTEGER, failures INTEGER NOT NULL, transitions INTEGER NOT NULL,
                last_holder TEXT, last_end TEXT, last_reason TEXT,
                idle_since INTEGER, created TEXT NOT NULL, revision INTEGER NOT NULL,
                body BLOB NOT NULL,
                PRIMARY KEY(namespace, name)
            ) WITHOUT ROWID;
            INSERT INTO leases_before SELECT * FROM leases;
            DROP TABLE leases;
            ALTER TABLE leases_before RENAME TO leases;
            CREATE INDEX leases_held ON leases(namespace, name) WHERE token IS NOT NULL;
            CREATE INDEX leases_idle ON leases(idle_since) WHERE token IS NULL;
            CREATE TABLE markers_before(
                namespace TEXT NOT NULL, name TEXT NOT NULL,
                outcome TEXT NOT NULL, reason TEXT, result TEXT NOT NULL, artifacts TEXT NOT NULL,
                inputs_digest TEXT, holder TEXT NOT NULL, principal TEXT, token INTEGER,
                attempt INTEGER NOT NULL, started TEXT NOT NULL, ended TEXT NOT NULL,
                retention_seconds REAL, revision INTEGER NOT NULL,
                body BLOB NOT NULL,
                ended_at INTEGER NOT NULL DEFAULT 0, retention_micros INTEGER, expires_at INTEGER,
                PRIMARY KEY(namespace, name)
            ) WITHOUT ROWID;
            INSERT INTO markers_before SELECT * FROM markers;
            DROP TABLE markers;
            ALTER TABLE markers_before RENAME TO markers;
            CREATE INDEX markers_expiring ON markers(namespace, name)
                WHERE retention_micros IS NOT NULL AND expires_at IS NULL;
            CREATE INDEX markers_by_end ON markers(namespace, ended_at, name, revision, retention_micros);
            CREATE INDEX markers_expire ON markers(expires_at, namespace, name, revision)
                WHERE expires_at IS NOT NULL;
            PRAGMA user_version=9
            """)
        try run(Schema.usageTriggers)
        if version == 9 { return }
        try run(
            """
            DROP INDEX markers_by_end; DROP INDEX markers_expire; DROP INDEX markers_expiring;
            DROP INDEX alias_moves_by_source;
            ALTER TABLE markers DROP COLUMN ended_at; ALTER TABLE markers DROP COLUMN retention_micros;
            ALTER TABLE markers DROP COLUMN expires_at;
            CREATE INDEX markers_expiring ON markers(namespace, name) WHERE retention_seconds IS NOT NULL;
            PRAGMA user_version=8
            """)
        if version == 8 { return }
        try run("DROP TABLE waits; DROP INDEX holds_by_namespace_end; PRAGMA user_version=7")
        if version == 7 { return }
        try run("PRAGMA user_version=6")
        if version == 6 { return }
        try run("DROP TABLE aliases; DROP TABLE alias_moves; PRAGMA user_version=5")
        if version == 5 { return }
        if version == 4 { return try run("PRAGMA user_version=4") }
        try run("DROP TABLE namespaces; PRAGMA user_version=3")
        if version == 3 { return }
        try run(
            """
            DROP TRIGGER leases_inserted; DROP TRIGGER leases_updated; DROP TRIGGER leases_deleted;
            DROP TRIGGER markers_inserted; DROP TRIGGER markers_updated; DROP TRIGGER markers_deleted;
            DROP TABLE usage; PRAGMA user_version=2
            """)
        if version == 1 { try run("DROP TABLE audit; PRAGMA user_version=1") }
    }
}
