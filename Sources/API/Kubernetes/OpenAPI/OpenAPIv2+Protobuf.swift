import JSON

/// The same document as the message openapi.v2.Document of gnostic,
/// https://github.com/google/gnostic/blob/main/openapiv2/OpenAPIv2.proto: written from the JSON.
extension OpenAPIv2 {
    static func protobuf(version: String) -> [UInt8] {
        let document = document(version: version)
        var writer = ProtobufWriter()
        writer.string(1, document["swagger"]?.string)
        writer.message(2) {
            $0.string(1, document["info"]?["title"]?.string)
            $0.string(2, document["info"]?["version"]?.string)
        }
        writer.message(8) { paths in
            for path in document["paths"]?.members ?? [] {
                paths.named(field: 2, path.name) { $0.operations(path.value) }
            }
        }
        writer.message(9) { definitions in
            for schema in document["definitions"]?.members ?? [] {
                definitions.named(schema.name) { $0.schema(schema.value) }
            }
        }
        return writer.bytes
    }

    fileprivate static let methods = ["get": 2, "put": 3, "post": 4, "delete": 5, "patch": 8]
}

extension ProtobufWriter {
    /// NamedSchema, NamedAny and their like: a name, and what has it.
    fileprivate mutating func named(
        field: Int = 1, _ name: String, _ value: (inout ProtobufWriter) -> Void
    ) {
        message(field) {
            $0.string(1, name)
            $0.message(2, value)
        }
    }

    // MARK: Operations

    /// PathItem.
    fileprivate mutating func operations(_ path: JSON) {
        let operations = (path.members ?? []).compactMap { member in
            OpenAPIv2.methods[member.name].map { ($0, member.value) }
        }
        for (field, operation) in operations.sorted(by: { $0.0 < $1.0 }) {
            message(field) { $0.operation(operation) }
        }
    }

    private mutating func operation(_ json: JSON) {
        string(3, json["description"]?.string)
        string(5, json["operationId"]?.string)
        for type in json["produces"]?.array ?? [] { string(6, type.string) }
        for type in json["consumes"]?.array ?? [] { string(7, type.string) }
        for parameter in json["parameters"]?.array ?? [] {
            // ParametersItem, of which Parameter is the first kind.
            message(8) { $0.message(1) { $0.parameter(parameter) } }
        }
        message(9) { responses in
            for response in json["responses"]?.members ?? [] {
                responses.named(response.name) { $0.message(1) { $0.response(response.value) } }
            }
        }
        extensions(13, json)
    }

    private mutating func response(_ json: JSON) {
        string(1, json["description"]?.string)
        if let schema = json["schema"] { message(2) { $0.message(1) { $0.schema(schema) } } }
    }

    private mutating func parameter(_ json: JSON) {
        let (name, place) = (json["name"]?.string, json["in"]?.string)
        guard place != "body" else {
            return message(1) {
                $0.string(2, name)
                $0.string(3, place)
                if let schema = json["schema"] { $0.message(5) { $0.schema(schema) } }
            }
        }
        let isInPath = place == "path"
        message(2) { parameter in
            parameter.message(isInPath ? 4 : 3) {
                if isInPath { $0.flag(1, true) }
                $0.string(2, place)
                $0.string(4, name)
                $0.string(isInPath ? 5 : 6, json["type"]?.string)
            }
        }
    }

    // MARK: Schemas

    /// The message Schema.
    fileprivate mutating func schema(_ json: JSON) {
        string(1, json["$ref"]?.string)
        string(2, json["format"]?.string)
        string(4, json["description"]?.string)
        for name in json["required"]?.array ?? [] { string(19, name.string) }
        if let values = json["additionalProperties"] {
            // Either a schema, which is 1, or a flag.
            message(21) { $0.message(1) { $0.schema(values) } }
        }
        if let type = json["type"]?.string { message(22) { $0.string(1, type) } }
        if let items = json["items"] { message(23) { $0.message(1) { $0.schema(items) } } }
        if let properties = json["properties"]?.members {
            message(25) { writer in
                for property in properties {
                    writer.named(property.name) { $0.schema(property.value) }
                }
            }
        }
        extensions(31, json)
    }

    /// What begins with x-: NamedAny of an Any, whose second field is YAML.
    private mutating func extensions(_ field: Int, _ json: JSON) {
        for member in json.members ?? [] where member.name.hasPrefix("x-") {
            named(field: field, member.name) { $0.string(2, YAML.text(member.value)) }
        }
    }
}
