import JSON

/// What clients attach to an object: labels, annotations, owners, finalizers, who manages which field.
///
/// It is stored with the object's record as JSON, of which the core knows nothing: equal bytes are equal
/// metadata. What the daemon itself says of an object (name, uid, version, its own annotations) isn't in it.
struct AttachedMetadata: Hashable, Sendable {
    /// Members of `metadata`, in the order of the reference. None is empty.
    private(set) var members: [JSONMember] = []

    /// What can be attached, in that order.
    private static let names = [
        "generateName", "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "labels",
        "annotations",
        "ownerReferences", "finalizers", "managedFields",
    ]

    init() {}

    /// As it was stored. What isn't JSON is no metadata: nobody but this type writes it.
    init(stored bytes: [UInt8]) {
        guard !bytes.isEmpty, let json = try? JSON(parsing: bytes) else { return }
        members = json.members ?? []
    }

    /// - Parameters:
    ///   - object: the outcome of a write.
    ///   - labels: names of labels that are the daemon's.
    ///   - annotations: names of annotations that are the daemon's.
    init(of object: JSON, without labels: Set<String>, _ annotations: Set<String>) {
        for name in Self.names {
            guard var value = object["metadata"]?[name] else { continue }
            switch name {
            case "labels": value = value.without(labels)
            case "annotations": value = value.without(annotations)
            default: break
            }
            if value.members?.isEmpty ?? value.array?.isEmpty ?? false { continue }
            members.append(JSONMember(name, value))
        }
    }

    /// To be stored: empty if nothing is attached.
    var bytes: [UInt8] {
        guard !members.isEmpty else { return [] }
        var writer = JSONWriter()
        writer.value(.object(members))
        return writer.bytes
    }

    subscript(name: String) -> JSON? { members.first { $0.name == name }?.value }

    var labels: [String: String] { strings("labels") }
    var annotations: [String: String] { strings("annotations") }
    /// Whether it was deleted and waits for its finalizers.
    var isBeingDeleted: Bool { self["deletionTimestamp"] != nil }
    /// Whether something has to be done before the object may go.
    var hasFinalizers: Bool { self["finalizers"] != nil }

    private func strings(_ name: String) -> [String: String] {
        guard let members = self[name]?.members else { return [:] }
        return Dictionary(members.map { ($0.name, $0.value.string ?? "") }) { _, last in last }
    }
}

extension JSON {
    fileprivate func without(_ names: Set<String>) -> JSON {
        guard !names.isEmpty, let members else { return self }
        return .object(members.filter { !names.contains($0.name) })
    }
}
