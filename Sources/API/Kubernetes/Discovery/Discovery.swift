import JSON

/// What there is: groups, versions and resources, one document at a time.
enum Discovery {
    /// The version of Kubernetes whose answers are the reference.
    private static let minor = 36

    /// GET /version. Clients compare the minor version with their own; Baton's stands behind the plus sign.
    static func version(_ version: String) -> JSON {
        [
            "major": "1", "minor": "\(minor)", "gitVersion": "v1.\(minor).0+baton.\(version)",
            "gitCommit": "",
            "gitTreeState": "", "buildDate": "", "goVersion": "", "compiler": "swift",
            "platform": "linux/\(machine)",
        ]
    }

    private static var machine: String {
        #if arch(arm64)
            "arm64"
        #else
            "amd64"
        #endif
    }

    /// GET /api. What other addresses there are isn't known.
    static let coreVersions: JSON = [
        "kind": "APIVersions", "versions": [.string(GroupVersion.core.version)],
        "serverAddressByClientCIDRs": [],
    ]

    /// GET /apis.
    static let groups: JSON = [
        "kind": "APIGroupList", "apiVersion": "v1", "groups": .array(GroupVersion.named.map(versions)),
    ]

    static func group(_ groupVersion: GroupVersion) -> JSON {
        guard case .object(let members) = versions(of: groupVersion) else { return [:] }
        return .object([JSONMember("kind", "APIGroup"), JSONMember("apiVersion", "v1")] + members)
    }

    private static func versions(of groupVersion: GroupVersion) -> JSON {
        let version: JSON = [
            "groupVersion": .string(groupVersion.text), "version": .string(groupVersion.version),
        ]
        return ["name": .string(groupVersion.group), "versions": [version], "preferredVersion": version]
    }

    /// GET /api/v1 and /apis/GROUP/VERSION.
    static func resources(of groupVersion: GroupVersion) -> JSON {
        let list: JSON =
            groupVersion == .core
            ? ["kind": "APIResourceList"] : ["kind": "APIResourceList", "apiVersion": "v1"]
        return list.with("groupVersion", .string(groupVersion.text))
            .with("resources", .array(Resource.of(groupVersion).map(entry)))
    }

    private static func entry(_ resource: Resource) -> JSON {
        let entry: JSON = [
            "name": .string(resource.plural), "singularName": .string(resource.singular),
            "namespaced": .bool(resource.isNamespaced), "kind": .string(resource.kind),
            "verbs": JSON(resource.verbs),
        ]
        return entry.with("shortNames", resource.shortNames.isEmpty ? nil : JSON(resource.shortNames))
            .with("categories", resource.categories.isEmpty ? nil : JSON(resource.categories))
    }
}

/// The same in one document, as clients since 1.26 ask for it.
enum AggregatedDiscovery {
    static let group = "apidiscovery.k8s.io"
    static let kind = "APIGroupDiscoveryList"
    static let versions = ["v2", "v2beta1"]

    static func list(_ groups: [GroupVersion], version: String) -> JSON {
        [
            "kind": .string(kind), "apiVersion": "\(group)/\(version)", "metadata": [:],
            "items": .array(groups.map(item)),
        ]
    }

    private static func item(_ groupVersion: GroupVersion) -> JSON {
        let metadata: JSON = groupVersion == .core ? [:] : ["name": .string(groupVersion.group)]
        let version: JSON = [
            "version": .string(groupVersion.version),
            "resources": .array(Resource.of(groupVersion).map(entry)), "freshness": "Current",
        ]
        return ["metadata": metadata, "versions": [version]]
    }

    private static func entry(_ resource: Resource) -> JSON {
        let entry: JSON = [
            "resource": .string(resource.plural),
            // No group and no version: those of the list it stands in.
            "responseKind": ["group": "", "version": "", "kind": .string(resource.kind)],
            "scope": resource.isNamespaced ? "Namespaced" : "Cluster",
            "singularResource": .string(resource.singular), "verbs": JSON(resource.verbs),
        ]
        return entry.with("shortNames", resource.shortNames.isEmpty ? nil : JSON(resource.shortNames))
            .with("categories", resource.categories.isEmpty ? nil : JSON(resource.categories))
    }
}
