extension Structure {
    /// `metadata` of every object.
    static let metadata = Structure(
        "ObjectMeta",
        [
            Field("name", .string, isOwned: false),
            Field("generateName", .string),
            Field("namespace", .string, isOwned: false),
            Field("selfLink", .string, isOwned: false),
            Field("uid", .string, isOwned: false, goType: "types.UID"),
            Field("resourceVersion", .string, isOwned: false),
            Field("generation", .int64, isOwned: false),
            Field("creationTimestamp", .time, isOwned: false),
            Field("deletionTimestamp", .time),
            Field("deletionGracePeriodSeconds", .int64, keepsEmpty: true),
            Field("labels", .map),
            Field("annotations", .map),
            Field("ownerReferences", .list(of: .object(ownerReference), .keyed("uid"))),
            Field("finalizers", .list(of: .string, .set)),
            Field("managedFields", .list(of: .object(managedFields), .atomic), isOwned: false),
        ])

    private static let ownerReference = Structure(
        "OwnerReference", isAtomic: true,
        [
            Field("apiVersion", .string, keepsEmpty: true),
            Field("kind", .string, keepsEmpty: true),
            Field("name", .string, keepsEmpty: true),
            Field("uid", .string, keepsEmpty: true, goType: "types.UID"),
            Field("controller", .bool, keepsEmpty: true),
            Field("blockOwnerDeletion", .bool, keepsEmpty: true),
        ])

    private static let managedFields = Structure(
        "ManagedFieldsEntry",
        [
            Field("manager", .string),
            Field("operation", .string, goType: "v1.ManagedFieldsOperationType"),
            Field("apiVersion", .string),
            Field("time", .time),
            Field("fieldsType", .string),
            Field("fieldsV1", .raw, keepsEmpty: true),
            Field("subresource", .string),
        ])

    /// An object: its type, its metadata and what its kind adds.
    static func object(_ goName: String, required: [String] = [], _ fields: [Field]) -> Structure {
        Structure(
            goName, required: required,
            [
                Field("kind", .string, isOwned: false),
                Field("apiVersion", .string, isOwned: false),
                // Nobody owns the metadata as such.
                Field("metadata", .object(metadata), keepsEmpty: true, isOwned: false),
            ] + fields)
    }
}
