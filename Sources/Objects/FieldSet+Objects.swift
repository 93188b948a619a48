import JSON

/// Which fields an object has, and in which two objects differ.
extension FieldSet {
    /// The fields that an applied configuration names: its leaves, and containers only if they are empty.
    static func named(in object: JSON, _ structure: Structure) -> FieldSet {
        var set = FieldSet()
        for field in structure.owned {
            guard let value = object[field.name] else { continue }
            set.append(node(field.element, value, field.shape, isEntry: false, isOwned: field.isOwned))
        }
        return set
    }

    /// - Parameter isEntry: of a map or a list; those are named themselves.
    private static func node(
        _ element: String, _ value: JSON, _ shape: Shape, isEntry: Bool, isOwned: Bool = true
    ) -> Node {
        if shape.isLeaf { return Node(element) }
        let below = named(in: value, shape)
        return Node(element, isMember: (isEntry || below.isEmpty) && isOwned, below: below)
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

    /// All fields that a value has, containers among them.
    fileprivate static func all(in value: JSON, _ shape: Shape) -> FieldSet {
        if shape.isLeaf { return FieldSet() }
        switch shape {
        case .object(let structure):
            var set = FieldSet()
            for field in structure.owned {
                guard let value = value[field.name] else { continue }
                set.append(
                    Node(field.element, isMember: field.isOwned, below: all(in: value, field.shape)))
            }
            return set
        case .map: return sorting((value.members ?? []).map { Node("f:" + $0.name) })
        case .list(let element, let kind):
            return sorting(entries(value, kind).map { Node($0.element, below: all(in: $0.value, element)) })
        default: return FieldSet()
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
        let (old, new) = (old?.members ?? [], new?.members ?? [])
        if old.isEmpty { added.reserveCapacity(new.count) }
        for field in structure.owned {
            let (before, after) = (old.index(of: field.name), new.index(of: field.name))
            if before == nil, after == nil { continue }
            compare(
                field.element, before.map { old[$0].value }, after.map { new[$0].value }, field.shape,
                isOwned: field.isOwned)
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

    private mutating func compare(
        _ element: String, _ old: JSON?, _ new: JSON?, _ shape: Shape, isOwned: Bool = true
    ) {
        func whole(_ value: JSON) -> FieldSet.Node {
            FieldSet.Node(element, isMember: isOwned, below: FieldSet.all(in: value, shape))
        }
        switch (old, new) {
        case (nil, nil): return
        case (nil, let new?): added.append(whole(new))
        case (let old?, nil): removed.append(whole(old))
        case (let old?, let new?):
            guard old != new else { return }
            guard !shape.isLeaf else { return modified.append(FieldSet.Node(element)) }
            let below = Comparison(from: old, to: new, shape)
            added.append(FieldSet.Node(element, isMember: false, below: below.added))
            removed.append(FieldSet.Node(element, isMember: false, below: below.removed))
            modified.append(FieldSet.Node(element, isMember: false, below: below.modified))
        }
    }
}
