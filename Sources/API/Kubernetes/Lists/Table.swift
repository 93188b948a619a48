import Coordination
import JSON
import Objects

/// Columns and rows, as `kubectl get` prints them.
struct Column: Hashable, Sendable {
    var name: String
    var type: String
    var format = ""
    var description: String
    /// 0: always shown; 1: in the wide form.
    var priority = 0
}

extension Resource {
    private static let name = Column(
        name: "Name", type: "string", format: "name",
        description:
            "Name must be unique within a namespace. Is required when creating resources, although some "
            + "resources may allow a client to request the generation of an appropriate name automatically. Name is "
            + "primarily intended for creation idempotence and configuration definition. Cannot be updated. More "
            + "info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names")

    private static let age = Column(
        name: "Age", type: "string",
        description:
            "CreationTimestamp is a timestamp representing the server time when this object was created. "
            + "It is not guaranteed to be set in happens-before order across separate operations. Clients may not "
            + "set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. "
            + "Read-only. Null for lists. More info: "
            + "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata")

    private static let holder = Column(
        name: "Holder", type: "string",
        description:
            "holderIdentity contains the identity of the holder of a current lease. If Coordinated Leader "
            + "Election is used, the holder identity must be equal to the elected LeaseCandidate.metadata.name field."
    )

    private static let markerColumns = [
        name,
        Column(name: "Outcome", type: "string", description: "How the work ended: Succeeded or Failed."),
        Column(name: "Holder", type: "string", description: "Who completed the work, or put the marker."),
        age,
        Column(
            name: "Attempt", type: "integer", description: "The try of the work that ended it.", priority: 1),
        Column(name: "Reason", type: "string", description: "Why the work ended so.", priority: 1),
        Column(
            name: "Inputs", type: "string", description: "The digest of the inputs of the work.", priority: 1),
    ]

    var columns: [Column] {
        switch self {
        case .leases: [Self.name, Self.holder, Self.age]
        case .namespaces:
            [
                Self.name,
                Column(name: "Status", type: "string", description: "The status of the namespace"), Self.age,
            ]
        default: Self.markerColumns
        }
    }
}

extension KubernetesObject {
    /// One for each column.
    func cells(at now: Timestamp) -> [JSON] {
        let name = JSON.string(metadata.name)
        let age = JSON.string(metadata.created.map { Age.text(of: $0, at: now) } ?? "<unknown>")
        switch content {
        case .lease(let spec): return [name, .string(spec.holder ?? ""), age]
        case .namespace: return [name, .string(phase!), age]
        case .doneMarker(let marker):
            return [
                name, .string(marker.finding.outcome.word), .string(marker.holder), age,
                .number(JSONNumber(Int64(marker.attempt))), .string(marker.finding.reason ?? ""),
                .string(marker.inputsDigest ?? ""),
            ]
        }
    }
}

/// What a row carries beside its cells.
public enum IncludedObject: String, Hashable, Sendable {
    case metadata = "Metadata"
    case object = "Object"
    case none = "None"

    init(_ text: String) throws(Status) {
        guard let found = text.isEmpty ? .metadata : IncludedObject(rawValue: text) else {
            throw .badRequest(
                "Unable to convert to Table as requested: includeObject: Invalid value: \(Go.quoted(text)): must be "
                    + "'Metadata', 'Object', 'None', or empty")
        }
        self = found
    }
}

enum TableText {
    static func columns(of resource: Resource) -> JSON {
        .array(
            resource.columns.map {
                [
                    "name": .string($0.name), "type": .string($0.type), "format": .string($0.format),
                    "description": .string($0.description), "priority": .number(Int64($0.priority)),
                ]
            })
    }

    static func row(
        _ object: KubernetesObject, _ included: IncludedObject, version: String, at now: Timestamp,
        to writer: inout JSONWriter
    ) {
        writer.object { writer in
            writer.name("cells")
            writer.array(object.cells(at: now)) { $0.value($1) }
            switch included {
            case .none: writer.null("object")
            case .metadata: writer.member("object") { object.writePartial(to: &$0, version: version) }
            case .object: writer.member("object") { object.write(to: &$0, isTyped: true) }
            }
        }
    }
}
