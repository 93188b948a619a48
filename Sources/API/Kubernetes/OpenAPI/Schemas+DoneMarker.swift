extension Schemas {
    static let doneMarker: [Schema] =
        kind(
            .doneMarkers, "The record that a piece of work ended. It doesn't change.",
            [
                .init("spec", .schema(baton + "DoneMarkerSpec"), "What the work came to."),
                .init("status", .schema(baton + "DoneMarkerStatus"), "The same, as conditions to wait for."),
            ]) + [spec, artifact, markerStatus, condition]

    private static let spec = Schema(
        name: baton + "DoneMarkerSpec", description: "The facts of a piece of work that ended.",
        body: .object(
            [
                .init("artifacts", .array(.schema(baton + "Artifact")), "What the work made."),
                .init("attempt", .int32, "The try that ended the work."),
                .init("endTime", .schema("io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime"), "When it ended."),
                .init(
                    "fencingToken", .int64, "The token of the hold that ended it; none without an election."),
                .init("holderIdentity", .string, "Who completed it, or who put the marker."),
                .init("info", .map, "Facts for people, such as the URL of the run."),
                .init("inputsDigest", .string, "The digest of the inputs of the work."),
                .init("outcome", .string, "Succeeded or Failed."),
                .init("principal", .string, "The identity that authenticated."),
                .init("reason", .string, "Why it ended so."),
                .init("result", .map, "What the work has to say to those who waited for it."),
                .init("retentionSeconds", .number, "How long the marker is kept; without it, for good."),
                .init(
                    "startTime", .schema("io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime"),
                    "When the work began."),
            ], required: ["outcome"]))

    private static let artifact = Schema(
        name: baton + "Artifact", description: "A product of the work, by what it weighs and hashes to.",
        body: .object(
            [
                .init("digest", .string, "sha256: and 64 hexadecimal digits."),
                .init("name", .string, "What it is called."),
                .init("size", .int64, "Bytes."),
            ], required: ["name", "digest"]))

    private static let markerStatus = Schema(
        name: baton + "DoneMarkerStatus", description: "The end as conditions.",
        body: .object(
            [
                .init(
                    "conditions", .array(.schema(baton + "Condition")),
                    "Done, which is always true; Succeeded; and Failed.", .map("type"))
            ], required: []))

    private static let condition = Schema(
        name: baton + "Condition", description: "Something that is so, or not.",
        body: .object(
            [
                .init(
                    "lastTransitionTime", .schema("io.k8s.apimachinery.pkg.apis.meta.v1.Time"),
                    "Since when it is so."),
                .init("message", .string, "For people."),
                .init("reason", .string, "For programs: Succeeded or Failed."),
                .init("status", .string, "True or False."),
                .init("type", .string, "Done, Succeeded or Failed."),
            ], required: ["type", "status"]))
}
