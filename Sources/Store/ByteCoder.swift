/// Why bytes of the database can't be read as a record.
public enum CodecError: Error, Hashable, Sendable {
    /// The bytes end in the middle of a value.
    case truncated(at: Int)
    /// A version that this build does not know.
    case version(UInt8)
    /// A byte that names a case which is not there.
    case unknown(field: String, value: UInt64)
    /// A number that is longer than its type.
    case overflow(at: Int)
    /// Text that isn't UTF-8.
    case text(at: Int)
    /// Bytes after the end of the value.
    case trailing(at: Int)
}

/// Writes varints and length-prefixed text. It grows and is used again: a commit allocates nothing.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    mutating func reset() { bytes.removeAll(keepingCapacity: true) }

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    /// LEB128: seven bits a byte, low bits first, the high bit says that more follow.
    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Zigzag, so that small negative numbers stay short.
    mutating func integer(_ value: Int64) {
        varint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    mutating func text(_ value: String) {
        var value = value
        value.withUTF8 { utf8 in
            varint(UInt64(utf8.count))
            bytes.append(contentsOf: utf8)
        }
    }

    mutating func optional<T>(_ value: T?, _ write: (inout ByteWriter, T) -> Void) {
        guard let value else { return byte(0) }
        byte(1)
        write(&self, value)
    }

    mutating func text(_ value: String?) { optional(value) { $0.text($1) } }
    mutating func integer(_ value: Int64?) { optional(value) { $0.integer($1) } }

    /// Sorted, so that equal records are equal bytes.
    mutating func map(_ value: [String: String]) {
        varint(UInt64(value.count))
        for (key, item) in value.sorted(by: { $0.key < $1.key }) {
            text(key)
            text(item)
        }
    }
}

/// Reads what `ByteWriter` wrote. Whatever the bytes are, it throws or answers; it never traps.
struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var remaining: Int { bytes.count - offset }

    mutating func byte() throws(CodecError) -> UInt8 {
        guard offset < bytes.count else { throw .truncated(at: offset) }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func varint() throws(CodecError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            // The tenth byte has room for the 64th bit alone.
            guard shift < 63 || (shift == 63 && next <= 1) else { throw .overflow(at: offset) }
            value |= UInt64(next & 0x7f) << shift
            if next < 0x80 { return value }
            shift += 7
        }
    }

    mutating func integer() throws(CodecError) -> Int64 {
        let raw = try varint()
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    /// A count of things of at least one byte each: never more than the bytes that are left.
    mutating func count() throws(CodecError) -> Int {
        let raw = try varint()
        guard raw <= UInt64(remaining) else { throw .truncated(at: offset) }
        return Int(raw)
    }

    mutating func text() throws(CodecError) -> String {
        let length = try count()
        let slice = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
        guard let text = String(validating: slice, as: UTF8.self) else { throw .text(at: offset) }
        offset += length
        return text
    }

    mutating func flag() throws(CodecError) -> Bool {
        let raw = try byte()
        guard raw <= 1 else { throw .unknown(field: "presence", value: UInt64(raw)) }
        return raw == 1
    }

    mutating func optionalText() throws(CodecError) -> String? { try flag() ? text() : nil }
    mutating func optionalInteger() throws(CodecError) -> Int64? { try flag() ? integer() : nil }

    mutating func map() throws(CodecError) -> [String: String] {
        let pairs = try count()
        var map: [String: String] = [:]
        map.reserveCapacity(min(pairs, 64))
        for _ in 0..<pairs {
            let key = try text()
            map[key] = try text()
        }
        return map
    }

    /// An enumeration by its raw byte.
    mutating func choice<T: RawRepresentable>(_ field: String, as type: T.Type) throws(CodecError) -> T
    where T.RawValue == UInt8 {
        let raw = try byte()
        guard let value = T(rawValue: raw) else { throw .unknown(field: field, value: UInt64(raw)) }
        return value
    }

    func finish() throws(CodecError) {
        guard remaining == 0 else { throw .trailing(at: offset) }
    }
}
