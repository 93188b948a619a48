import CSQLite

/// A prepared statement of one connection, kept for as long as it is open.
final class Statement {
    private let connection: Connection
    private var handle: OpaquePointer?
    private let sql: StaticString

    init(_ connection: Connection, _ sql: StaticString) throws(StoreError) {
        connection.check()
        self.connection = connection
        self.sql = sql
        let text = UnsafeRawPointer(sql.utf8Start).assumingMemoryBound(to: CChar.self)
        let code = sqlite3_prepare_v3(
            connection.handle, text, Int32(sql.utf8CodeUnitCount), UInt32(SQLITE_PREPARE_PERSISTENT), &handle,
            nil)
        guard code == SQLITE_OK else { throw connection.failure("\(sql)", code) }
    }

    func finalize() {
        sqlite3_finalize(handle)
        handle = nil
    }

    /// True with a row, false at the end. Without a row the statement is ready to be used again.
    func step() throws(StoreError) -> Bool {
        connection.check()
        let code = sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        let error = code == SQLITE_DONE ? nil : connection.failure("\(sql)", code)
        reset()
        if let error { throw error }
        return false
    }

    /// For what returns no rows.
    func run() throws(StoreError) { while try step() {} }

    /// https://sqlite.org/c3ref/reset.html. A statement that is not reset keeps its read transaction open,
    /// and the log can't begin anew.
    func reset() { sqlite3_reset(handle) }

    // Binding. The number is the one in the SQL: ?1, ?2 …

    func bind(_ column: Int32, _ value: Int64) { sqlite3_bind_int64(handle, column, value) }

    func bind(_ column: Int32, _ value: Int64?) {
        if let value { bind(column, value) } else { sqlite3_bind_null(handle, column) }
    }

    func bind(_ column: Int32, _ value: String) {
        var value = value
        value.withUTF8 { utf8 in
            let start = UnsafeRawPointer(utf8.baseAddress)?.assumingMemoryBound(to: CChar.self)
            // An empty string may have no address, and a null pointer would bind NULL.
            _ =
                start == nil
                ? baton_bind_text(handle, column, "", 0)
                : baton_bind_text(handle, column, start, Int32(utf8.count))
        }
    }

    func bind(_ column: Int32, _ value: String?) {
        if let value { bind(column, value) } else { sqlite3_bind_null(handle, column) }
    }

    func bind(_ column: Int32, _ value: ByteWriter) {
        value.bytes.withUnsafeBytes { bytes in
            _ = baton_bind_blob(handle, column, bytes.baseAddress, Int32(bytes.count))
        }
    }

    // The present row. The number is the result's column, from 0.

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func text(_ column: Int32) -> String {
        guard let start = sqlite3_column_text(handle, column) else { return "" }
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// The bytes live until the next step or reset.
    func blob(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
    }
}

/// Reads a record of a row; a body that doesn't decode is damage, told with its place.
func decoded<T>(
    _ place: @autoclosure () -> String, _ read: () throws(CodecError) -> T
) throws(StoreError) -> T {
    do { return try read() } catch { throw .damaged(detail: "\(place()): \(error)") }
}
