/// The configuration file as a flat list of dotted keys.
///
/// Mappings nest, a list of scalars becomes their texts joined by commas, and everything else (lists of
/// mappings, a key twice) is refused with its line.
enum YAMLSettings {
    struct Entry: Equatable, Sendable {
        var key: String
        var value: String
        var line: Int
    }

    static func read(_ text: [UInt8], path: String) throws(ConfigurationError) -> [Entry] {
        guard let root = try YAMLNode.read(text, path: path) else { return [] }
        guard case .mapping(let members) = root.value else {
            throw ConfigurationError("\(path):\(root.line): a mapping of settings is expected")
        }
        var entries: [Entry] = []
        try flatten(members, prefix: "", path, into: &entries)
        var seen: [String: Int] = [:]
        // `lease.retention` and `retention` within `lease` are the same key.
        for entry in entries {
            if let earlier = seen.updateValue(entry.line, forKey: entry.key) {
                throw ConfigurationError(
                    "\(path):\(entry.line): \(entry.key) is set already in line \(earlier)")
            }
        }
        return entries
    }

    private static func flatten(
        _ members: [YAMLNode.Member], prefix: String, _ path: String, into entries: inout [Entry]
    ) throws(ConfigurationError) {
        for member in members {
            let key = prefix.isEmpty ? member.name : "\(prefix).\(member.name)"
            switch member.node.value {
            case .mapping(let inner): try flatten(inner, prefix: key, path, into: &entries)
            case .scalar(let value): entries.append(Entry(key: key, value: value, line: member.line))
            case .list(let items):
                var values: [String] = []
                for item in items {
                    guard case .scalar(let value) = item.value else {
                        throw ConfigurationError("\(path):\(item.line): \(key): plain values are expected")
                    }
                    values.append(value)
                }
                entries.append(
                    Entry(key: key, value: values.joined(separator: ","), line: member.line))
            }
        }
    }
}
