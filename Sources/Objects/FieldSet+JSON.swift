import JSON

/// FieldsV1: `{"f:metadata":{"f:labels":{".":{},"f:a":{}}}}`. A dot says that the container itself is in
/// the set; an element with nothing below it is always meant itself.
extension FieldSet {
    var json: JSON {
        .object(
            nodes.map { node in
                guard !node.below.isEmpty, case .object(var members) = node.below.json else {
                    return JSONMember(node.element, .object([]))
                }
                if node.isMember { members.insert(JSONMember(".", .object([])), at: 0) }
                return JSONMember(node.element, .object(members))
            })
    }

    /// Nil: it is no such set. An element that comes twice is united.
    init?(_ json: JSON) {
        guard let members = json.members else { return nil }
        var nodes: [Node] = []
        nodes.reserveCapacity(members.count)
        var isSorted = true
        for member in members where member.name != "." {
            guard Self.isElement(member.name), let node = Self.node(member) else { return nil }
            if let last = nodes.last, !(last.element < node.element) { isSorted = false }
            nodes.append(node)
        }
        self.init(isSorted ? nodes : Self.united(nodes))
    }

    private static func united(_ nodes: [Node]) -> [Node] {
        var united: [Node] = []
        for node in nodes.sorted(by: { $0.element < $1.element }) {
            if let last = united.last, last.element == node.element {
                let both = FieldSet([last]).union(FieldSet([node]))
                united[united.count - 1] = both.nodes[0]
            } else {
                united.append(node)
            }
        }
        return united
    }

    private static func node(_ member: JSONMember) -> Node? {
        guard let below = member.value.members else { return nil }
        if below.isEmpty { return Node(member.name) }
        return FieldSet(member.value).map { set in
            Node(member.name, isMember: below.contains { $0.name == "." }, below: set)
        }
    }

    private static func isElement(_ text: String) -> Bool {
        let start = text.utf8.prefix(2)
        guard start.last == UInt8(ascii: ":"), let kind = start.first else { return false }
        return "fkvi".utf8.contains(kind)
    }
}

extension FieldSet.Node {
    /// The element of an object in a keyed list.
    static func key(_ name: String, _ value: JSON) -> String {
        "k:" + JSON.object([JSONMember(name, value)]).text
    }

    /// The element of a text in a set.
    static func value(_ value: JSON) -> String { "v:" + value.text }

    /// The element as messages show it.
    var shown: String {
        let rest = String(element.dropFirst(2))
        switch element.utf8.first {
        case UInt8(ascii: "f"): return "." + rest
        case UInt8(ascii: "i"): return "[\(rest)]"
        default:
            guard let json = try? JSON(parsing: Array(rest.utf8)) else { return "[\(rest)]" }
            guard element.hasPrefix("k") else { return "[=\(Go.shown(json))]" }
            let pairs = (json.members ?? []).map { "\($0.name)=\(Go.shown($0.value))" }
            return "[\(pairs.joined(separator: ","))]"
        }
    }
}
