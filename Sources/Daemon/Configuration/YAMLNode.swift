import CYAML

/// A YAML document as a tree, read by libyaml. Anchors and a key twice are refused with their line: what
/// somebody reads in such a file is what it means.
struct YAMLNode: Equatable, Sendable {
    enum Value: Equatable, Sendable {
        case scalar(String)
        case list([YAMLNode])
        case mapping([Member])
    }
    struct Member: Equatable, Sendable {
        var name: String
        /// The name's.
        var line: Int
        var node: YAMLNode
    }
    var value: Value
    /// Counted from 1.
    var line: Int

    /// - Returns: nil for an empty document.
    /// - Parameter path: how errors call it.
    static func read(_ text: [UInt8], path: String) throws(ConfigurationError) -> YAMLNode? {
        var document = yaml_document_t()
        try load(text, path, into: &document)
        defer { yaml_document_delete(&document) }
        guard yaml_document_get_root_node(&document) != nil else { return nil }
        var walk = Walk(path: path)
        // libyaml counts its nodes from 1; the root is the first.
        return try walk.node(1, &document)
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
}

extension YAMLNode {
    /// Through libyaml's table of nodes, in which an alias is its anchor's number again.
    private struct Walk {
        let path: String
        var seen: Set<Int32> = []

        mutating func node(
            _ number: Int32, _ document: inout yaml_document_t
        ) throws(ConfigurationError) -> YAMLNode {
            let node = yaml_document_get_node(&document, number)!.pointee
            let line = Int(node.start_mark.line) + 1
            guard seen.insert(number).inserted else {
                throw ConfigurationError("\(path):\(line): anchors are not taken; write it out")
            }
            switch node.type {
            case YAML_MAPPING_NODE:
                return YAMLNode(value: .mapping(try members(node, &document)), line: line)
            case YAML_SEQUENCE_NODE:
                var items: [YAMLNode] = []
                var item = node.data.sequence.items.start!
                while item < node.data.sequence.items.top {
                    items.append(try self.node(item.pointee, &document))
                    item += 1
                }
                return YAMLNode(value: .list(items), line: line)
            default:
                let scalar = node.data.scalar
                let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
                return YAMLNode(value: .scalar(String(decoding: bytes, as: UTF8.self)), line: line)
            }
        }

        private mutating func members(
            _ node: yaml_node_t, _ document: inout yaml_document_t
        ) throws(ConfigurationError) -> [Member] {
            var members: [Member] = []
            var lines: [String: Int] = [:]
            var pair = node.data.mapping.pairs.start!
            while pair < node.data.mapping.pairs.top {
                let key = try self.node(pair.pointee.key, &document)
                guard case .scalar(let name) = key.value else {
                    throw ConfigurationError("\(path):\(key.line): the name of a setting is expected")
                }
                if let earlier = lines.updateValue(key.line, forKey: name) {
                    throw ConfigurationError(
                        "\(path):\(key.line): \(name) is set already in line \(earlier)")
                }
                members.append(
                    Member(name: name, line: key.line, node: try self.node(pair.pointee.value, &document)))
                pair += 1
            }
            return members
        }
    }
}
