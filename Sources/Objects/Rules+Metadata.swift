import JSON

/// What may be in `metadata`. The order is that in which a real server tells it.
enum MetadataRules {
    /// All annotations together, names and values, in bytes.
    static let annotationBytesMax = 262_144

    /// Of a new object, after its name was generated.
    static func creation(_ object: JSON, _ kind: ObjectKind) -> [Refusal.Cause] {
        let rule = kind.isNamespaced ? Names.subdomain : Names.label
        var faults: [Refusal.Cause] = []
        let base = object.metadata("generateName")
        if !base.isEmpty { faults += complaints(rule(masked(base)), "generateName", base) }
        let name = object.metadata("name")
        if name.isEmpty {
            faults.append(.required("metadata.name", "name or generateName is required"))
        } else {
            faults += complaints(rule(name), "name", name)
        }
        if !kind.isNamespaced, !object.metadata("namespace").isEmpty {
            faults.append(.forbidden("metadata.namespace", "not allowed on this type"))
        }
        if let generation = object.metadata["generation"], generation.integer ?? 0 < 0 {
            faults.append(
                .invalid("metadata.generation", generation, "must be greater than or equal to 0"))
        }
        return faults + common(object)
    }

    /// The dash at the end of a base is not the end of the name.
    private static func masked(_ base: String) -> String {
        base.count > 1 && base.hasSuffix("-") ? base.dropLast(2) + "a" : base
    }

    /// Of a change.
    static func update(_ object: JSON, from live: JSON) -> [Refusal.Cause] {
        var faults: [Refusal.Cause] = []
        if live.metadata["deletionTimestamp"] != nil {
            let old = live.metadataList("finalizers")
            let extra = Set(object.metadataList("finalizers")).subtracting(old).sorted()
            if !extra.isEmpty {
                faults.append(
                    .forbidden(
                        "metadata.finalizers",
                        "no new finalizers can be added if the object is being deleted, found new finalizers "
                            + "[]string{\(extra.map(Go.quoted).joined(separator: ", "))}"))
            }
        }
        let generation = object.metadata["generation"]?.integer ?? 0
        if generation < live.metadata["generation"]?.integer ?? 0 {
            faults.append(.invalid("metadata.generation", .number(generation), "must not be decremented"))
        }
        for name in ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] {
            let value = object.metadata[name]
            if value != live.metadata[name] {
                faults.append(.invalid("metadata.\(name)", value ?? .null, "field is immutable"))
            }
        }
        return faults + common(object)
    }

    private static func common(_ object: JSON) -> [Refusal.Cause] {
        let metadata = object.metadata
        return labels(metadata["labels"]?.members ?? [])
            + annotations(metadata["annotations"]?.members ?? [])
            + owners(metadata["ownerReferences"]) + finalizers(metadata["finalizers"])
    }

    private static func complaints(_ texts: [String], _ field: String, _ value: String) -> [Refusal.Cause] {
        texts.map { .invalid("metadata.\(field)", .string(value), $0) }
    }

    private static func labels(_ labels: [JSONMember]) -> [Refusal.Cause] {
        labels.flatMap { label in
            let value = label.value.string ?? ""
            return complaints(Names.qualified(label.name), "labels", label.name)
                + complaints(Names.labelValue(value), "labels", value)
        }
    }

    private static func annotations(_ annotations: [JSONMember]) -> [Refusal.Cause] {
        var bytes = 0
        var faults: [Refusal.Cause] = []
        for annotation in annotations {
            bytes += annotation.name.utf8.count + (annotation.value.string?.utf8.count ?? 0)
            guard !Names.qualified(annotation.name).isEmpty else { continue }
            // Upper case is right here, in the part before the slash as well.
            faults += complaints(
                Names.qualified(annotation.name.lowercased()), "annotations", annotation.name)
        }
        if bytes > annotationBytesMax {
            faults.append(.tooLong("metadata.annotations", bytesMax: annotationBytesMax))
        }
        return faults
    }

    private static func owners(_ owners: JSON?) -> [Refusal.Cause] {
        var faults: [Refusal.Cause] = []
        var controller: String?
        for owner in owners?.array ?? [] {
            faults += self.owner(owner)
            guard owner["controller"]?.bool == true else { continue }
            let name = "\(owner["kind"]?.string ?? "")/\(owner["name"]?.string ?? "")"
            if let controller {
                faults.append(
                    .invalid(
                        "metadata.ownerReferences", owners!,
                        "Only one reference can have Controller set to true. Found \"true\" in references for "
                            + "\(controller) and \(name)"))
            } else {
                controller = name
            }
        }
        return faults
    }

    private static func owner(_ owner: JSON) -> [Refusal.Cause] {
        var faults: [Refusal.Cause] = []
        func text(_ name: String) -> String { owner[name]?.string ?? "" }
        let version = text("apiVersion").split(separator: "/", omittingEmptySubsequences: false)
        if version.count > 2 || version.last?.isEmpty ?? true {
            faults.append(
                .invalid(
                    "metadata.ownerReferences.apiVersion", .string(text("apiVersion")),
                    "version must not be empty"))
        }
        for name in ["kind", "name", "uid"] where text(name).isEmpty {
            faults.append(.invalid("metadata.ownerReferences.\(name)", .string(""), "must not be empty"))
        }
        if text("apiVersion") == "v1", text("kind") == "Event" {
            faults.append(
                .invalid(
                    "metadata.ownerReferences", owner, "/v1, Kind=Event is disallowed from being an owner"))
        }
        return faults
    }

    private static func finalizers(_ finalizers: JSON?) -> [Refusal.Cause] {
        let names = finalizers?.array?.compactMap(\.string) ?? []
        var faults = names.flatMap { complaints(Names.qualified($0), "finalizers", $0) }
        if names.contains(Finalizer.orphan), names.contains(Finalizer.foreground) {
            faults.append(
                .invalid(
                    "metadata.finalizers", finalizers!,
                    "finalizer \(Finalizer.orphan) and \(Finalizer.foreground) cannot be both set"))
        }
        return faults
    }
}

/// Finalizers that a delete itself sets.
enum Finalizer {
    static let orphan = "orphan"
    static let foreground = "foregroundDeletion"
}
