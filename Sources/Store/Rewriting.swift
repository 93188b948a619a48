import Coordination

/// Writes old rows of leases and markers anew, in the encoding of today.
///
/// A namespace's bytes are counted from the rows, and the core weighs a record as it would be written
/// now: so an old row must weigh what a new one does. It is part of an upgrade's transaction, and goes
/// through each table once, in the order of its keys; the triggers count what changes.
enum Rewriting {
    private static let pageRows: Int64 = 256

    private static let leases = Table(
        next: """
            SELECT namespace, name, body FROM leases WHERE (namespace, name) > (?1, ?2)
            ORDER BY namespace, name LIMIT ?3
            """,
        put: "UPDATE leases SET body = ?3 WHERE namespace = ?1 AND name = ?2",
        anew: { bytes, out throws(CodecError) in
            RecordCodec.encode(try RecordCodec.lease(bytes), into: &out)
        })
    private static let markers = Table(
        next: """
            SELECT namespace, name, body FROM markers WHERE (namespace, name) > (?1, ?2)
            ORDER BY namespace, name LIMIT ?3
            """,
        put: "UPDATE markers SET body = ?3 WHERE namespace = ?1 AND name = ?2",
        anew: { bytes, out throws(CodecError) in
            RecordCodec.encode(try RecordCodec.marker(bytes), into: &out)
        })

    private struct Table: Sendable {
        var next: StaticString
        var put: StaticString
        var anew: @Sendable (UnsafeRawBufferPointer, inout ByteWriter) throws(CodecError) -> Void
    }

    static func run(_ connection: Connection) throws(StoreError) {
        try rewrite(leases, connection)
        try rewrite(markers, connection)
    }

    private static func rewrite(_ table: Table, _ connection: Connection) throws(StoreError) {
        let next = try Statement(connection, table.next)
        let put = try Statement(connection, table.put)
        defer {
            next.finalize()
            put.finalize()
        }
        var last = Key(namespace: "", name: "")
        while true {
            // A page is read to its end before anything of it is written.
            let page = try old(next, after: &last, table)
            for (key, body) in page.rows {
                put.bind(1, key.namespace)
                put.bind(2, key.name)
                put.bind(3, body)
                try put.run()
            }
            if page.isLast { return }
        }
    }

    private static func old(
        _ next: Statement, after last: inout Key, _ table: Table
    ) throws(StoreError) -> (rows: [(Key, ByteWriter)], isLast: Bool) {
        next.bind(1, last.namespace)
        next.bind(2, last.name)
        next.bind(3, pageRows)
        var rows: [(Key, ByteWriter)] = []
        var count: Int64 = 0
        while try next.step() {
            count += 1
            last = Key(namespace: next.text(0), name: next.text(1))
            let bytes = next.blob(2)
            guard bytes.first != RecordCodec.version else { continue }
            var body = ByteWriter()
            try decoded("\(last)") { () throws(CodecError) in try table.anew(bytes, &body) }
            rows.append((last, body))
        }
        return (rows, count < pageRows)
    }
}
