import JSON
import Objects

/// Bodies in protobuf: an envelope that says what is in it, and the message.
enum ProtobufBody {
    /// The object, with its type as the envelope says it: whether it is the right one is decided where that of
    /// JSON is.
    static func object(_ body: [UInt8], _ kind: ObjectKind) throws(Refusal) -> JSON {
        let envelope: ProtobufEnvelope.Opened
        do throws(MessageFault) { envelope = try ProtobufEnvelope.open(body) } catch {
            throw kind.unreadable(error.text, body: body)
        }
        let said = (
            kind: envelope.kind.isEmpty ? kind.kind : envelope.kind,
            apiVersion: envelope.apiVersion.isEmpty ? kind.apiVersion : envelope.apiVersion
        )
        // A message of another kind could be anything.
        guard said == (kind.kind, kind.apiVersion), let type = messages[kind.kind] else {
            return typed(.object([]), said)
        }
        do throws(MessageFault) { return typed(try type.json(envelope.message), said) } catch {
            throw kind.unreadable(error.text, as: said)
        }
    }

    private static let messages = [
        ObjectKind.lease.kind: MessageType.lease, ObjectKind.namespace.kind: MessageType.namespace,
    ]

    /// DeleteOptions.
    static func deletion(_ body: [UInt8]) throws(Refusal) -> JSON {
        do throws(MessageFault) {
            let envelope = try ProtobufEnvelope.open(body)
            let said = (
                kind: envelope.kind.isEmpty ? "DeleteOptions" : envelope.kind,
                apiVersion: envelope.apiVersion.isEmpty ? "v1" : envelope.apiVersion
            )
            guard said.kind == "DeleteOptions" else { return typed(.object([]), said) }
            return typed(try MessageType.deleteOptions.json(envelope.message), said)
        } catch {
            throw .undecodable(error.text)
        }
    }

    private static func typed(_ json: JSON, _ type: (kind: String, apiVersion: String)) -> JSON {
        .object(
            [
                JSONMember("kind", .string(type.kind)), JSONMember("apiVersion", .string(type.apiVersion)),
            ] + (json.members ?? []))
    }
}
