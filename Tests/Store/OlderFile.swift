@testable import Store

extension Connection {
    /// Makes the file one that an earlier version wrote: 1 has no audit record, 2 counts no namespaces, 3 has
    /// no records of them, 4 differs in its records only, 5 has no aliases, 6 differs in its records only, 7 has
    /// no waits, 8 no index of markers by their ends, 9 no index of leases by their tokens.
    func goBack(to version: Int) throws(StoreError) {
        try run("DROP INDEX leases_by_token; PRAGMA user_version=9")
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
