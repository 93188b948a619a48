import JSON

/// Schemas and operations, a document for each group and version.
enum OpenAPIv3 {
    /// Where the documents are, with the hash under which each is cached for good.
    static func index(_ tags: [GroupVersion: String]) -> JSON {
        let entries = tags.sorted { $0.key.path < $1.key.path }.map { groupVersion, tag in
            JSONMember(
                groupVersion.path,
                ["serverRelativeURL": "/openapi/v3/\(groupVersion.path)?hash=\(tag)"])
        }
        return ["paths": .object(entries)]
    }

    static func document(of groupVersion: GroupVersion, version: String) -> JSON {
        let resources = Resource.of(groupVersion).filter { !$0.isReview }
        let schemas = Schemas.of(groupVersion).map { JSONMember($0.name, $0.json(.three)) }
        return [
            "openapi": "3.0.0", "info": ["title": "Baton", "version": .string(version)],
            "paths": .object(resources.flatMap(paths)), "components": ["schemas": .object(schemas)],
        ]
    }

    private static func paths(of resource: Resource) -> [JSONMember] {
        Operation.all(of: resource).map { path, operations in
            JSONMember(path, .object(operations.map { JSONMember($0.method, json($0)) }))
        }
    }

    private static func json(_ operation: Operation) -> JSON {
        let json: JSON = [
            "description": .string(operation.description), "operationId": .string(operation.id),
            "parameters": .array(operation.parameters.map(json)),
        ]
        let sent = operation.sent.map { name -> JSON in ["content": content(name, operation.types)] }
        let responses: JSON = [
            "200": [
                "description": "OK",
                "content": content(operation.answered, [MediaType.json, MediaType.yaml]),
            ], "401": ["description": "Unauthorized"],
        ]
        return json.with("requestBody", sent).with("responses", responses)
            .with("x-kubernetes-action", .string(operation.action))
            .with(Schema.kindExtension, Schema.Kind(operation.resource).json)
    }

    private static func content(_ schema: String, _ types: [String]) -> JSON {
        let reference: JSON = ["schema": ["$ref": .string(Schema.Dialect.three.references + schema)]]
        return .object(types.map { JSONMember($0, reference) })
    }

    private static func json(_ parameter: Operation.Parameter) -> JSON {
        let json: JSON = [
            "name": .string(parameter.name), "in": parameter.isInPath ? "path" : "query",
            "schema": ["type": .string(parameter.type)],
        ]
        // A part of the path is always there.
        return parameter.isInPath ? json.with("required", true) : json
    }
}
