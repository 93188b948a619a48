import JSON

/// Which fields an object has, and in which two objects differ.
extension FieldSet {
    /// The fields that an applied configuration names: its leaves, and containers only if they are empty.
    static func named(in object: JSON, _ structure: Structure) -> FieldSet {
        var set = FieldSet()
        for field in structure.sorted where field.isOwned || field.name == "metadata" {
            guard let value = object[field.name] else { continue }
            set.append(node(field.element, value, field.shape, isEntry: false))
        }
        return set
    }

    /// - Parameter isEntry: of a map or a list; those are named themselves.
    private static func node(_ element: String, _ value: JSON, _ shape: Shape, isEntry: Bool) -> Node {
        if shape.isLeaf { return Node(element) }
        let below = named(in: value, shape)
        // Of the metadata itself nobody is the owner.
        return Node(element, isMember: (isEntry || below.isEmpty) && element != "f:metadata", below: below)
    }

    private static func named(in value: JSON, _ shape: Shape) -> FieldSet {
        switch shape {
        case .object(let structure): named(in: value, structure)
        case .map: sorting((value.members ?? []).map { Node("f:" + $0.name) })
        case .list(let element, let kind):
            sorting(
                entries(value, kind).map { node($0.element, $0.value, element, isEntry: true) })
        default: FieldSet()
        }
    }

    /// The entries of a list or a map, each with the element that it is found by. Of two with the same
    /// element the first one counts.
    static func entries(_ value: JSON?, _ kind: ListKind) -> [(element: String, value: JSON)] {
        var entries: [(element: String, value: JSON)] = []
        var seen: Set<String> = []
        for item in value?.array ?? [] {
            let element: String
            switch kind {
            case .atomic: continue
            case .set: element = Node.value(item)
            case .keyed(let key): element = Node.key(key, item[key] ?? .null)
            }
            if seen.insert(element).inserted { entries.append((element, item)) }
        }
        return entries
    }
}

/// In which fields one object differs from another.
struct Comparison {
    var added = FieldSet()
    var modified = FieldSet()
    var removed = FieldSet()

    /// What somebody has set.
    var written: FieldSet { added.union(modified) }
    var changed: FieldSet { written.union(removed) }

    init() {}

    /// What the server itself keeps in the metadata is left out.
    init(from old: JSON?, to new: JSON?, _ structure: Structure) {
        for field in structure.sorted where field.isOwned || field.name == "metadata" {
            compare(field.element, old?[field.name], new?[field.name], field.shape)
        }
    }

    private init(from old: JSON?, to new: JSON?, _ shape: Shape) {
        switch shape {
        case .object(let structure): self.init(from: old, to: new, structure)
        case .map: self.init(from: Entry.map(old), to: Entry.map(new), of: .string, prefix: "f:")
        case .list(let element, let kind):
            self.init(from: Entry.list(old, kind), to: Entry.list(new, kind), of: element)
        default: self.init()
        }
    }

    /// What a map or a list consists of.
    private struct Entry {
        var name: String
        var value: JSON

        /// By their keys, which are in order.
        static func map(_ map: JSON?) -> [Entry] {
            (map?.members ?? []).map { Entry(name: $0.name, value: $0.value) }
        }

        static func list(_ list: JSON?, _ kind: ListKind) -> [Entry] {
            FieldSet.entries(list, kind).map { Entry(name: $0.element, value: $0.value) }
                .sorted { $0.name < $1.name }
        }
    }

    /// Walks through both side by side.
    private init(from old: [Entry], to new: [Entry], of shape: Shape, prefix: String = "") {
        var old = old[...]
        var new = new[...]
        while let name = Self.least(old.first?.name, new.first?.name) {
            let before = old.first?.name == name ? old.removeFirst().value : nil
            let after = new.first?.name == name ? new.removeFirst().value : nil
            if before != after { compare(prefix + name, before, after, shape) }
        }
    }

    private static func least(_ one: String?, _ other: String?) -> String? {
        guard let one, let other else { return one ?? other }
        return min(one, other)
    }

    private mutating func compare(_ element: String, _ old: JSON?, _ new: JSON?, _ shape: Shape) {
        guard old != nil || new != nil, old != new else { return }
        let below = shape.isLeaf ? Comparison() : Comparison(from: old, to: new, shape)
        let isOwned = element != "f:metadata"
        added.append(FieldSet.Node(element, isMember: old == nil && isOwned, below: below.added))
        removed.append(FieldSet.Node(element, isMember: new == nil && isOwned, below: below.removed))
        let isModified = shape.isLeaf && old != nil && new != nil
        modified.append(FieldSet.Node(element, isMember: isModified, below: below.modified))
    }
}
