import CYAML

/// The configuration file as a flat list of dotted keys, read by libyaml.
///
/// Mappings nest, a list of scalars becomes their texts joined by commas, and everything
/// else (anchors, tags, lists of mappings, a key twice) is refused with its line.
enum YAMLSettings {
    struct Entry: Equatable, Sendable {
        var key: String
        var value: String
        var line: Int
    }

    static func read(_ text: [UInt8], path: String) throws(ConfigurationError) -> [Entry] {
        var document = yaml_document_t()
        try load(text, path, into: &document)
        defer { yaml_document_delete(&document) }
        guard let root = yaml_document_get_root_node(&document) else { return [] }
        guard root.pointee.type == YAML_MAPPING_NODE else {
            throw ConfigurationError("\(path):\(line(root)): a mapping of settings is expected")
        }
        var entries: [Entry] = []
        try flatten(root, prefix: "", &document, path, into: &entries)
        var seen: [String: Int] = [:]
        for entry in entries {
            if let earlier = seen.updateValue(entry.line, forKey: entry.key) {
                throw ConfigurationError(
                    "\(path):\(entry.line): \(entry.key) is set already in line \(earlier)")
            }
        }
        return entries
    }

    private static func load(
        _ text: [UInt8], _ path: String, into document: inout yaml_document_t
    ) throws(ConfigurationError) {
        var parser = yaml_parser_t()
        guard yaml_parser_initialize(&parser) == 1 else { throw ConfigurationError("\(path): out of memory") }
        defer { yaml_parser_delete(&parser) }
        let loaded = text.withUnsafeBufferPointer { bytes -> Int32 in
            yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
            return yaml_parser_load(&parser, &document)
        }
        guard loaded == 1 else {
            let problem = parser.problem.map { String(cString: $0) } ?? "not YAML"
            throw ConfigurationError("\(path):\(parser.problem_mark.line + 1): \(problem)")
        }
    }

    private static func flatten(
        _ node: UnsafeMutablePointer<yaml_node_t>, prefix: String, _ document: inout yaml_document_t,
        _ path: String, into entries: inout [Entry]
    ) throws(ConfigurationError) {
        var pair = node.pointee.data.mapping.pairs.start!
        while pair < node.pointee.data.mapping.pairs.top {
            let keyNode = yaml_document_get_node(&document, pair.pointee.key)!
            let valueNode = yaml_document_get_node(&document, pair.pointee.value)!
            guard let name = scalar(keyNode) else {
                throw ConfigurationError("\(path):\(line(keyNode)): the name of a setting is expected")
            }
            let key = prefix.isEmpty ? name : "\(prefix).\(name)"
            switch valueNode.pointee.type {
            case YAML_MAPPING_NODE:
                try flatten(valueNode, prefix: key, &document, path, into: &entries)
            case YAML_SEQUENCE_NODE:
                let value = try list(valueNode, key, &document, path).joined(separator: ",")
                entries.append(Entry(key: key, value: value, line: line(keyNode)))
            default:
                entries.append(Entry(key: key, value: scalar(valueNode) ?? "", line: line(keyNode)))
            }
            pair += 1
        }
    }

    private static func list(
        _ node: UnsafeMutablePointer<yaml_node_t>, _ key: String, _ document: inout yaml_document_t,
        _ path: String
    ) throws(ConfigurationError) -> [String] {
        var values: [String] = []
        var item = node.pointee.data.sequence.items.start!
        while item < node.pointee.data.sequence.items.top {
            let itemNode = yaml_document_get_node(&document, item.pointee)!
            guard let value = scalar(itemNode) else {
                throw ConfigurationError("\(path):\(line(itemNode)): \(key): plain values are expected")
            }
            values.append(value)
            item += 1
        }
        return values
    }

    private static func scalar(_ node: UnsafeMutablePointer<yaml_node_t>) -> String? {
        guard node.pointee.type == YAML_SCALAR_NODE else { return nil }
        let scalar = node.pointee.data.scalar
        return String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
    }

    private static func line(_ node: UnsafeMutablePointer<yaml_node_t>) -> Int {
        Int(node.pointee.start_mark.line) + 1
    }
}
