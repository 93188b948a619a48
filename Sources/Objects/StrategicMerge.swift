import JSON

/// Kubernetes' strategic merge patch: a merge patch that knows the schema, so that lists are merged by
/// entry, with directives for what merging can't say.
///
/// `$patch: replace` and `delete` stand in an object or an entry, `$retainKeys` in an object. Beside a list
/// `NAME` stand `$deleteFromPrimitiveList/NAME` and `$setElementOrder/NAME`.
struct StrategicMerge {
    private static let patch = "$patch"
    private static let retainKeys = "$retainKeys"
    private static let deleteFrom = "$deleteFromPrimitiveList/"
    private static let setOrder = "$setElementOrder/"

    static func patched(_ live: JSON, _ body: [UInt8], _ structure: Structure) throws(Refusal) -> Patched {
        var strictFaults: [String] = []
        let patch: JSON
        do throws(JSONError) { patch = try JSON(lenientlyParsing: body) } catch {
            throw .badRequest(GoSyntax.fault(in: body))
        }
        var duplicates: [String] = []
        let folded = patch.folded(&duplicates)
        strictFaults += duplicates.map { "duplicate field \(Go.quoted($0))" }
        switch folded {
        case .object, .null: break
        default:
            throw .badRequest(
                "json: cannot unmarshal \(Go.word(folded)) into Go value of type map[string]interface {}")
        }
        let object = try merged(live, folded, .object(structure))
        return Patched(object: object, strictFaults: strictFaults, shown: Go.printed(folded))
    }

    /// - Parameter shape: nil: not in the schema.
    private static func merged(_ live: JSON, _ patch: JSON, _ shape: Shape?) throws(Refusal) -> JSON {
        guard case .object(var changes) = patch else { return live }
        if let index = changes.index(of: Self.patch) {
            let directive = changes.remove(at: index).value
            switch directive.string {
            case "replace": return .object(changes)
            case "delete": return .object([])
            default: throw unknown(directive, patch)
            }
        }
        var result = live.members ?? []
        try retain(&result, &changes)
        try order(&result, &changes, shape)
        for change in changes { try apply(change, to: &result, shape) }
        return .object(result)
    }

    private static func unknown(_ directive: JSON, _ patch: JSON) -> Refusal {
        .unexpected("unknown patch type: \(Go.printed(directive)) in map: \(Go.printed(patch))")
    }

    private static func apply(
        _ change: JSONMember, to result: inout [JSONMember], _ shape: Shape?
    ) throws(Refusal) {
        if change.name.hasPrefix(deleteFrom) {
            return try delete(change, from: &result)
        }
        let index = result.index(of: change.name)
        if case .null = change.value {
            if let index { result.remove(at: index) }
            return
        }
        guard let index else {
            return result.append(JSONMember(change.name, cleaned(change.value)))
        }
        let below = shape?.member(change.name)
        switch (result[index].value, change.value) {
        case (.object, .object):
            result[index].value = try merged(result[index].value, change.value, below)
        case (.array(let live), .array(let items)):
            result[index].value = .array(try StrategicLists.merged(live, items, below))
        default: result[index].value = cleaned(change.value)
        }
    }

    /// An entry of a list, or what is in it.
    static func mergedEntry(_ live: JSON, _ patch: JSON, _ shape: Shape?) throws(Refusal) -> JSON {
        try merged(live, patch, shape)
    }

    /// `$deleteFromPrimitiveList/NAME`: takes texts out of a list.
    private static func delete(_ change: JSONMember, from result: inout [JSONMember]) throws(Refusal) {
        guard let gone = change.value.array else {
            throw .badRequest("invalid patch format of primitive list")
        }
        let name = String(change.name.dropFirst(deleteFrom.count))
        guard let index = result.index(of: name), let items = result[index].value.array else { return }
        result[index].value = .array(items.filter { !gone.contains($0) })
    }

    /// `$retainKeys`: of the members only these stay. The patch may have no others.
    private static func retain(_ result: inout [JSONMember], _ changes: inout [JSONMember]) throws(Refusal) {
        guard let index = changes.index(of: retainKeys) else { return }
        guard let keys = changes.remove(at: index).value.array?.compactMap(\.string),
            changes.allSatisfy({ keys.contains($0.name) || $0.name.hasPrefix("$") })
        else { throw .badRequest("invalid patch format of retainKeys") }
        result.removeAll { !keys.contains($0.name) }
    }

    /// `$setElementOrder/NAME`: the order of a list after the patch; what is not named keeps its place
    /// among its neighbours.
    private static func order(
        _ result: inout [JSONMember], _ changes: inout [JSONMember], _ shape: Shape?
    ) throws(Refusal) {
        while let index = changes.firstIndex(where: { $0.name.hasPrefix(setOrder) }) {
            let directive = changes.remove(at: index)
            guard let order = directive.value.array else {
                throw .badRequest("invalid patch format of setElementOrder list")
            }
            let name = String(directive.name.dropFirst(setOrder.count))
            let below = shape?.member(name)
            let live = result.index(of: name).flatMap { result[$0].value.array }
            if let patch = changes.index(of: name) {
                try StrategicLists.check(changes[patch].value.array ?? [], isIn: order, below)
                try apply(changes.remove(at: patch), to: &result, shape)
            }
            guard let index = result.index(of: name), let items = result[index].value.array else { continue }
            result[index].value = .array(
                StrategicLists.ordered(items, by: order, live: live ?? [], below))
        }
    }

    /// What is new, without nulls and directives.
    static func cleaned(_ value: JSON) -> JSON {
        switch value {
        case .object(let members):
            .object(
                members.filter { $0.value != .null && !$0.name.hasPrefix("$") }
                    .map { JSONMember($0.name, cleaned($0.value)) })
        case .array(let items):
            .array(items.filter { $0[Self.patch] == nil }.map(cleaned))
        default: value
        }
    }

    static func directive(_ item: JSON) -> String? { item[patch]?.string }
}

extension Shape {
    /// What a member of an object has to be; nil if the schema doesn't know it.
    fileprivate func member(_ name: String) -> Shape? {
        switch self {
        case .object(let structure): structure.field(name)?.shape
        case .map: .string
        default: nil
        }
    }
}
