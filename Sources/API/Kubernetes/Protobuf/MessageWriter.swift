import Coordination
import JSON

extension MessageType {
    /// The message of an object. What isn't of its type is taken as not being there.
    func bytes(_ json: JSON) -> [UInt8] {
        var writer = ProtobufWriter()
        for field in numbered { field.write(json[field.name], to: &writer) }
        return writer.bytes
    }
}

extension MessageField {
    /// - Parameter value: nil or null: there is none.
    func write(_ value: JSON?, to writer: inout ProtobufWriter) {
        let value = value == .null ? nil : value
        // The zero of a time is a message with nothing in it, as it is of any other message.
        if value == nil, presence == .pointer { return }
        switch shape {
        case .text: writer.string(number, value?.string ?? "")
        case .integer: writer.number(number, value?.integer ?? 0)
        case .flag: writer.flag(number, value?.bool ?? false)
        case .time: writer.raw(number, Self.time(value, isMicro: false))
        case .microTime: writer.raw(number, Self.time(value, isMicro: true))
        case .map: writer.map(number, value?.stringMap ?? [:])
        case .message(let type): writer.raw(number, type.bytes(value ?? .object([])))
        case .texts: for text in value?.array ?? [] { writer.string(number, text.string ?? "") }
        case .messages(let type): for item in value?.array ?? [] { writer.raw(number, type.bytes(item)) }
        case .raw: writer.message(number) { $0.string(1, value?.text ?? "") }
        }
    }

    private static func time(_ value: JSON?, isMicro: Bool) -> [UInt8] {
        guard let time = value?.string.flatMap({ Timestamp(text: $0) }), time.microseconds != Dates.first
        else { return [] }
        var writer = ProtobufWriter()
        writer.number(1, time.parts.seconds)
        writer.number(2, isMicro ? time.parts.nanoseconds : 0)
        return writer.bytes
    }
}
