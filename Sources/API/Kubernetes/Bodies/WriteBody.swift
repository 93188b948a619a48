import JSON
import Objects
import YAMLParsing

/// Bodies of writes, of whatever media type, as `Objects` takes them.
///
/// JSON goes through as it is, so that errors can show where Go's reader would have stopped; YAML and protobuf
/// become the JSON that the client would have sent otherwise. What a body of another form can't have, such as
/// names that come twice in protobuf, isn't looked for.
enum WriteBody {
    /// As in the reference. The daemon's own limit, `http.bodyBytes`, comes before it, and is lower unless it
    /// was raised.
    static let bytesMax = 3_145_728

    /// POST and PUT.
    static func object(_ request: APIRequest, _ kind: ObjectKind) throws(Refusal) -> Write.Body {
        try checkSize(request)
        switch try form(request, hasProtobuf: !kind.isCustom) {
        case .json: return Write.Body(request.body)
        case .yaml:
            var duplicates: [String] = []
            let json = try Self.yaml(request.body, &duplicates) { kind.unreadable($0, body: request.body) }
            return Write.Body(request.body, read: json, strictFaults: strictFaults(duplicates))
        case .protobuf: return Write.Body(request.body, read: try ProtobufBody.object(request.body, kind))
        }
    }

    /// PATCH: of which kind. - Throws: 415.
    static func patchKind(_ request: APIRequest, _ kind: ObjectKind) throws(Refusal) -> PatchKind {
        let type = (request.contentType ?? "").prefix { $0 != ";" }
        guard let patch = PatchKind(mediaType: String(type), of: kind) else { throw .unsupportedMediaType }
        return patch
    }

    /// PATCH, but for apply.
    static func patch(_ request: APIRequest) throws(Refusal) -> Write.Body {
        try checkSize(request)
        return Write.Body(request.body)
    }

    /// PATCH with a configuration to apply. - Returns: its JSON, and the names that came twice in it.
    static func configuration(
        _ request: APIRequest
    ) throws(Refusal) -> (json: JSON, duplicates: [String]) {
        try checkSize(request)
        var duplicates: [String] = []
        let json = try yaml(request.body, &duplicates) { .undecodableConfiguration($0) }
        switch json {
        case .object: return (json, duplicates)
        case .null: return (.object([]), duplicates)
        default:
            throw .undecodable(
                "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal "
                    + "\(goWord(json)) into Go value of type map[string]interface {}")
        }
    }

    /// DELETE, of one object or of many. As in the reference, the query counts only where there is no body.
    static func deletion(_ request: APIRequest) throws(Refusal) -> Deletion {
        try checkSize(request)
        guard !request.body.isEmpty else { return try Deletion(query: request) }
        switch try form(request, hasProtobuf: true) {
        case .json: return try Deletion(body: request.body)
        case .yaml:
            var duplicates: [String] = []
            let json = try yaml(request.body, &duplicates) { .undecodable($0) }
            return try Deletion(body: bytes(json))
        case .protobuf: return try Deletion(body: bytes(try ProtobufBody.deletion(request.body)))
        }
    }

    /// A body that is no object to be kept, in JSON or YAML.
    static func json(_ request: APIRequest) throws(Refusal) -> JSON {
        var duplicates: [String] = []
        guard try form(request, hasProtobuf: true) == .json else {
            return try yaml(request.body, &duplicates) { .undecodable($0) }
        }
        do throws(JSONError) { return try JSON(parsing: request.body) } catch {
            throw .undecodable("the body is not JSON: \(error.what), at byte \(error.offset)")
        }
    }

    // MARK: What they share

    private static func checkSize(_ request: APIRequest) throws(Refusal) {
        guard request.body.count <= bytesMax else { throw .bodyTooLarge(limit: bytesMax) }
    }

    /// A body without a type is JSON: kubectl 1.20 sends `create ns` so.
    static func form(
        _ request: APIRequest, hasProtobuf: Bool
    ) throws(Refusal) -> AnswerForm.Encoding {
        let given = request.contentType ?? ""
        // As nearly all say it.
        if given == MediaType.json { return .json }
        let type = String(given.prefix { $0 != ";" }).lowercased().filter { $0 != " " && $0 != "\t" }
        switch type {
        case "" where given.isEmpty, MediaType.json: return .json
        case MediaType.yaml: return .yaml
        case MediaType.protobuf where hasProtobuf: return .protobuf
        default:
            let custom = [MediaType.json, MediaType.yaml]
            throw .unsupportedBody(accepted: hasProtobuf ? custom + [MediaType.protobuf] : custom)
        }
    }

    private static func yaml(
        _ body: [UInt8], _ duplicates: inout [String], refusal: (String) -> Refusal
    ) throws(Refusal) -> JSON {
        do throws(YAMLParser.Fault) { return try YAMLParser.json(body, duplicates: &duplicates) } catch {
            throw refusal(error.message)
        }
    }

    /// One error of the reference's strict reader, with a line for each name.
    private static func strictFaults(_ duplicates: [String]) -> [String] {
        guard !duplicates.isEmpty else { return [] }
        return ["yaml: unmarshal errors:\n" + duplicates.map { "  " + $0 }.joined(separator: "\n")]
    }

    private static func bytes(_ json: JSON) -> [UInt8] {
        var writer = JSONWriter()
        writer.value(json)
        return writer.bytes
    }

    /// What `encoding/json` calls a value.
    private static func goWord(_ json: JSON) -> String {
        switch json {
        case .bool: "bool"
        case .number: "number"
        case .array: "array"
        default: "string"
        }
    }
}
