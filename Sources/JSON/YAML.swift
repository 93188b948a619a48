/// JSON as YAML, as `kubectl -o yaml` writes it. Strings that could be read as
/// something else are quoted as JSON has them: YAML 1.2 §1.3 takes all JSON.
public enum YAML {
    public static func text(_ value: JSON) -> String {
        switch value {
        case .object(let members) where !members.isEmpty: block(members, depth: 0)
        case .array(let items) where !items.isEmpty: block(items, depth: 0)
        default: flow(value) + "\n"
        }
    }

    private static func block(_ members: [JSON.Member], depth: Int) -> String {
        members.map { indent(depth) + entry($0, depth: depth) }.joined()
    }

    private static func entry(_ member: JSON.Member, depth: Int) -> String {
        switch member.value {
        case .object(let members) where !members.isEmpty:
            scalar(member.name) + ":\n" + block(members, depth: depth + 1)
        case .array(let items) where !items.isEmpty:
            scalar(member.name) + ":\n" + block(items, depth: depth)
        default: scalar(member.name) + ": " + flow(member.value) + "\n"
        }
    }

    private static func block(_ items: [JSON], depth: Int) -> String {
        items.map { item in
            guard case .object(let members) = item, let first = members.first else {
                return indent(depth) + "- " + flow(item) + "\n"
            }
            return indent(depth) + "- " + entry(first, depth: depth + 1)
                + block(Array(members.dropFirst()), depth: depth + 1)
        }.joined()
    }

    private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

    private static func flow(_ value: JSON) -> String {
        if case .string(let text) = value { scalar(text) } else { value.text }
    }

    private static func scalar(_ text: String) -> String {
        let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        let isPlain =
            text.utf8.first.map { (65...90).contains($0) || (97...122).contains($0) } ?? false
            && text.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                    || "-_./".utf8.contains($0)
            }
            && !words.contains(text.lowercased())
        return isPlain ? text : JSON.string(text).text
    }
}
