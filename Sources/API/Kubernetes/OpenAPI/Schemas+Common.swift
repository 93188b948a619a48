/// What all kinds share: metadata, and what operations send and answer.
extension Schemas {
    static let deleteOptions = meta + "DeleteOptions"
    static let patch = meta + "Patch"
    static let status = meta + "Status"

    static let common =
        [
            Schema(
                name: meta + "ObjectMeta",
                description: "What every object has: its name, its identity and its version.",
                body: .object(metadata, required: [])),
            Schema(
                name: meta + "ListMeta", description: "Of which version a list is, and how it goes on.",
                body: .object(
                    [
                        .init(
                            "continue", .string, "Sent back with the next request, it asks for the next part."
                        ), .init("remainingItemCount", .int64, "How many objects follow in the next parts."),
                        .init("resourceVersion", .string, "The revision that the list is of."),
                    ], required: [])),
            Schema(
                name: meta + "Time", description: "A moment, in RFC 3339.", body: .text(format: "date-time")),
            Schema(
                name: meta + "MicroTime", description: "A moment, in RFC 3339 with six decimals.",
                body: .text(format: "date-time")),
        ] + attached + sent + answered

    private static let metadata: [Schema.Field] = [
        .init(
            "annotations", .map,
            "What is told of the object beyond its spec. Baton's begin with coordination.baton.dev/."),
        .init("creationTimestamp", .schema(meta + "Time"), "When the object was created."),
        .init("deletionGracePeriodSeconds", .int64, "Nothing is waited for: 0, once it is being deleted."),
        .init(
            "deletionTimestamp", .schema(meta + "Time"), "When it was deleted; it waits for its finalizers."),
        .init("finalizers", .array(.string), "What has to be done before the object may go.", .set),
        .init("generateName", .string, "What a name begins with that the server makes up."),
        .init("generation", .int64, "How often the spec changed."),
        .init("labels", .map, "By which objects can be selected."),
        .init(
            "managedFields", .array(.schema(meta + "ManagedFieldsEntry")), "Who wrote which field.", .atomic),
        .init("name", .string, "Unique among the objects of a kind in a namespace."),
        .init("namespace", .string, "The namespace that the name is unique in."),
        .init(
            "ownerReferences", .array(.schema(meta + "OwnerReference")),
            "Objects that this one belongs to. Nobody collects it when they are gone.", .map("uid")),
        .init(
            "resourceVersion", .string,
            "The revision of the latest change. It grows with every change that the daemon makes durable."),
        .init("selfLink", .string, "Nobody sets it any more."),
        .init("uid", .string, "Another one for each creation of a name."),
    ]

    private static let attached = [
        Schema(
            name: meta + "FieldsV1", description: "A set of fields, as server-side apply writes it.",
            body: .object([], required: [])),
        Schema(
            name: meta + "ManagedFieldsEntry", description: "Fields, and who wrote them.",
            body: .object(
                [
                    .init("apiVersion", .string, "The version in which the fields are named."),
                    .init("fieldsType", .string, "Always FieldsV1."),
                    .init("fieldsV1", .schema(meta + "FieldsV1"), "The fields."),
                    .init("manager", .string, "Who wrote them."),
                    .init("operation", .string, "Apply or Update."),
                    .init("subresource", .string, "Where they were written, if not in the object itself."),
                    .init("time", .schema(meta + "Time"), "When they were last written."),
                ], required: [])),
        Schema(
            name: meta + "OwnerReference", description: "An object that owns another one.",
            body: .object(
                [
                    .init("apiVersion", .string, "The owner's group and version."),
                    .init("blockOwnerDeletion", .boolean, "Whether the owner waits for what it owns."),
                    .init("controller", .boolean, "Whether it is the one that controls."),
                    .init("kind", .string, "The owner's kind."), .init("name", .string, "The owner's name."),
                    .init("uid", .string, "The owner's uid."),
                ], required: ["apiVersion", "kind", "name", "uid"])),
    ]

    private static let sent = [
        Schema(
            name: deleteOptions, description: "How to delete.",
            body: .object(
                [
                    .init("apiVersion", .string, "Of any group."),
                    .init("dryRun", .array(.string), "All: nothing is deleted.", .atomic),
                    .init("gracePeriodSeconds", .int64, "It is read, and nothing is waited for."),
                    .init("kind", .string, "DeleteOptions."),
                    .init("orphanDependents", .boolean, "An older word for the propagation policies."),
                    .init("preconditions", .schema(meta + "Preconditions"), "What has to be so."),
                    .init("propagationPolicy", .string, "Orphan, Background or Foreground."),
                ], required: [])),
        Schema(
            name: meta + "Preconditions", description: "What has to be so for an object to be deleted.",
            body: .object(
                [
                    .init("resourceVersion", .string, "That it is in this version."),
                    .init("uid", .string, "That it has this uid."),
                ], required: [])),
        Schema(
            name: patch, description: "A patch, of the kind that its media type says.",
            body: .object([], required: [])),
    ]

    private static let answered = [
        Schema(
            name: status, description: "What came of a request that isn't answered with an object.",
            body: .object(
                [
                    .init("apiVersion", .string, "v1."), .init("code", .int32, "The status code of HTTP."),
                    .init("details", .anyObject, "What it is about, and the causes."),
                    .init("kind", .string, "Status."), .init("message", .string, "For people."),
                    .init("metadata", .schema(meta + "ListMeta"), "Nearly always empty."),
                    .init("reason", .string, "For programs: NotFound, Conflict and such."),
                    .init("status", .string, "Success or Failure."),
                ], required: []))
    ]
}
