import CYAML
import JSON

/// Walks through libyaml's nodes.
struct YAMLReader {
    private(set) var duplicates: [String] = []
    private var document: yaml_document_t
    private var depth = 0
    /// How many nodes may be read, aliases counted each time: a text can name a big one very often.
    private var nodesLeft: Int

    /// As many as JSON may have.
    private static let depthMax = 32
    /// For every text at least.
    private static let nodesMin = 10_000

    typealias Node = UnsafeMutablePointer<yaml_node_t>

    /// - Parameter document: outlives the reader.
    init(document: yaml_document_t, nodesMax: Int) {
        self.document = document
        nodesLeft = max(nodesMax, Self.nodesMin)
    }

    mutating func value(_ node: Node) throws(YAMLParser.Fault) -> JSON {
        nodesLeft -= 1
        guard nodesLeft > 0 else {
            throw YAMLParser.Fault(message: "yaml: document contains excessive aliasing")
        }
        guard depth < Self.depthMax else { throw YAMLParser.Fault(message: "yaml: exceeded max depth") }
        depth += 1
        defer { depth -= 1 }
        switch node.pointee.type {
        case YAML_MAPPING_NODE: return .object(try members(node))
        case YAML_SEQUENCE_NODE: return .array(try items(node))
        default: return try YAMLScalar(node).json
        }
    }

    private mutating func items(_ node: Node) throws(YAMLParser.Fault) -> [JSON] {
        var items: [JSON] = []
        var item = node.pointee.data.sequence.items.start!
        while item < node.pointee.data.sequence.items.top {
            items.append(try value(yaml_document_get_node(&document, item.pointee)!))
            item += 1
        }
        return items
    }

    private mutating func members(_ node: Node) throws(YAMLParser.Fault) -> [JSONMember] {
        var members: [JSONMember] = []
        var merged: [JSONMember] = []
        var places: [String: Int] = [:]
        var pair = node.pointee.data.mapping.pairs.start!
        while pair < node.pointee.data.mapping.pairs.top {
            let key = yaml_document_get_node(&document, pair.pointee.key)!
            let node = yaml_document_get_node(&document, pair.pointee.value)!
            pair += 1
            let value = try value(node)
            let scalar = try YAMLScalar(key: key)
            if scalar.isMerge {
                merged += try Self.merged(value)
                continue
            }
            let name = try scalar.name
            if let place = places[name] {
                duplicates.append(
                    "line \(key.pointee.start_mark.line + 1): key \"\(name)\" already set in map")
                members[place].value = value
            } else {
                places[name] = members.count
                members.append(JSONMember(name, value))
            }
        }
        // YAML's merge key: what is named here comes before what is merged in.
        for member in merged where places[member.name] == nil {
            places[member.name] = members.count
            members.append(member)
        }
        return members
    }

    private static func merged(_ value: JSON) throws(YAMLParser.Fault) -> [JSONMember] {
        let parts = value.array ?? [value]
        var members: [JSONMember] = []
        for part in parts {
            guard let more = part.members else {
                throw YAMLParser.Fault(
                    message: "yaml: map merge requires map or sequence of maps as the value")
            }
            members += more
        }
        return members
    }
}
