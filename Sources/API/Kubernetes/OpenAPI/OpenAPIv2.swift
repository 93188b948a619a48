import JSON

/// Schemas for clients before 1.27: as JSON, and as the message of gnostic that kubectl 1.20 asks for.
/// It has the types only; operations are in version 3.
enum OpenAPIv2 {
    static let askedType = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
    /// The reference answers without the at sign, which a media type can't have (RFC 6838 §4.2).
    static let givenType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

    static func document(version: String) -> JSON {
        let schemas = Schemas.all.map { JSONMember($0.name, $0.json(.two)) }
        return [
            "swagger": "2.0", "info": ["title": "Baton", "version": .string(version)], "paths": [:],
            "definitions": .object(schemas),
        ]
    }

    /// openapi.v2.Document, https://github.com/google/gnostic/blob/main/openapiv2/OpenAPIv2.proto.
    static func protobuf(version: String) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.string(1, "2.0")
        writer.message(2) {
            $0.string(1, "Baton")
            $0.string(2, version)
        }
        // Paths, of which there are none.
        writer.message(8) { _ in }
        writer.message(9) { definitions in
            for schema in Schemas.all {
                definitions.named(schema.name) { $0.schema(schema.json(.two)) }
            }
        }
        return writer.bytes
    }
}

extension ProtobufWriter {
    /// NamedSchema and NamedAny: a name, and what has it.
    fileprivate mutating func named(
        field: Int = 1, _ name: String, _ value: (inout ProtobufWriter) -> Void
    ) {
        message(field) {
            $0.string(1, name)
            $0.message(2, value)
        }
    }

    /// The message Schema, from the JSON of one.
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
        if case .object(let properties)? = json["properties"] {
            message(25) { writer in
                for property in properties {
                    writer.named(property.name) { $0.schema(property.value) }
                }
            }
        }
        if let kinds = json[Schema.kindExtension] { vendorExtension(Schema.kindExtension, kinds) }
    }

    /// NamedAny of an Any, whose second field is YAML.
    private mutating func vendorExtension(_ name: String, _ value: JSON) {
        named(field: 31, name) { $0.string(2, YAML.text(value)) }
    }
}
