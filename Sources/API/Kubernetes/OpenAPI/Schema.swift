import JSON

/// The shape of one type, for both versions of OpenAPI: what `kubectl explain` shows.
struct Schema: Sendable {
    /// `io.k8s.api.coordination.v1.Lease`.
    var name: String
    var description: String
    var body: Body
    /// The kinds that are of this shape.
    var kinds: [Kind] = []

    enum Body: Sendable {
        case object([Field], required: [String])
        /// A string of a format.
        case text(format: String)
    }

    struct Field: Sendable {
        var name: String
        var type: FieldType
        var description: String

        init(_ name: String, _ type: FieldType, _ description: String) {
            self.name = name
            self.type = type
            self.description = description
        }
    }

    struct Kind: Hashable, Sendable {
        var groupVersion: GroupVersion
        var name: String

        init(_ resource: Resource, list: Bool = false) {
            groupVersion = resource.groupVersion
            name = resource.kind + (list ? "List" : "")
        }

        var json: JSON {
            [
                "group": .string(groupVersion.group), "kind": .string(name),
                "version": .string(groupVersion.version),
            ]
        }
    }

    /// The version of OpenAPI that it is written for.
    enum Dialect: Sendable {
        case two, three

        /// What is before a schema's name in a reference to it.
        var references: String {
            switch self {
            case .two: "#/definitions/"
            case .three: "#/components/schemas/"
            }
        }
    }

    static let kindExtension = "x-kubernetes-group-version-kind"
}

indirect enum FieldType: Sendable {
    case string
    case int32, int64
    case number
    /// From texts to texts.
    case map
    case array(FieldType)
    /// Another schema, by its name.
    case schema(String)

    func json(_ description: String?, _ dialect: Schema.Dialect) -> JSON {
        let described: JSON = description.map { ["description": .string($0)] } ?? [:]
        switch self {
        case .string: return described.with("type", "string")
        case .int32: return described.with("type", "integer").with("format", "int32")
        case .int64: return described.with("type", "integer").with("format", "int64")
        case .number: return described.with("type", "number")
        case .map: return described.with("type", "object").with("additionalProperties", ["type": "string"])
        case .array(let item):
            return described.with("type", "array").with("items", item.json(nil, dialect))
        case .schema(let name):
            let reference: JSON = ["$ref": .string(dialect.references + name)]
            switch dialect {
            // As the reference has it, though JSON Reference would have it stand alone: old clients
            // find it there.
            case .two: return described.with("$ref", reference["$ref"])
            case .three: return description == nil ? reference : described.with("allOf", [reference])
            }
        }
    }
}

extension Schema {
    func json(_ dialect: Dialect) -> JSON {
        var json: JSON = ["description": .string(description)]
        switch body {
        case .text(let format): json = json.with("type", "string").with("format", .string(format))
        case .object(let fields, let required):
            let properties = fields.map {
                JSONMember($0.name, $0.type.json($0.description, dialect))
            }
            json = json.with("type", "object").with("properties", .object(properties))
            if !required.isEmpty { json = json.with("required", JSON(required)) }
        }
        return kinds.isEmpty ? json : json.with(Self.kindExtension, .array(kinds.map(\.json)))
    }
}
