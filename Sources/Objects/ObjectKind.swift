import JSON

/// A kind of objects that can be written, as data: what it is called and what its objects look like.
public final class ObjectKind: Sendable {
    /// "coordination.k8s.io"; "" for the core's.
    public let group: String
    public let version: String
    public let kind: String
    /// As it stands in paths.
    public let plural: String
    public let isNamespaced: Bool
    /// Whether it is one that clusters add. Those tell wrong types per field, and know no strategic merge.
    public let isCustom: Bool
    /// Whether PUT makes an object that isn't there.
    public let isCreatedByUpdate: Bool
    /// Whether PUT may leave out the resource version, and then wins over every other change.
    let isUpdatedUnconditionally: Bool
    /// Versions of the group that a real server has beside this one.
    let otherVersions: [String]
    let structure: Structure
    /// Sets what the kind doesn't take from clients, from the stored object if there is one. Who sent it
    /// owns it all the same.
    let prepare: @Sendable (inout JSON, JSON?) -> Void
    /// What is wrong with a new object's own part, in the order in which it is told.
    let faults: @Sendable (Draft) -> [Refusal.Cause]

    /// `coordination.k8s.io/v1`, or `v1` for the core.
    public let apiVersion: String
    /// `leases.coordination.k8s.io`: as messages call it.
    public let resource: String

    var isNamespace: Bool { self === Self.namespace }

    private init(
        group: String, version: String, kind: String, plural: String, isNamespaced: Bool, isCustom: Bool,
        isCreatedByUpdate: Bool, isUpdatedUnconditionally: Bool, otherVersions: [String],
        structure: Structure,
        prepare: @escaping @Sendable (inout JSON, JSON?) -> Void,
        faults: @escaping @Sendable (Draft) -> [Refusal.Cause]
    ) {
        self.group = group
        self.version = version
        self.kind = kind
        self.plural = plural
        self.isNamespaced = isNamespaced
        self.isCustom = isCustom
        self.isCreatedByUpdate = isCreatedByUpdate
        self.isUpdatedUnconditionally = isUpdatedUnconditionally
        self.otherVersions = otherVersions
        self.structure = structure
        self.prepare = prepare
        self.faults = faults
        apiVersion = group.isEmpty ? version : "\(group)/\(version)"
        resource = group.isEmpty ? plural : "\(plural).\(group)"
    }
}

extension ObjectKind {
    /// All that can be written.
    public static let all = [namespace, lease, doneMarker]

    /// Who leads, and until when.
    public static let lease = ObjectKind(
        group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases", isNamespaced: true,
        isCustom: false, isCreatedByUpdate: true, isUpdatedUnconditionally: false,
        otherVersions: ["v1beta1", "v1alpha2"],
        structure: .object("Lease", [Field("spec", .object(.leaseSpec), keepsEmpty: true)]),
        prepare: LeaseRules.prepare, faults: LeaseRules.faults)

    /// What leases and done markers are in.
    public static let namespace = ObjectKind(
        group: "", version: "v1", kind: "Namespace", plural: "namespaces", isNamespaced: false,
        isCustom: false, isCreatedByUpdate: false, isUpdatedUnconditionally: true, otherVersions: [],
        structure: .object(
            "Namespace",
            [
                Field("spec", .object(.namespaceSpec), keepsEmpty: true),
                Field("status", .object(.namespaceStatus), keepsEmpty: true, isWritable: false),
            ]),
        prepare: NamespaceRules.prepare, faults: { _ in [] })

    /// That a piece of work ended, and how.
    public static let doneMarker = ObjectKind(
        group: "coordination.baton.dev", version: "v1", kind: "DoneMarker", plural: "donemarkers",
        isNamespaced: true, isCustom: true, isCreatedByUpdate: false, isUpdatedUnconditionally: false,
        otherVersions: [],
        structure: .object(
            "DoneMarker", required: ["spec"],
            [
                Field("spec", .object(.doneMarkerSpec), keepsEmpty: true),
                Field("status", .object(.doneMarkerStatus), keepsEmpty: true, isWritable: false),
            ]),
        prepare: DoneMarkerRules.prepare, faults: DoneMarkerRules.faults)
}

extension Structure {
    fileprivate static let leaseSpec = Structure(
        "LeaseSpec",
        [
            Field("holderIdentity", .string, keepsEmpty: true),
            Field("leaseDurationSeconds", .int32, keepsEmpty: true),
            Field("acquireTime", .microTime, keepsEmpty: true),
            Field("renewTime", .microTime, keepsEmpty: true),
            Field("leaseTransitions", .int32, keepsEmpty: true),
            Field("strategy", .string, keepsEmpty: true, goType: "v1.CoordinatedLeaseStrategy"),
            Field("preferredHolder", .string, keepsEmpty: true),
        ])

    fileprivate static let namespaceSpec = Structure(
        "NamespaceSpec", [Field("finalizers", .list(of: .string, .atomic), goType: "[]v1.FinalizerName")])

    fileprivate static let namespaceStatus = Structure(
        "NamespaceStatus", [Field("phase", .string, goType: "v1.NamespacePhase")])

    /// Who completed it, and when, is the server's to say; a client may repeat it from what it read.
    fileprivate static let doneMarkerSpec = Structure(
        "DoneMarkerSpec", required: ["outcome"],
        [
            Field("outcome", .string, keepsEmpty: true),
            Field("reason", .string, keepsEmpty: true),
            Field("result", .map, keepsEmpty: true),
            Field(
                "artifacts",
                .list(
                    of: .object(
                        Structure(
                            "Artifact", required: ["name", "digest"],
                            [
                                Field("name", .string, keepsEmpty: true),
                                Field("digest", .string, keepsEmpty: true),
                                Field("size", .int64, keepsEmpty: true),
                            ])), .atomic), keepsEmpty: true),
            Field("inputsDigest", .string, keepsEmpty: true),
            Field("holderIdentity", .string, keepsEmpty: true),
            Field("principal", .string, keepsEmpty: true),
            Field("fencingToken", .int64, keepsEmpty: true),
            Field("attempt", .int64, keepsEmpty: true),
            Field("info", .map, keepsEmpty: true),
            Field("startTime", .microTime, keepsEmpty: true),
            Field("endTime", .microTime, keepsEmpty: true),
            Field("retentionSeconds", .number, keepsEmpty: true),
        ])

    fileprivate static let doneMarkerStatus = Structure(
        "DoneMarkerStatus",
        [Field("conditions", .list(of: .object(condition), .keyed("type")))])

    private static let condition = Structure(
        "Condition",
        [
            Field("type", .string, keepsEmpty: true),
            Field("status", .string, keepsEmpty: true),
            Field("reason", .string, keepsEmpty: true),
            Field("message", .string, keepsEmpty: true),
            Field("lastTransitionTime", .time, keepsEmpty: true),
        ])
}
