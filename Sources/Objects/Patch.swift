import JSON

/// How the body of a PATCH is to be read.
public enum PatchKind: Hashable, Sendable, CaseIterable {
    /// RFC 6902.
    case json
    /// RFC 7396.
    case merge
    /// Kubernetes' own, which knows the schema. Custom resources have none.
    case strategic
    /// Server-side apply; the body may be YAML.
    case apply

    /// By the media type, without its parameters. Nil: there is no such patch, which is 415.
    public init?(mediaType: String, of kind: ObjectKind) {
        switch mediaType {
        case "application/json-patch+json": self = .json
        case "application/merge-patch+json": self = .merge
        case "application/strategic-merge-patch+json" where !kind.isCustom: self = .strategic
        case "application/apply-patch+yaml": self = .apply
        default: return nil
        }
    }
}

extension Refusal {
    /// 415, for a PATCH of a kind that there isn't.
    public static let unsupportedMediaType = Refusal(
        415, "UnsupportedMediaType", "415: Unsupported Media Type", Details())
}

/// What a patch made of an object, before it is read as one.
struct Patched {
    var object: JSON
    /// What the patch itself said twice, or what only would be ignored in it.
    var strictFaults: [String] = []
    /// What is shown if the outcome can't be read. Nil: the outcome.
    var patch: JSON?

    var shown: String { patch.map(Go.printed) ?? object.text }
}

extension JSON {
    /// Without names that come twice: the last one counts.
    /// - Parameter duplicates: the paths of those names, as Go's decoder tells them.
    func folded(_ duplicates: inout [String], at path: String = "") -> JSON {
        switch self {
        case .object(let members):
            var kept: [JSONMember] = []
            var places: [String: Int] = [:]
            for member in members {
                let below = path.isEmpty ? member.name : "\(path).\(member.name)"
                let value = member.value.folded(&duplicates, at: below)
                if let place = places.updateValue(kept.count, forKey: member.name) {
                    duplicates.append(below)
                    places[member.name] = place
                    kept[place].value = value
                } else {
                    kept.append(JSONMember(member.name, value))
                }
            }
            return .object(kept)
        case .array(let items):
            return .array(items.enumerated().map { $1.folded(&duplicates, at: "\(path)[\($0)]") })
        default: return self
        }
    }

    /// A patch from the bytes of a body.
    /// - Throws: 400 with the words of Go's decoder.
    static func patch(_ body: [UInt8], _ strictFaults: inout [String]) throws(Refusal) -> JSON {
        let json: JSON
        do throws(JSONError) { json = try JSON(lenientlyParsing: body) } catch {
            throw .badRequest("error decoding patch: \(GoSyntax.fault(in: body))")
        }
        var duplicates: [String] = []
        let folded = json.folded(&duplicates)
        strictFaults += duplicates.map { "duplicate field \(Go.quoted($0))" }
        return folded
    }
}
