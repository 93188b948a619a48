/// What a request wants done at its place.
enum Verb: String, Hashable, Sendable {
    case get, list, watch, create, update, patch, delete
    case deleteCollection = "deletecollection"

    /// What it takes, in the place's namespace.
    var access: Access.Verb {
        switch self {
        case .get, .list, .watch: .view
        case .create, .update, .patch: .run
        case .delete, .deleteCollection: .administer
        }
    }
}

extension Place {
    /// What the method means here; nil: it isn't allowed.
    func verb(_ method: String) -> Verb? {
        switch (self, method) {
        case (.unknownResource, _), (.nowhere, _): nil
        case (.review, "POST"): .create
        case (.review, _): nil
        case (.watch, "GET"): .watch
        case (.watch, _): nil
        case (.collection, "GET"): .list
        // An object belongs to one namespace.
        case (.collection(let resource, nil), _) where resource.isNamespaced: nil
        case (.collection, "POST"): .create
        case (.collection(let resource, _), "DELETE") where resource.isNamespaced: .deleteCollection
        case (.object, "PUT"): .update
        case (.object, "PATCH"): .patch
        case (.object, "DELETE"): .delete
        case (.collection, _): nil
        case (_, "GET"): .get
        default: nil
        }
    }

    /// What the verb takes. Discovery, schemas and questions about oneself are the daemon's as a whole: any identity
    /// may. A method that isn't allowed is told only to whoever may read.
    func access(_ method: String) -> Access {
        let verb = verb(method) ?? .get
        switch self {
        case .collection(_, let namespace?), .object(_, let namespace?, _), .watch(_, let namespace?, _):
            return Access(verb.access, namespace: namespace)
        case .object(.namespaces, nil, let name): return Access(verb.access, namespace: name)
        case .watch(.namespaces, nil, let name?): return Access(verb.access, namespace: name)
        case .collection, .watch: return Access(verb.access, namespace: Access.everyNamespace)
        default: return Access(.view, namespace: nil)
        }
    }
}
