/// The fields of a message, read once. Of a field that comes twice the last counts, as protobuf has it.
struct ProtobufFields {
    private var values: [Int: [UInt8]] = [:]

    /// nil: this is no message.
    init?(_ bytes: [UInt8]) {
        var at = 0
        while at < bytes.count {
            guard let tag = Self.varint(bytes, &at), tag >> 3 > 0, let field = Int(exactly: tag >> 3) else {
                return nil
            }
            switch tag & 7 {
            case 0:
                let start = at
                guard Self.varint(bytes, &at) != nil else { return nil }
                values[field] = Array(bytes[start..<at])
            case 1, 5:
                let width = tag & 7 == 1 ? 8 : 4
                guard bytes.count - at >= width else { return nil }
                at += width
            case 2:
                guard let count = Self.varint(bytes, &at), count <= UInt64(bytes.count - at) else {
                    return nil
                }
                values[field] = Array(bytes[at..<(at + Int(count))])
                at += Int(count)
            default: return nil
            }
        }
    }

    func bytes(_ field: Int) -> [UInt8]? { values[field] }

    /// Empty if it isn't there.
    func text(_ field: Int) -> String { String(decoding: values[field] ?? [], as: UTF8.self) }

    /// nil if it isn't there, or is none.
    func message(_ field: Int) -> ProtobufFields? { values[field].flatMap { ProtobufFields($0) } }

    private static func varint(_ bytes: [UInt8], _ at: inout Int) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard at < bytes.count else { return nil }
            let byte = bytes[at]
            at += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
