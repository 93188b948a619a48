import Coordination

/// The bytes of records and turns, in the journal and in the `body` columns.
///
/// Written by hand: a version byte, then the fields in the order of the types,
/// numbers as varints, text with its length in front. A new field gets a new
/// version, and the decoder reads the old ones for as long as databases may have
/// them. Names aren't written; the enumerations' raw values are their bytes, so
/// they are never given a second meaning.
///
/// Namespaces are limited in encoded bytes: the core weighs a record anew before it changes it, so a
/// new version's migration also writes the old rows anew.
///
/// Decoding trusts nothing: every read is checked against the end, and a count
/// never asks for more than the bytes that are left.
enum RecordCodec {
    static let version: UInt8 = 5

    static func encode(_ record: LeaseRecord, into out: inout ByteWriter) {
        out.reset()
        out.byte(version)
        out.lease(record)
    }

    static func encode(_ record: DoneMarker, into out: inout ByteWriter) {
        out.reset()
        out.byte(version)
        out.marker(record)
    }

    static func encode(_ record: HoldRecord, into out: inout ByteWriter) {
        out.reset()
        out.byte(version)
        out.hold(record)
    }

    static func encode(_ entry: AuditEntry, into out: inout ByteWriter) {
        out.reset()
        out.byte(version)
        out.audit(entry)
    }

    static func encode(_ record: WaitsRecord, into out: inout ByteWriter) {
        out.reset()
        out.byte(version)
        out.waits(record)
    }

    static func encode(_ record: NamespaceRecord, into out: inout ByteWriter) {
        out.reset()
        out.byte(version)
        out.namespace(record)
    }

    static func encode(_ changes: [Change], into out: inout ByteWriter) {
        out.reset()
        out.byte(version)
        out.varint(UInt64(changes.count))
        for change in changes { out.change(change) }
    }

    /// The bytes of its encoding.
    @Sendable static func size(_ record: LeaseRecord) -> Int {
        var out = ByteWriter(capacity: 512)
        encode(record, into: &out)
        return out.bytes.count
    }

    @Sendable static func size(_ record: DoneMarker) -> Int {
        var out = ByteWriter(capacity: 512)
        encode(record, into: &out)
        return out.bytes.count
    }

    static func lease(_ bytes: UnsafeRawBufferPointer) throws(CodecError) -> LeaseRecord {
        var reader = try body(bytes)
        let record = try reader.lease()
        try reader.finish()
        return record
    }

    static func marker(_ bytes: UnsafeRawBufferPointer) throws(CodecError) -> DoneMarker {
        var reader = try body(bytes)
        let record = try reader.marker()
        try reader.finish()
        return record
    }

    static func hold(_ bytes: UnsafeRawBufferPointer) throws(CodecError) -> HoldRecord {
        var reader = try body(bytes)
        let record = try reader.hold()
        try reader.finish()
        return record
    }

    static func audit(_ bytes: UnsafeRawBufferPointer) throws(CodecError) -> AuditEntry {
        var reader = try body(bytes)
        let entry = try reader.audit()
        try reader.finish()
        return entry
    }

    static func waits(_ bytes: UnsafeRawBufferPointer) throws(CodecError) -> WaitsRecord {
        var reader = try body(bytes)
        let record = try reader.waits()
        try reader.finish()
        return record
    }

    static func namespace(_ bytes: UnsafeRawBufferPointer) throws(CodecError) -> NamespaceRecord {
        var reader = try body(bytes)
        let record = try reader.namespace()
        try reader.finish()
        return record
    }

    static func changes(_ bytes: UnsafeRawBufferPointer) throws(CodecError) -> [Change] {
        var reader = try body(bytes)
        let count = try reader.count()
        var changes: [Change] = []
        changes.reserveCapacity(min(count, 1024))
        for _ in 0..<count { changes.append(try reader.change()) }
        try reader.finish()
        return changes
    }

    static func body(_ bytes: UnsafeRawBufferPointer) throws(CodecError) -> ByteReader {
        var reader = ByteReader(bytes)
        let found = try reader.byte()
        guard (1...version).contains(found) else { throw .version(found) }
        reader.version = found
        return reader
    }
}

/// Which change follows. Part of the format.
private enum ChangeTag: UInt8 {
    case lease = 0
    case leaseDeleted = 1
    case marker = 2
    case markerDeleted = 3
    case hold = 4
    case audit = 5
    case namespace = 6
    case namespaceDeleted = 7
    case alias = 8
    case waits = 12
}

extension ByteWriter {
    mutating func change(_ change: Change) {
        switch change {
        case .lease(let record, let was):
            byte(ChangeTag.lease.rawValue)
            lease(record)
            optional(was) { $0.raw($1) }
        case .leaseDeleted(let record, let at):
            byte(ChangeTag.leaseDeleted.rawValue)
            lease(record)
            integer(at)
        case .marker(let record, let was):
            byte(ChangeTag.marker.rawValue)
            marker(record)
            optional(was) { $0.raw($1) }
        case .markerDeleted(let record, let at):
            byte(ChangeTag.markerDeleted.rawValue)
            marker(record)
            integer(at)
        case .hold(let record):
            byte(ChangeTag.hold.rawValue)
            hold(record)
        case .audit(let entry):
            byte(ChangeTag.audit.rawValue)
            audit(entry)
        case .waits(let record):
            byte(ChangeTag.waits.rawValue)
            waits(record)
        case .namespace(let record, let was):
            byte(ChangeTag.namespace.rawValue)
            namespace(record)
            optional(was) { $0.raw($1) }
        case .namespaceDeleted(let record, let at):
            byte(ChangeTag.namespaceDeleted.rawValue)
            namespace(record)
            integer(at)
        case .alias(let record, let move):
            byte(ChangeTag.alias.rawValue)
            optional(record) { $0.alias($1) }
            aliasMove(move)
        }
    }
}

extension ByteReader {
    mutating func change() throws(CodecError) -> Change {
        switch try choice("change", as: ChangeTag.self) {
        case .lease: return .lease(try lease(), was: try replaced())
        case .leaseDeleted:
            return .leaseDeleted(version > 1 ? try lease() : LeaseRecord(gone: try key()), at: try integer())
        case .marker: return .marker(try marker(), was: try replaced())
        case .markerDeleted:
            return .markerDeleted(version > 1 ? try marker() : DoneMarker(gone: try key()), at: try integer())
        case .hold: return .hold(try hold())
        case .audit: return .audit(try audit())
        case .waits: return .waits(try waits())
        case .namespace: return .namespace(try namespace(), was: try replaced())
        case .namespaceDeleted: return .namespaceDeleted(try namespace(), at: try integer())
        case .alias: return .alias(try flag() ? try alias() : nil, try aliasMove())
        }
    }

    /// The metadata that the change replaced. Before version 3 changes didn't say.
    private mutating func replaced() throws(CodecError) -> [UInt8]? {
        guard version > 2 else { return nil }
        return try flag() ? try raw() : nil
    }
}

// Version 1 wrote only the names of what was deleted.

extension LeaseRecord {
    fileprivate init(gone key: Key) {
        self.init(
            key: key, revision: 0, created: 0, createdAt: Timestamp(microseconds: 0), way: .once,
            maxAttempts: 1)
    }
}

extension DoneMarker {
    fileprivate init(gone key: Key) {
        let unknown = Timestamp(microseconds: 0)
        self.init(
            key: key, revision: 0, finding: Finding(), inputsDigest: nil, holder: "", principal: nil,
            token: nil, attempt: 1, info: [:], start: unknown, end: unknown, retention: nil)
    }
}
