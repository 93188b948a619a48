/// The schemas of what is served. Field names are those of Kubernetes; what they say is what they mean here.
enum Schemas {
    static let meta = "io.k8s.apimachinery.pkg.apis.meta.v1."
    private static let coordination = "io.k8s.api.coordination.v1."
    private static let core = "io.k8s.api.core.v1."
    static let baton = "dev.baton.coordination.v1."

    static func name(of resource: Resource) -> String {
        switch resource {
        case .namespaces: core + "Namespace"
        case .leases: coordination + "Lease"
        case .doneMarkers: baton + "DoneMarker"
        case .selfSubjectAccessReviews, .selfSubjectRulesReviews:
            "io.k8s.api.authorization.v1." + resource.kind
        case .selfSubjectReviews: "io.k8s.api.authentication.v1." + resource.kind
        }
    }

    /// Those of a document: of its kinds, and of what all kinds share.
    static func of(_ groupVersion: GroupVersion) -> [Schema] {
        switch groupVersion {
        case .core: namespace + common
        case .coordination: lease + common
        case .baton: doneMarker + common
        default: []
        }
    }

    static var all: [Schema] { namespace + lease + doneMarker + common }

    private static let typeFields = [
        Schema.Field("apiVersion", .string, "The group and version of this kind."),
        Schema.Field("kind", .string, "The kind of the object."),
    ]

    /// A kind and its list.
    static func kind(
        _ resource: Resource, _ description: String, _ fields: [Schema.Field]
    ) -> [Schema] {
        let name = name(of: resource)
        let metadata = Schema.Field("metadata", .schema(meta + "ObjectMeta"), "Name, identity and version.")
        let items = Schema.Field("items", .array(.schema(name)), "The objects.")
        let head = Schema.Field("metadata", .schema(meta + "ListMeta"), "Its version, and how it goes on.")
        return [
            Schema(
                name: name, description: description,
                body: .object(typeFields + [metadata] + fields, required: []), kinds: [.init(resource)]),
            Schema(
                name: name + "List", description: "A list of objects of the kind \(resource.kind).",
                body: .object(typeFields + [head, items], required: ["items"]),
                kinds: [.init(resource, list: true)]),
        ]
    }

    // MARK: Kinds of Kubernetes

    private static let namespace: [Schema] =
        kind(
            .namespaces,
            "A namespace, in which names are unique. It is there while it has a lease or a done marker.",
            [
                .init("spec", .schema(core + "NamespaceSpec"), "What holds it back from being deleted."),
                .init("status", .schema(core + "NamespaceStatus"), "Whether it is in use."),
            ]) + [
            Schema(
                name: core + "NamespaceSpec", description: "The spec of a namespace.",
                body: .object(
                    [.init("finalizers", .array(.string), "Always kubernetes.", .atomic)], required: [])),
            Schema(
                name: core + "NamespaceStatus", description: "The status of a namespace.",
                body: .object([.init("phase", .string, "Always Active.")], required: [])),
        ]

    private static let lease: [Schema] =
        kind(
            .leases, "A lease: the right to do something, of which one holder at a time has it.",
            [.init("spec", .schema(coordination + "LeaseSpec"), "Who holds it, and for how long.")]) + [
            Schema(
                name: coordination + "LeaseSpec", description: "The state of a lease.",
                body: .object(
                    [
                        .init("acquireTime", .schema(meta + "MicroTime"), "When the present hold began."),
                        .init("holderIdentity", .string, "Who holds the lease. Without it, nobody does."),
                        .init(
                            "leaseDurationSeconds", .int32,
                            "How long the hold lasts beyond a renewal, in seconds, rounded up."),
                        .init("leaseTransitions", .int32, "How often the lease went to a holder."),
                        .init(
                            "preferredHolder", .string,
                            "Who is asked to hold the lease. It means nothing to the daemon, and is kept."),
                        .init(
                            "renewTime", .schema(meta + "MicroTime"),
                            "The latest renewal that is part of this version. A hold of /v1 is renewed without a new "
                                + "version: that renewTime is in the past doesn't say that the hold is over."),
                        .init(
                            "strategy", .string,
                            "How clients choose the holder. It means nothing to the daemon, and is kept."),
                    ], required: []))
        ]
}
