import Coordination
import JSON

/// Reads the fields of a message one after the other.
///
/// https://protobuf.dev/programming-guides/encoding; errors are those of the reference's generated readers.
struct MessageReader {
    private let bytes: ArraySlice<UInt8>
    private var at: Int
    private let name: String

    init(_ bytes: ArraySlice<UInt8>, of name: String) {
        self.bytes = bytes
        at = bytes.startIndex
        self.name = name
    }

    var isAtEnd: Bool { at == bytes.endIndex }

    /// - Returns: the number of the next field, and its wire type.
    mutating func tag() throws(MessageFault) -> (number: Int, wireType: Int) {
        let tag = try varint()
        let number = Int32(truncatingIfNeeded: tag >> 3)
        let wireType = Int(tag & 7)
        guard wireType != 4 else {
            throw MessageFault(text: "proto: \(name): wiretype end group for non-group")
        }
        guard number > 0 else {
            throw MessageFault(text: "proto: \(name): illegal tag \(number) (wire type \(tag))")
        }
        return (Int(number), wireType)
    }

    mutating func varint() throws(MessageFault) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64 {
            guard at < bytes.endIndex else { throw .ended }
            let byte = bytes[at]
            at += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw .overflow
    }

    /// What has a length before it.
    mutating func piece() throws(MessageFault) -> ArraySlice<UInt8> {
        let count = try varint()
        guard count <= UInt64(Int64.max) else {
            throw MessageFault(text: "proto: negative length found during unmarshaling")
        }
        guard count <= UInt64(bytes.endIndex - at) else { throw .ended }
        defer { at += Int(count) }
        return bytes[at..<(at + Int(count))]
    }

    /// A field that nobody knows. Groups, which no message has, aren't looked into.
    mutating func skip(_ wireType: Int) throws(MessageFault) {
        switch wireType {
        case 0: _ = try varint()
        case 2: _ = try piece()
        case 1, 5:
            let width = wireType == 1 ? 8 : 4
            guard bytes.endIndex - at >= width else { throw .ended }
            at += width
        default: throw MessageFault(text: "proto: illegal wireType \(wireType)")
        }
    }
}

extension MessageType {
    /// The object that a message is, in the order of its members in JSON.
    func json(_ bytes: ArraySlice<UInt8>) throws(MessageFault) -> JSON {
        var values = [JSON?](repeating: nil, count: fields.count)
        var reader = MessageReader(bytes, of: name)
        while !reader.isAtEnd {
            let (number, wireType) = try reader.tag()
            guard let place = place(of: number) else {
                try reader.skip(wireType)
                continue
            }
            let field = fields[place]
            guard wireType == field.wireType else {
                throw MessageFault(text: "proto: wrong wireType = \(wireType) for field \(field.goName)")
            }
            values[place] = try field.value(&reader, after: values[place])
        }
        let members = zip(fields, values).compactMap { field, value in
            field.told(value).map { JSONMember(field.name, $0) }
        }
        return .object(members)
    }
}

extension MessageField {
    fileprivate var wireType: Int {
        switch shape {
        case .integer, .flag: 0
        default: 2
        }
    }

    /// - Parameter former: what came under this number before. Lists go on; of all else the last counts.
    fileprivate func value(
        _ reader: inout MessageReader, after former: JSON?
    ) throws(MessageFault) -> JSON {
        switch shape {
        case .text: return .string(try Self.text(&reader))
        case .integer: return .number(Int64(bitPattern: try reader.varint()))
        case .flag: return .bool(try reader.varint() != 0)
        case .time: return .string(try Self.time(reader.piece(), isMicro: false))
        case .microTime: return .string(try Self.time(reader.piece(), isMicro: true))
        case .map:
            let entry = try Self.entry.json(reader.piece())
            var map = former?.stringMap ?? [:]
            map[entry["key"]?.string ?? ""] = entry["value"]?.string ?? ""
            return .strings(map)
        case .message(let type): return try type.json(reader.piece())
        case .texts: return .array((former?.array ?? []) + [.string(try Self.text(&reader))])
        case .messages(let type): return .array((former?.array ?? []) + [try type.json(reader.piece())])
        case .raw: return try Self.raw(reader.piece())
        }
    }

    /// As JSON tells it; nil: not at all.
    fileprivate func told(_ value: JSON?) -> JSON? {
        switch (shape, value) {
        case (.time, .string(Self.zeroTime)?): nil
        case (.text, nil) where presence == .shown: ""
        case (.flag, nil) where presence == .shown: false
        case (.text, ""?), (.integer, 0?), (.flag, false?): presence == .always ? nil : value
        default: value
        }
    }

    private static let entry = MessageType("Entry", [.init(1, "key", .text), .init(2, "value", .text)])

    /// Go's zero time. Of a MicroTime it is told, as in JSON, and becomes null later.
    private static let zeroTime = "0001-01-01T00:00:00Z"

    private static func text(_ reader: inout MessageReader) throws(MessageFault) -> String {
        String(decoding: try reader.piece(), as: UTF8.self)
    }

    private static let timestamp = MessageType(
        "Timestamp", [.init(1, "seconds", .integer), .init(2, "nanos", .integer)])

    private static func time(_ piece: ArraySlice<UInt8>, isMicro: Bool) throws(MessageFault) -> String {
        var time = Timestamp(microseconds: Dates.first)
        if !piece.isEmpty {
            let parts = try timestamp.json(piece)
            let seconds = parts["seconds"]?.integer ?? 0
            let micros = isMicro ? (parts["nanos"]?.integer ?? 0) / 1000 : 0
            let (whole, isTooLarge) = seconds.multipliedReportingOverflow(by: 1_000_000)
            let (sum, isBeyond) = whole.addingReportingOverflow(micros)
            guard !isTooLarge, !isBeyond, (Dates.first...Dates.last).contains(sum) else {
                throw MessageFault(text: "Time.MarshalJSON: year outside of range [0,9999]")
            }
            time = Timestamp(microseconds: sum)
        }
        return isMicro ? time.text : time.secondsText
    }

    private static func raw(_ piece: ArraySlice<UInt8>) throws(MessageFault) -> JSON {
        var reader = MessageReader(piece, of: "FieldsV1")
        var json: JSON?
        while !reader.isAtEnd {
            let (number, wireType) = try reader.tag()
            guard number == 1, wireType == 2 else {
                try reader.skip(wireType)
                continue
            }
            let text = Array(try reader.piece())
            do throws(JSONError) { json = try JSON(parsing: text) } catch {
                throw MessageFault(text: "fieldsV1 is no JSON: \(error.what), at byte \(error.offset)")
            }
        }
        return json ?? .object([])
    }
}
