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
    static let version: UInt8 = 1

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

    static func changes(_ bytes: UnsafeRawBufferPointer) throws(CodecError) -> [Change] {
        var reader = try body(bytes)
        let count = try reader.count()
        var changes: [Change] = []
        changes.reserveCapacity(min(count, 1024))
        for _ in 0..<count { changes.append(try reader.change()) }
        try reader.finish()
        return changes
    }

    private static func body(_ bytes: UnsafeRawBufferPointer) throws(CodecError) -> ByteReader {
        var reader = ByteReader(bytes)
        let found = try reader.byte()
        guard found == version else { throw .version(found) }
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
}

extension ByteWriter {
    mutating func change(_ change: Change) {
        switch change {
        case .lease(let record):
            byte(ChangeTag.lease.rawValue)
            lease(record)
        case .leaseDeleted(let key, let at):
            deletion(.leaseDeleted, key, at)
        case .marker(let record):
            byte(ChangeTag.marker.rawValue)
            marker(record)
        case .markerDeleted(let key, let at):
            deletion(.markerDeleted, key, at)
        case .hold(let record):
            byte(ChangeTag.hold.rawValue)
            hold(record)
        case .audit(let entry):
            byte(ChangeTag.audit.rawValue)
            audit(entry)
        }
    }

    private mutating func deletion(_ tag: ChangeTag, _ deleted: Key, _ at: Revision) {
        byte(tag.rawValue)
        key(deleted)
        integer(at)
    }
}

extension ByteReader {
    mutating func change() throws(CodecError) -> Change {
        switch try choice("change", as: ChangeTag.self) {
        case .lease: return .lease(try lease())
        case .leaseDeleted: return .leaseDeleted(try key(), at: try integer())
        case .marker: return .marker(try marker())
        case .markerDeleted: return .markerDeleted(try key(), at: try integer())
        case .hold: return .hold(try hold())
        case .audit: return .audit(try audit())
        }
    }
}
