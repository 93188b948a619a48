import JSON

/// RFC 7396. Objects that are changed have their members in the order of their names, as Go writes them;
/// that is seen where the outcome is shown in an error.
enum MergePatch {
    static func apply(_ patch: JSON, to target: JSON) -> JSON {
        // RFC 7396 §2: "If the provided merge patch is not an object, the result is to replace the entire
        // target with the entire patch."
        guard case .object(let members) = patch else { return patch }
        var result = Dictionary(
            (target.members ?? []).map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        for member in members {
            if case .null = member.value {
                // "Null values in the merge patch are given special meaning to indicate the removal".
                result[member.name] = nil
            } else {
                result[member.name] = apply(member.value, to: result[member.name] ?? .null)
            }
        }
        return .object(result.sorted { $0.key < $1.key }.map { JSONMember($0.key, $0.value) })
    }

    static func patched(_ live: JSON, _ body: [UInt8]) throws(Refusal) -> Patched {
        var strictFaults: [String] = []
        let patch = try JSON.patch(body, &strictFaults)
        switch patch {
        case .object: break
        // Go reads null as an empty map.
        case .null: return Patched(object: live)
        default:
            throw .badRequest(
                "error decoding patch: json: cannot unmarshal \(Go.word(patch)) into Go value of type "
                    + "map[string]interface {}")
        }
        return Patched(object: apply(patch, to: live), strictFaults: strictFaults)
    }
}
