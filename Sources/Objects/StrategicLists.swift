import JSON

/// Lists in a strategic merge patch: entries are told by a key, or are texts in a set. A list of neither
/// kind is replaced.
enum StrategicLists {
    static func merged(_ live: [JSON], _ patch: [JSON], _ shape: Shape?) throws(Refusal) -> [JSON] {
        guard case .list(let element, let kind)? = shape else { return patch.map(StrategicMerge.cleaned) }
        switch kind {
        case .atomic: return patch.map(StrategicMerge.cleaned)
        case .set:
            let known = Set(live)
            let items = live + unique(patch).filter { !known.contains($0) }
            return ordered(items, by: patch, live: live, shape)
        case .keyed(let key):
            // An entry that says so replaces the list by the others of the patch.
            if patch.contains(where: { StrategicMerge.directive($0) == "replace" }) {
                return patch.filter { StrategicMerge.directive($0) == nil }.map(StrategicMerge.cleaned)
            }
            return try merged(live, patch, element, key, shape)
        }
    }

    private static func unique(_ items: [JSON]) -> [JSON] {
        var seen: Set<JSON> = []
        return items.filter { seen.insert($0).inserted }
    }

    private static func merged(
        _ live: [JSON], _ patch: [JSON], _ element: Shape, _ key: String, _ shape: Shape?
    ) throws(Refusal) -> [JSON] {
        // Nil: taken away.
        var items: [JSON?] = live
        var places = places(live, shape)
        var named: [JSON] = []
        for entry in patch {
            guard let name = entry[key] else {
                throw .unexpected("map: \(Go.printed(entry)) does not contain declared merge key: \(key)")
            }
            switch StrategicMerge.directive(entry) {
            case "delete":
                if let place = places.removeValue(forKey: name) { items[place] = nil }
            case nil, "merge":
                named.append(entry)
                if let place = places[name], let item = items[place] {
                    items[place] = try StrategicMerge.merged(item, entry, element)
                } else {
                    places[name] = items.count
                    items.append(StrategicMerge.cleaned(entry))
                }
            case let directive?:
                throw .unexpected("unknown patch type: \(directive) in map: \(Go.printed(entry))")
            }
        }
        return ordered(items.compactMap { $0 }, by: named, live: live, shape)
    }

    /// The entries that the patch names, in its order, and the others where they stood among them: each
    /// before the first one that it stood before. One of which that can't be told goes behind.
    static func ordered(_ items: [JSON], by order: [JSON], live: [JSON], _ shape: Shape?) -> [JSON] {
        let wanted = places(order, shape)
        let before = places(live, shape)
        var named: [(place: Int, item: JSON)] = []
        var others: ArraySlice<JSON> = []
        for item in items {
            if let place = wanted[name(item, shape)] {
                named.append((place, item))
            } else {
                others.append(item)
            }
        }
        named.sort { $0.place < $1.place }
        var result: [JSON] = []
        for next in named {
            while let other = others.first, let mine = before[name(other, shape)],
                let theirs = before[name(next.item, shape)], mine < theirs
            {
                result.append(other)
                others.removeFirst()
            }
            result.append(next.item)
        }
        return result + others
    }

    /// What tells an entry from others: its key, or itself.
    private static func name(_ item: JSON, _ shape: Shape?) -> JSON {
        guard case .list(_, .keyed(let key))? = shape else { return item }
        return item[key] ?? .null
    }

    /// Of two with the same name, where the first one stands.
    private static func places(_ list: [JSON], _ shape: Shape?) -> [JSON: Int] {
        Dictionary(
            list.enumerated().map { (name($1, shape), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// What a patch adds has to stand in the order that it sets, and in that order.
    static func check(_ patch: [JSON], isIn order: [JSON], _ shape: Shape?) throws(Refusal) {
        var rest = order[...]
        for item in patch where StrategicMerge.directive(item) == nil {
            guard let index = rest.firstIndex(where: { name($0, shape) == name(item, shape) }) else {
                throw .unexpected(
                    "The order in patch list:\n\(Go.printed(.array(patch)))\n doesn't match $setElementOrder "
                        + "list:\n\(Go.printed(.array(order)))\n")
            }
            rest = rest[(index + 1)...]
        }
    }
}
