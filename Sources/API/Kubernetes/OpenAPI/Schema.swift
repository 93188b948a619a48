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
        var merging: Merging?

        init(_ name: String, _ type: FieldType, _ description: String, _ merging: Merging? = nil) {
            self.name = name
            self.type = type
            self.description = description
            self.merging = merging
        }

        func json(_ dialect: Dialect) -> JSON {
            let json = type.json(description, dialect)
            guard let merging else { return json }
            return merging.members.reduce(json) { $0.with($1.name, $1.value) }
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

    /// How a list is merged: what clients need who make patches, and what server-side apply does.
    enum Merging: Sendable {
        /// As a whole.
        case atomic
        /// Each text for itself.
        case set
        /// Each object for itself, told by this member.
        case map(String)

        fileprivate var members: [JSONMember] {
            switch self {
            case .atomic: [JSONMember("x-kubernetes-list-type", "atomic")]
            case .set:
                [
                    JSONMember("x-kubernetes-list-type", "set"),
                    JSONMember("x-kubernetes-patch-strategy", "merge"),
                ]
            case .map(let key):
                [
                    JSONMember("x-kubernetes-list-map-keys", [.string(key)]),
                    JSONMember("x-kubernetes-list-type", "map"),
                    JSONMember("x-kubernetes-patch-merge-key", .string(key)),
                    JSONMember("x-kubernetes-patch-strategy", "merge"),
                ]
            }
        }
    }

    static let kindExtension = "x-kubernetes-group-version-kind"
}

indirect enum FieldType: Sendable {
    case string
    case int32, int64
    case number
    case boolean
    /// Whatever is in it.
    case anyObject
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
        case .boolean: return described.with("type", "boolean")
        case .anyObject: return described.with("type", "object")
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
                JSONMember($0.name, $0.json(dialect))
            }
            json = json.with("type", "object")
            // To kubectl an object with a list of no properties may have none, and one without a list may have any.
            if !properties.isEmpty { json = json.with("properties", .object(properties)) }
            if !required.isEmpty { json = json.with("required", JSON(required)) }
        }
        return kinds.isEmpty ? json : json.with(Self.kindExtension, .array(kinds.map(\.json)))
    }
}
