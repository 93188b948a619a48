import JSON

/// How a configuration is merged into an object, by the schema: members and entries one by one, what is
/// atomic as a whole.
enum ApplyMerge {
    static func merged(_ live: JSON, _ configuration: JSON, _ structure: Structure) -> JSON {
        var object = live
        for member in configuration.members ?? [] {
            guard let field = structure.field(member.name) else { continue }
            let value = merged(object[member.name], member.value, field.shape)
            object.put(member.name, value, in: structure)
        }
        return object
    }

    private static func merged(_ live: JSON?, _ configuration: JSON, _ shape: Shape) -> JSON {
        guard let live, !shape.isLeaf else { return configuration }
        switch shape {
        case .object(let structure): return merged(live, configuration, structure)
        case .map:
            var values = Dictionary(
                (live.members ?? []).map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
            for member in configuration.members ?? [] { values[member.name] = member.value }
            return .object(values.sorted { $0.key < $1.key }.map { JSONMember($0.key, $0.value) })
        case .list(let element, let kind):
            var entries = FieldSet.entries(live, kind)
            let places = Dictionary(uniqueKeysWithValues: zip(entries.map(\.element), entries.indices))
            for entry in FieldSet.entries(configuration, kind) {
                if let index = places[entry.element] {
                    entries[index].value = merged(entries[index].value, entry.value, element)
                } else {
                    entries.append(entry)
                }
            }
            return .array(entries.map(\.value))
        default: return configuration
        }
    }

    /// Takes fields away. A container goes if nothing is left in it.
    static func remove(_ fields: FieldSet, from object: inout JSON, _ structure: Structure) {
        for node in fields.nodes {
            guard let field = structure.owned.first(where: { $0.element == node.element }),
                let value = object[field.name]
            else { continue }
            object.put(field.name, remaining(value, node, field.shape), in: structure)
        }
    }

    private static func remaining(_ value: JSON, _ node: FieldSet.Node, _ shape: Shape) -> JSON? {
        if shape.isLeaf { return node.isMember ? nil : value }
        var rest = value
        let gone = Dictionary(uniqueKeysWithValues: node.below.nodes.map { ($0.element, $0) })
        switch shape {
        case .object(let structure): remove(node.below, from: &rest, structure)
        case .map:
            rest = .object((value.members ?? []).filter { gone["f:" + $0.name] == nil })
        case .list(let element, let kind):
            rest = .array(
                FieldSet.entries(value, kind).compactMap { entry in
                    guard let below = gone[entry.element] else { return entry.value }
                    return remaining(entry.value, below, element)
                })
        default: break
        }
        let isEmpty = rest.members?.isEmpty ?? rest.array?.isEmpty ?? false
        return isEmpty && (node.isMember || rest != value) ? nil : rest
    }
}
