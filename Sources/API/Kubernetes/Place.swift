/// A path of this face and what it names. This is the one table of its paths.
enum Place: Hashable {
    /// GET /api: the versions of the core group.
    case coreVersions
    /// GET /apis: all the other groups.
    case groups
    case group(GroupVersion)
    case resources(GroupVersion)
    case version
    case openAPIv2
    /// The index of the documents.
    case openAPIv3
    case openAPIv3Document(GroupVersion)
    /// All of a namespace, or of all namespaces.
    case collection(Resource, namespace: String?)
    case object(Resource, namespace: String?, name: String)
    /// .../watch/...: the old paths of watches, of a collection or of one object.
    case watch(Resource, namespace: String?, name: String?)
    case review(Resource)
    /// A group that is served, but no such version, resource or subresource.
    case unknownResource
    /// Nothing at all.
    case nowhere

    init(path: [String]) {
        var path = path
        // As the reference: one slash more at the end changes nothing.
        if path.count > 1, path.last == "" { path.removeLast() }
        switch path.first {
        case "version" where path.count == 1: self = .version
        case "openapi": self = Self.openAPI(path.dropFirst())
        case "api":
            self = path.count == 1 ? .coreVersions : Self.inGroup([.core], "", path[1], path.dropFirst(2))
        case "apis":
            switch path.count {
            case 1: self = .groups
            case 2: self = Self.group(path[1])
            default:
                self = Self.inGroup(GroupVersion.named, path[1], path[2], path.dropFirst(3))
            }
        default: self = .nowhere
        }
    }

    private static func openAPI(_ rest: ArraySlice<String>) -> Place {
        if rest.elementsEqual(["v2"]) { return .openAPIv2 }
        guard rest.first == "v3" else { return .nowhere }
        if rest.count == 1 { return .openAPIv3 }
        let path = rest.dropFirst().joined(separator: "/")
        let found = ([.core] + GroupVersion.named).first { $0.path == path }
        return found.map { .openAPIv3Document($0) } ?? .nowhere
    }

    private static func group(_ name: String) -> Place {
        GroupVersion.named.first { $0.group == name }.map { .group($0) } ?? .nowhere
    }

    /// - Parameter versions: of every group that it may be.
    private static func inGroup(
        _ versions: [GroupVersion], _ group: String, _ version: String, _ rest: ArraySlice<String>
    ) -> Place {
        guard let found = versions.first(where: { $0.group == group && $0.version == version }) else {
            return versions.contains { $0.group == group } ? .unknownResource : .nowhere
        }
        guard !rest.isEmpty else { return .resources(found) }
        if rest.first == "watch", rest.count > 1 {
            return resource(found, rest.dropFirst())?.watched ?? .unknownResource
        }
        return resource(found, rest) ?? .unknownResource
    }

    /// The same, watched. nil: there is nothing to be watched.
    private var watched: Place? {
        switch self {
        case .collection(let resource, let namespace): .watch(resource, namespace: namespace, name: nil)
        case .object(let resource, let namespace, let name):
            .watch(resource, namespace: namespace, name: name)
        default: nil
        }
    }

    /// What is behind the version.
    private static func resource(_ groupVersion: GroupVersion, _ rest: ArraySlice<String>) -> Place? {
        // A slash that was escaped parts a path as any other.
        guard !rest.contains(where: { $0.utf8.contains(UInt8(ascii: "/")) }) else { return nil }
        func named(_ plural: String, namespaced: Bool) -> Resource? {
            Resource.allCases.first {
                $0.plural == plural && $0.isNamespaced == namespaced && $0.groupVersion == groupVersion
            }
        }
        func at(_ index: Int) -> String { rest[rest.startIndex + index] }
        switch rest.count {
        case 1:
            if let resource = named(at(0), namespaced: true) {
                return .collection(resource, namespace: nil)
            }
            guard let resource = named(at(0), namespaced: false) else { return nil }
            return resource.isReview ? .review(resource) : .collection(resource, namespace: nil)
        case 2:
            guard let resource = named(at(0), namespaced: false), !resource.isReview else { return nil }
            return .object(resource, namespace: nil, name: at(1))
        case 3 where at(0) == "namespaces":
            return named(at(2), namespaced: true).map { .collection($0, namespace: at(1)) }
        case 4 where at(0) == "namespaces":
            return named(at(2), namespaced: true).map {
                .object($0, namespace: at(1), name: at(3))
            }
        default: return nil
        }
    }

    /// Whether what is here can go out in protobuf. Custom resources have no messages.
    var hasProtobuf: Bool {
        switch self {
        case .collection(let resource, _), .object(let resource, _, _), .watch(let resource, _, _):
            resource != .doneMarkers
        case .review: true
        default: false
        }
    }
}
