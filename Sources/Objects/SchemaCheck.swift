import JSON

/// Whether an applied configuration fits the schema, in the words of a real server.
struct SchemaCheck {
    private var faults: [String] = []

    /// All that doesn't fit; "" if everything does.
    static func faults(of object: JSON, _ structure: Structure) -> String {
        var check = SchemaCheck()
        check.members(object, structure, "")
        if check.faults.count <= 1 { return check.faults.first ?? "" }
        return (["errors:"] + check.faults.map { "  " + $0 }).joined(separator: "\n")
    }

    private mutating func members(_ object: JSON, _ structure: Structure, _ path: String) {
        for member in (object.members ?? []).sorted(by: { $0.name < $1.name }) {
            let below = "\(path).\(member.name)"
            if let field = structure.field(member.name) {
                value(member.value, field.shape, below)
            } else {
                faults.append("\(below): field not declared in schema")
            }
        }
    }

    private mutating func value(_ value: JSON, _ shape: Shape, _ path: String) {
        switch (shape, value) {
        case (_, .null), (.raw, _), (.string, .string), (.time, .string), (.microTime, .string),
            (.int32, .number), (.int64, .number), (.number, .number), (.bool, .bool):
            return
        case (.object(let structure), .object): members(value, structure, path)
        case (.map, .object(let members)):
            for member in members { self.value(member.value, .string, "\(path).\(member.name)") }
        case (.list(let element, let kind), .array(let items)): list(items, element, kind, path)
        default: faults.append("\(path): expected \(shape.expected), got \(shape.found(value))")
        }
    }

    private mutating func list(_ items: [JSON], _ element: Shape, _ kind: ListKind, _ path: String) {
        var seen: Set<String> = []
        for (index, item) in items.enumerated() {
            let entry: FieldSet.Node
            switch kind {
            case .atomic:
                value(item, element, "\(path)[\(index)]")
                continue
            case .set:
                entry = FieldSet.Node(FieldSet.Node.value(item))
            case .keyed(let key):
                guard let value = item[key] else {
                    faults.append(
                        "\(path): element \(index): associative list with keys has an element that omits key "
                            + "field \(Go.quoted(key)) (and doesn't have default value)")
                    continue
                }
                entry = FieldSet.Node(FieldSet.Node.key(key, value))
            }
            if !seen.insert(entry.element).inserted {
                faults.append("\(path): duplicate entries for key \(entry.shown)")
            }
            value(item, element, path + entry.shown)
        }
    }
}

extension Shape {
    fileprivate var expected: String {
        switch self {
        case .string, .time, .microTime: "string"
        case .int32, .int64, .number: "numeric (int or float)"
        case .bool: "boolean"
        case .map, .object, .raw: "map"
        case .list: "list"
        }
    }

    /// Numbers are told by the type that was found, all else by the value, in Go's own syntax.
    fileprivate func found(_ value: JSON) -> String {
        switch self {
        case .int32, .int64, .number: Go.word(value)
        default: "&value.valueUnstructured{Value:\(Go.shown(value))}"
        }
    }
}
