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
        for item in value?.array ?? [] {
            let element: String
            switch kind {
            case .atomic: continue
            case .set: element = Node.value(item)
            case .keyed(let key): element = Node.key(key, item[key] ?? .null)
            }
            if !entries.contains(where: { $0.element == element }) { entries.append((element, item)) }
        }
        return entries
    }
}

/// In which fields one object differs from another.
struct Comparison {
    var added = FieldSet()
    var modified = FieldSet()
    var removed = FieldSet()

    var isEmpty: Bool { added.isEmpty && modified.isEmpty && removed.isEmpty }
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
        case .map:
            self.init(
                from: (old?.members ?? []).map { ("f:" + $0.name, $0.value) },
                to: (new?.members ?? []).map { ("f:" + $0.name, $0.value) }, .string)
        case .list(let element, let kind):
            self.init(from: FieldSet.entries(old, kind), to: FieldSet.entries(new, kind), element)
        default: self.init()
        }
    }

    private init(
        from old: [(element: String, value: JSON)], to new: [(element: String, value: JSON)], _ shape: Shape
    ) {
        let before = Dictionary(old, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(new, uniquingKeysWith: { first, _ in first })
        for element in Set(before.keys).union(after.keys).sorted() {
            compare(element, before[element], after[element], shape)
        }
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
