import Coordination
import JSON

/// Writes messages of protocol buffers. Each function writes one field, under its number.
///
/// https://protobuf.dev/programming-guides/encoding: a field is its number and wire type as a varint, then
/// its value. The reference writes strings and numbers also where they are empty, as `proto2` has it.
struct ProtobufWriter {
    var bytes: [UInt8] = []

    mutating func string(_ field: Int, _ text: String) {
        tag(field, wireType: 2)
        varint(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    /// Left out if nil.
    mutating func string(_ field: Int, _ text: String?) {
        if let text { string(field, text) }
    }

    mutating func number(_ field: Int, _ number: Int64) {
        tag(field, wireType: 0)
        varint(UInt64(bitPattern: number))
    }

    mutating func flag(_ field: Int, _ flag: Bool) { number(field, flag ? 1 : 0) }

    mutating func message(_ field: Int, _ body: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        body(&inner)
        raw(field, inner.bytes)
    }

    /// A message that is written already.
    mutating func raw(_ field: Int, _ message: [UInt8]) {
        tag(field, wireType: 2)
        varint(UInt64(message.count))
        bytes.append(contentsOf: message)
    }

    /// Map entries are messages of a key and a value.
    mutating func map(_ field: Int, _ map: [String: String]) {
        for key in map.keys.sorted() {
            message(field) {
                $0.string(1, key)
                $0.string(2, map[key]!)
            }
        }
    }

    /// meta.v1 Time and MicroTime. Left out if nil.
    mutating func time(_ field: Int, _ time: Timestamp?, isMicro: Bool = false) {
        guard let parts = time?.parts else { return }
        message(field) {
            $0.number(1, parts.seconds)
            $0.number(2, isMicro ? parts.nanoseconds : 0)
        }
    }

    private mutating func tag(_ field: Int, wireType: UInt64) { varint(UInt64(field) << 3 | wireType) }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

/// The envelope of every object in protobuf: four bytes, then runtime.Unknown with its type and itself.
enum ProtobufEnvelope {
    static let magic = Array("k8s\0".utf8)

    static func of(_ kind: String, _ apiVersion: String, _ message: [UInt8]) -> [UInt8] {
        var writer = ProtobufWriter(bytes: magic)
        writer.message(1) {
            $0.string(1, apiVersion)
            $0.string(2, kind)
        }
        writer.raw(2, message)
        // contentEncoding and contentType.
        writer.string(3, "")
        writer.string(4, "")
        return writer.bytes
    }

    /// What is in one.
    struct Opened {
        var apiVersion = ""
        var kind = ""
        var message: ArraySlice<UInt8> = []
    }

    /// - Throws: the words of the reference for what is no envelope.
    static func open(_ bytes: [UInt8]) throws(MessageFault) -> Opened {
        guard !bytes.isEmpty else { throw MessageFault(text: "empty data") }
        guard bytes.starts(with: magic) else {
            throw MessageFault(
                text: "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
            )
        }
        guard bytes.count > magic.count else { throw MessageFault(text: "empty body") }
        var opened = Opened()
        var reader = MessageReader(bytes[magic.count...], of: "Unknown")
        while !reader.isAtEnd {
            let (number, wireType) = try reader.tag()
            switch (number, wireType) {
            case (1, 2):
                let type = try typeMeta.json(reader.piece())
                opened.apiVersion = type["apiVersion"]?.string ?? ""
                opened.kind = type["kind"]?.string ?? ""
            case (2, 2): opened.message = try reader.piece()
            default: try reader.skip(wireType)
            }
        }
        return opened
    }

    private static let typeMeta = MessageType(
        "TypeMeta", [.init(1, "apiVersion", .text), .init(2, "kind", .text)])
}
