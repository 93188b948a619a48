import JSON

/// Lists in a strategic merge patch: entries are told by a key, or are texts in a set. A list of neither
/// kind is replaced.
enum StrategicLists {
    static func merged(_ live: [JSON], _ patch: [JSON], _ shape: Shape?) throws(Refusal) -> [JSON] {
        guard case .list(let element, let kind)? = shape else { return patch.map(StrategicMerge.cleaned) }
        switch kind {
        case .atomic: return patch.map(StrategicMerge.cleaned)
        case .set:
            var items = live
            for item in patch where !items.contains(item) { items.append(item) }
            return ordered(items, by: patch, live: live, shape)
        case .keyed(let key): return try merged(live, patch, element, key, shape)
        }
    }

    private static func merged(
        _ live: [JSON], _ patch: [JSON], _ element: Shape, _ key: String, _ shape: Shape?
    ) throws(Refusal) -> [JSON] {
        // An entry that says so replaces the list by the others of the patch.
        if patch.contains(where: { StrategicMerge.directive($0) == "replace" }) {
            return patch.filter { StrategicMerge.directive($0) == nil }.map(StrategicMerge.cleaned)
        }
        var items = live
        var named: [JSON] = []
        for entry in patch {
            guard let value = entry[key] else {
                throw .unexpected("map: \(Go.printed(entry)) does not contain declared merge key: \(key)")
            }
            let index = items.firstIndex { $0[key] == value }
            switch StrategicMerge.directive(entry) {
            case "delete": if let index { items.remove(at: index) }
            case nil, "merge":
                named.append(entry)
                if let index {
                    items[index] = try StrategicMerge.mergedEntry(items[index], entry, element)
                } else {
                    items.append(StrategicMerge.cleaned(entry))
                }
            case let directive?:
                throw .unexpected("unknown patch type: \(directive) in map: \(Go.printed(entry))")
            }
        }
        return ordered(items, by: named, live: live, shape)
    }

    /// The entries that the patch names, in its order, and the others where they stood among them: each
    /// before the first one that it stood before. One of which that can't be told goes behind.
    static func ordered(_ items: [JSON], by order: [JSON], live: [JSON], _ shape: Shape?) -> [JSON] {
        func place(_ item: JSON, _ list: [JSON]) -> Int? {
            guard case .list(_, .keyed(let key))? = shape else { return list.firstIndex(of: item) }
            return list.firstIndex { $0[key] == item[key] }
        }
        var named = items.filter { place($0, order) != nil }[...]
        named.sort { place($0, order)! < place($1, order)! }
        var others = items.filter { place($0, order) == nil }[...]
        var result: [JSON] = []
        while let other = others.first, let next = named.first {
            if let mine = place(other, live), let theirs = place(next, live), mine < theirs {
                result.append(others.removeFirst())
            } else {
                result.append(named.removeFirst())
            }
        }
        return result + others + named
    }

    /// What a patch adds has to stand in the order that it sets, and in that order.
    static func check(_ patch: [JSON], isIn order: [JSON], _ shape: Shape?) throws(Refusal) {
        var key: String?
        if case .list(_, .keyed(let name))? = shape { key = name }
        func name(_ item: JSON) -> JSON { key.flatMap { item[$0] } ?? item }
        var rest = order.map(name)[...]
        for item in patch where StrategicMerge.directive(item) == nil {
            guard let index = rest.firstIndex(of: name(item)) else {
                throw .unexpected(
                    "The order in patch list:\n\(Go.printed(.array(patch)))\n doesn't match $setElementOrder "
                        + "list:\n\(Go.printed(.array(order)))\n")
            }
            rest = rest[(index + 1)...]
        }
    }
}
