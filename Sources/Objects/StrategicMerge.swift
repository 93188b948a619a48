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
        return Patched(object: object, strictFaults: strictFaults, patch: folded)
    }

    /// Members by their names; their order is the schema's in the end.
    private typealias Members = [String: JSON]

    private static func members(_ json: JSON) -> Members {
        Members((json.members ?? []).map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }

    private static func object(_ members: Members) -> JSON {
        .object(members.sorted { $0.key < $1.key }.map { JSONMember($0.key, $0.value) })
    }

    /// An object, or an entry of a list. - Parameter shape: nil: not in the schema.
    static func merged(_ live: JSON, _ patch: JSON, _ shape: Shape?) throws(Refusal) -> JSON {
        guard case .object = patch else { return live }
        var changes = members(patch)
        if let directive = changes.removeValue(forKey: Self.patch) {
            switch directive.string {
            case "replace": return object(changes)
            case "delete": return .object([])
            default:
                throw .unexpected(
                    "unknown patch type: \(Go.printed(directive)) in map: \(Go.printed(patch))")
            }
        }
        var result = members(live)
        try retain(&result, &changes)
        try order(&result, &changes, shape)
        for (name, value) in changes { try apply(name, value, to: &result, shape) }
        return object(result)
    }

    private static func apply(
        _ name: String, _ value: JSON, to result: inout Members, _ shape: Shape?
    ) throws(Refusal) {
        if name.hasPrefix(deleteFrom) {
            return try delete(value, from: &result[String(name.dropFirst(deleteFrom.count))])
        }
        switch (result[name], value) {
        case (_, .null): result[name] = nil
        case (let live?, .object) where live.members != nil:
            result[name] = try merged(live, value, shape?.member(name))
        case (.array(let live)?, .array(let items)):
            result[name] = .array(try StrategicLists.merged(live, items, shape?.member(name)))
        default: result[name] = cleaned(value)
        }
    }

    /// `$deleteFromPrimitiveList/NAME`: takes texts out of a list.
    private static func delete(_ value: JSON, from list: inout JSON?) throws(Refusal) {
        guard let gone = value.array.map(Set.init) else {
            throw .badRequest("invalid patch format of primitive list")
        }
        if let items = list?.array { list = .array(items.filter { !gone.contains($0) }) }
    }

    /// `$retainKeys`: of the members only these stay. The patch may have no others.
    private static func retain(_ result: inout Members, _ changes: inout Members) throws(Refusal) {
        guard let directive = changes.removeValue(forKey: retainKeys) else { return }
        guard let keys = (directive.array?.compactMap(\.string)).map(Set.init),
            changes.keys.allSatisfy({ keys.contains($0) || $0.hasPrefix("$") })
        else { throw .badRequest("invalid patch format of retainKeys") }
        result = result.filter { keys.contains($0.key) }
    }

    /// `$setElementOrder/NAME`: the order of a list after the patch; what is not named keeps its place
    /// among its neighbours.
    private static func order(
        _ result: inout Members, _ changes: inout Members, _ shape: Shape?
    ) throws(Refusal) {
        for directive in changes.keys.filter({ $0.hasPrefix(setOrder) }) {
            guard let order = changes.removeValue(forKey: directive)?.array else {
                throw .badRequest("invalid patch format of setElementOrder list")
            }
            let name = String(directive.dropFirst(setOrder.count))
            let below = shape?.member(name)
            let live = result[name]?.array ?? []
            if let patch = changes.removeValue(forKey: name) {
                try StrategicLists.check(patch.array ?? [], isIn: order, below)
                try apply(name, patch, to: &result, shape)
            }
            guard let items = result[name]?.array else { continue }
            result[name] = .array(StrategicLists.ordered(items, by: order, live: live, below))
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
