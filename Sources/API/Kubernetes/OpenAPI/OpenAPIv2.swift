import JSON

/// Schemas and operations for clients before 1.27: as JSON, and as the message that kubectl 1.20 asks for.
enum OpenAPIv2 {
    static let askedType = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
    /// The reference answers without the at sign, which a media type can't have (RFC 6838 §4.2).
    static let givenType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

    static func document(version: String) -> JSON {
        let schemas = Schemas.all.map { JSONMember($0.name, $0.json(.two)) }
        let paths = Resource.allCases.filter { !$0.isReview }.flatMap { Operation.all(of: $0) }
        return [
            "swagger": "2.0", "info": ["title": "Baton", "version": .string(version)],
            "paths": .object(
                paths.map { path, operations in
                    JSONMember(path, .object(operations.map { JSONMember($0.method, json($0)) }))
                }), "definitions": .object(schemas),
        ]
    }

    private static func json(_ operation: Operation) -> JSON {
        let types = [MediaType.json, MediaType.yaml]
        let sent = operation.sent.map { name -> JSON in
            ["name": "body", "in": "body", "schema": reference(name)]
        }
        return [
            "description": .string(operation.description), "operationId": .string(operation.id),
            "consumes": JSON(operation.types), "produces": JSON(types),
            "parameters": .array(operation.parameters.map(json) + (sent.map { [$0] } ?? [])),
            "responses": [
                "200": ["description": "OK", "schema": reference(operation.answered)],
                "401": ["description": "Unauthorized"],
            ], "x-kubernetes-action": .string(operation.action),
            Schema.kindExtension: Schema.Kind(operation.resource).json,
        ]
    }

    private static func json(_ parameter: Operation.Parameter) -> JSON {
        let json: JSON = [
            "name": .string(parameter.name), "in": parameter.isInPath ? "path" : "query",
            "type": .string(parameter.type),
        ]
        return parameter.isInPath ? json.with("required", true) : json
    }

    private static func reference(_ schema: String) -> JSON {
        ["$ref": .string(Schema.Dialect.two.references + schema)]
    }
}
