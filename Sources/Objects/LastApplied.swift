import JSON

/// The annotation in which `kubectl apply` keeps what it applied before there was server-side apply. For
/// the manager `kubectl` a real server lets the one pass into the other: conflicts about fields that the
/// annotation names are none, and the annotation follows what is applied.
enum LastApplied {
    static let manager = "kubectl"
    static let annotation = "kubectl.kubernetes.io/last-applied-configuration"

    private static func annotation(of object: JSON) -> String? {
        object.metadata["annotations"]?[annotation]?.string
    }

    /// The fields that the annotation names and that still have its values.
    static func fields(of live: JSON, _ kind: ObjectKind) -> FieldSet {
        guard let text = annotation(of: live), let applied = try? JSON(parsing: Array(text.utf8)),
            applied["apiVersion"]?.string == kind.apiVersion, let read = try? kind.read(applied)
        else { return FieldSet() }
        let differing = Comparison(from: live, to: read.object, kind.structure).changed
        return FieldSet.named(in: read.object, kind.structure).subtracting(differing)
    }

    /// The annotation as it is after the manager applied a configuration.
    static func synchronized(
        _ object: JSON, with configuration: JSON, by manager: String, _ kind: ObjectKind
    ) -> JSON {
        guard manager == Self.manager, annotation(of: object) != nil else { return object }
        var object = object
        var applied = configuration
        applied.change("metadata", in: kind.structure) { metadata in
            guard var annotations = metadata["annotations"]?.members else { return }
            annotations.removeAll { $0.name == annotation }
            metadata.put("annotations", annotations.isEmpty ? nil : .object(annotations), in: .metadata)
        }
        object.change("metadata", in: kind.structure) { metadata in
            var annotations = metadata["annotations"]?.members ?? []
            let text = applied.sorted.text + "\n"
            if let index = annotations.index(of: annotation) { annotations[index].value = .string(text) }
            let bytes = annotations.reduce(0) { $0 + $1.name.utf8.count + ($1.value.string?.utf8.count ?? 0) }
            // One that would be too long is left out, not the apply.
            if bytes > MetadataRules.annotationBytesMax { annotations.removeAll { $0.name == annotation } }
            metadata.put("annotations", .object(annotations), in: .metadata)
        }
        return object
    }
}

extension JSON {
    /// Members in the order of their names, at every level: as Go writes maps.
    var sorted: JSON {
        switch self {
        case .object(let members):
            .object(
                members.map { JSONMember($0.name, $0.value.sorted) }.sorted { $0.name < $1.name })
        case .array(let items): .array(items.map(\.sorted))
        default: self
        }
    }
}
