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
        let root = "/\(resource.groupVersion.path)"
        guard resource.isNamespaced else {
            return [
                list(resource, "\(root)/\(resource.plural)", []),
                get(resource, "\(root)/\(resource.plural)/{name}", ["name"]),
            ]
        }
        let within = "\(root)/namespaces/{namespace}/\(resource.plural)"
        return [
            list(resource, "\(root)/\(resource.plural)", []), list(resource, within, ["namespace"]),
            get(resource, "\(within)/{name}", ["namespace", "name"]),
        ]
    }

    private static func list(_ resource: Resource, _ path: String, _ named: [String]) -> JSONMember {
        let query = [
            ("continue", "string"), ("fieldSelector", "string"), ("labelSelector", "string"),
            ("limit", "integer"), ("pretty", "string"), ("resourceVersion", "string"),
            ("resourceVersionMatch", "string"),
        ]
        return operation(
            resource, path, "list", schema: Schemas.name(of: resource) + "List",
            named.map { parameter($0, "path", "string") } + query.map { parameter($0.0, "query", $0.1) })
    }

    private static func get(_ resource: Resource, _ path: String, _ named: [String]) -> JSONMember {
        operation(
            resource, path, "get", schema: Schemas.name(of: resource),
            named.map { parameter($0, "path", "string") }
                + ["pretty", "resourceVersion"].map { parameter($0, "query", "string") })
    }

    private static func operation(
        _ resource: Resource, _ path: String, _ action: String, schema: String, _ parameters: [JSON]
    ) -> JSONMember {
        let content: JSON = ["schema": ["$ref": .string(Schema.Dialect.three.references + schema)]]
        let operation: JSON = [
            "description": "\(action) objects of the kind \(resource.kind)",
            "operationId": .string(action + identifier(path)), "parameters": .array(parameters),
            "responses": [
                "200": ["description": "OK", "content": [MediaType.json: content, MediaType.yaml: content]],
                "401": ["description": "Unauthorized"],
            ], "x-kubernetes-action": .string(action),
            Schema.kindExtension: Schema.Kind(resource).json,
        ]
        return JSONMember(path, ["get": operation])
    }

    /// Unique for each path: its words, with capitals.
    private static func identifier(_ path: String) -> String {
        path.split { !$0.isLetter && !$0.isNumber }.map { $0.prefix(1).uppercased() + $0.dropFirst() }
            .joined()
    }

    private static func parameter(_ name: String, _ place: String, _ type: String) -> JSON {
        let parameter: JSON = [
            "name": .string(name), "in": .string(place), "schema": ["type": .string(type)],
        ]
        // A part of the path is always there.
        return place == "path" ? parameter.with("required", true) : parameter
    }
}
