import JSON

/// What is wrong with what a decoder reads.
extension Decoder {
    /// A wrong type by the names of Go: of the innermost structure, and of the whole path.
    mutating func wrongType(_ json: JSON, _ field: Field, _ structure: Structure) {
        if isInCustom(field) {
            return faults.append(
                .wrongType(location(field.name), json.schemaType, expected: field.shape.schemaType))
        }
        let type = field.shape.isTime ? "string" : field.goType
        cannotRead(json, "\(structure.goName).\(names(field.name))", type, field.shape)
    }

    /// A wrong type in a map or a list. The field is that of the map or list.
    mutating func wrongElement(_ json: JSON, _ shape: Shape, _ structure: Structure) {
        if isCustom, !isInMetadata {
            return faults.append(
                .wrongType(location(nil), json.schemaType, expected: shape.schemaType))
        }
        cannotRead(json, "\(structure.goName).\(names(nil))", shape.goType, shape)
    }

    private mutating func cannotRead(_ json: JSON, _ field: String, _ type: String, _ shape: Shape) {
        guard typeFault == nil else { return }
        var found = Go.word(json)
        if case .number(let number) = json, shape.isNumeric { found += " " + number.text }
        typeFault = "json: cannot unmarshal \(found) into Go struct field \(field) of type \(type)"
    }

    mutating func missing(_ structure: Structure, _ read: [JSONMember]) {
        for name in structure.required where !read.contains(where: { $0.name == name }) {
            guard faults.count < Self.faultsMax else { return }
            let field = location(name)
            if !faults.contains(where: { $0.field == field }) { faults.append(.required(field, "")) }
        }
    }

    mutating func strict(_ what: String, _ name: String) {
        guard strictFaults.count < Self.faultsMax else { return }
        let text = "\(what) field \(Go.quoted(location(name)))"
        if !strictFaults.contains(text) { strictFaults.append(text) }
    }

    private var isInMetadata: Bool {
        guard case .name("metadata") = path.first else { return false }
        return true
    }

    func isInCustom(_ field: Field) -> Bool {
        isCustom && !isInMetadata && !(path.isEmpty && field.name == "metadata")
    }

    /// `metadata.ownerReferences[0].uid`.
    private func location(_ name: String?) -> String {
        var text = ""
        for step in path {
            switch step {
            case .name(let name): text += text.isEmpty ? name : "." + name
            case .index(let index): text += "[\(index)]"
            }
        }
        guard let name else { return text }
        return text.isEmpty ? name : "\(text).\(name)"
    }

    /// `metadata.ownerReferences.uid`.
    private func names(_ name: String?) -> String {
        let names = path.compactMap { if case .name(let name) = $0 { name } else { nil } }
        return (names + (name.map { [$0] } ?? [])).joined(separator: ".")
    }
}

extension Shape {
    fileprivate var isNumeric: Bool {
        switch self {
        case .int32, .int64, .number: true
        default: false
        }
    }

    fileprivate var isTime: Bool {
        switch self {
        case .time, .microTime: true
        default: false
        }
    }

    /// As an OpenAPI schema calls it.
    fileprivate var schemaType: String {
        switch self {
        case .string, .time, .microTime: "string"
        case .int32, .int64: "integer"
        case .number: "number"
        case .bool: "boolean"
        case .map, .object, .raw: "object"
        case .list: "array"
        }
    }
}

extension JSON {
    fileprivate var schemaType: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .number(let number): number.integer == nil ? "number" : "integer"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
