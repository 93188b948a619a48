import JSON
import Objects

/// Bodies of reviews, of whatever media type.
enum ReviewBody {
    static func json(_ resource: Resource, _ request: APIRequest) throws(Refusal) -> JSON {
        guard try WriteBody.form(request, hasProtobuf: true) == .protobuf else {
            return try WriteBody.json(request)
        }
        do throws(MessageFault) {
            let envelope = try ProtobufEnvelope.open(request.body)
            guard envelope.kind == resource.kind, let type = MessageType.review(resource) else {
                throw MessageFault(text: "the body is no \(resource.kind)")
            }
            return try type.json(envelope.message)
        } catch {
            throw .undecodable(error.text)
        }
    }
}
