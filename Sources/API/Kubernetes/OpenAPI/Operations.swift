/// What can be done at a path, for both versions of OpenAPI. kubectl looks for the PATCH of a kind and for its
/// parameters, to find out whether the server validates fields and tries things out; the rest is for people.
struct Operation: Sendable {
    var resource: Resource
    var path: String
    var method: String
    /// `x-kubernetes-action`.
    var action: String
    var parameters: [Parameter]
    /// The schema of what is sent; nil: nothing is.
    var sent: String?
    /// The media types of what is sent.
    var types: [String] = []
    /// The schema of the answer.
    var answered: String

    struct Parameter: Sendable {
        var name: String
        var type = "string"
        var isInPath = false
    }

    /// Unique in a document: the action, and the words of the path with capitals.
    var id: String {
        let words = path.split { !$0.isLetter && !$0.isNumber }
        return action + words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    var description: String { "\(action) objects of the kind \(resource.kind)" }

    /// Of a resource, by path: those whose verbs it has.
    static func all(of resource: Resource) -> [(path: String, operations: [Operation])] {
        let root = "/\(resource.groupVersion.path)"
        let within = resource.isNamespaced ? "\(root)/namespaces/{namespace}" : root
        let parts = resource.isNamespaced ? ["namespace"] : []
        let collection = Site(resource, "\(within)/\(resource.plural)", parts)
        let object = Site(resource, "\(within)/\(resource.plural)/{name}", parts + ["name"])
        var paths = [(collection.path, collection.collection), (object.path, object.object)]
        if resource.isNamespaced {
            let everywhere = Site(resource, "\(root)/\(resource.plural)", [])
            paths.insert((everywhere.path, [everywhere.list]), at: 0)
        }
        return paths
    }
}

/// A path, and the operations that there may be.
private struct Site {
    let resource: Resource
    let path: String
    let parts: [String]

    init(_ resource: Resource, _ path: String, _ parts: [String]) {
        self.resource = resource
        self.path = path
        self.parts = parts
    }

    private typealias Parameter = Operation.Parameter

    private static let listing: [Parameter] = [
        Parameter(name: "allowWatchBookmarks", type: "boolean"), Parameter(name: "continue"),
        Parameter(name: "fieldSelector"), Parameter(name: "labelSelector"),
        Parameter(name: "limit", type: "integer"), Parameter(name: "resourceVersion"),
        Parameter(name: "resourceVersionMatch"), Parameter(name: "sendInitialEvents", type: "boolean"),
        Parameter(name: "timeoutSeconds", type: "integer"), Parameter(name: "watch", type: "boolean"),
    ]
    private static let writing = ["dryRun", "fieldManager", "fieldValidation"].map { Parameter(name: $0) }
    private static let deleting: [Parameter] = [
        Parameter(name: "dryRun"), Parameter(name: "gracePeriodSeconds", type: "integer"),
        Parameter(name: "orphanDependents", type: "boolean"), Parameter(name: "propagationPolicy"),
    ]

    private func operation(
        _ method: String, _ action: String, _ query: [Parameter], sent: String? = nil, types: [String] = [],
        answered: String? = nil
    ) -> Operation {
        let named = parts.map { Parameter(name: $0, isInPath: true) }
        return Operation(
            resource: resource, path: path, method: method, action: action,
            parameters: named + query + [Parameter(name: "pretty")], sent: sent, types: types,
            answered: answered ?? Schemas.name(of: resource))
    }

    private func served(_ operations: [(verb: String, operation: Operation)]) -> [Operation] {
        operations.filter { resource.verbs.contains($0.verb) }.map(\.operation)
    }

    /// As bodies may come; custom resources have no messages.
    private var types: [String] {
        let texts = [MediaType.json, MediaType.yaml]
        return resource == .doneMarkers ? texts : texts + [MediaType.protobuf]
    }

    private var patches: [String] {
        let all = [
            "application/json-patch+json", "application/merge-patch+json",
            "application/strategic-merge-patch+json", "application/apply-patch+yaml",
        ]
        return resource == .doneMarkers ? all.filter { !$0.contains("strategic") } : all
    }

    var list: Operation {
        operation("get", "list", Self.listing, answered: Schemas.name(of: resource) + "List")
    }

    var collection: [Operation] {
        let name = Schemas.name(of: resource)
        return served([
            ("list", list), ("create", operation("post", "post", Self.writing, sent: name, types: types)),
            (
                "deletecollection",
                operation(
                    "delete", "deletecollection", Self.deleting + Self.listing, sent: Schemas.deleteOptions,
                    types: types, answered: name + "List")
            ),
        ])
    }

    var object: [Operation] {
        let force = Parameter(name: "force", type: "boolean")
        return served([
            ("get", operation("get", "get", [Parameter(name: "resourceVersion")])),
            (
                "update",
                operation("put", "put", Self.writing, sent: Schemas.name(of: resource), types: types)
            ),
            (
                "patch",
                operation("patch", "patch", Self.writing + [force], sent: Schemas.patch, types: patches)
            ),
            (
                "delete",
                operation(
                    "delete", "delete", Self.deleting, sent: Schemas.deleteOptions, types: types,
                    answered: Schemas.status)
            ),
        ])
    }
}
