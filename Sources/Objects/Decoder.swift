import JSON

/// Reads a value as a structure says: members in the structure's order, nothing that it doesn't know,
/// nothing empty where empty is as good as missing. So two objects that mean the same are equal.
///
/// What is wrong is gathered, not thrown, because a real server goes on reading as well: it tells the
/// first wrong type, and of what would only be ignored it tells all, in the order of the text.
struct Decoder {
    /// The first wrong type, in the words of Go's decoder.
    var typeFault: String?
    /// `unknown field "spec.bogus"` and `duplicate field …`, none twice.
    var strictFaults: [String] = []
    /// Wrong types and missing members of a custom resource's own part.
    var faults: [Refusal.Cause] = []

    let isCustom: Bool
    /// Where the reader is; an index is no part of what Go calls a field.
    var path: [Step] = []
    /// A real server stops counting there.
    static let faultsMax = 100

    enum Step {
        case name(String)
        case index(Int)
    }

    init(isCustom: Bool) { self.isCustom = isCustom }

    mutating func object(_ members: [JSONMember], _ structure: Structure) -> JSON {
        var read: [JSONMember] = []
        read.reserveCapacity(members.count)
        var last = -1
        // A bit for each field; none has more than 64.
        var seen: UInt64 = 0
        for member in members {
            guard let index = structure.index(of: member.name, near: last + 1) else {
                strict("unknown", member.name)
                continue
            }
            let field = structure.fields[index]
            if seen & 1 << UInt64(index) != 0 { strict("duplicate", field.name) }
            seen |= 1 << UInt64(index)
            if index > last {
                if let value = value(member.value, field, structure) {
                    read.append(JSONMember(field.name, value))
                    last = index
                }
                continue
            }
            insert(member, field, structure, &read)
        }
        if structure.fields.count != read.count, isCustom { missing(structure, read) }
        return .object(read)
    }

    /// A member that stands behind a later one, or comes again: then the last one counts.
    private mutating func insert(
        _ member: JSONMember, _ field: Field, _ structure: Structure, _ read: inout [JSONMember]
    ) {
        guard let value = value(member.value, field, structure) else { return }
        read.put(JSONMember(field.name, value), in: structure)
    }

    /// Nil: as if the member weren't there.
    private mutating func value(_ json: JSON, _ field: Field, _ structure: Structure) -> JSON? {
        if case .null = json {
            if isInCustom(field) { wrongType(json, field, structure) }
            return nil
        }
        guard field.shape.isScalar else {
            path.append(.name(field.name))
            defer { path.removeLast() }
            let value = container(json, field, structure)
            return field.isWritable ? value : nil
        }
        guard let value = scalar(json, field.shape) else {
            wrongType(json, field, structure)
            return nil
        }
        return !field.keepsEmpty && value.isEmptyScalar ? nil : value
    }

    private mutating func container(_ json: JSON, _ field: Field, _ structure: Structure) -> JSON? {
        switch (field.shape, json) {
        case (.raw, _): return json
        case (.object(let below), .object(let members)): return object(members, below)
        case (.map, .object(let members)):
            return members.isEmpty && !field.keepsEmpty ? nil : map(members, field, structure)
        case (.list(let element, _), .array(let items)):
            return items.isEmpty && !field.keepsEmpty ? nil : list(items, of: element, field, structure)
        default:
            let step = path.removeLast()
            wrongType(json, field, structure)
            path.append(step)
            return nil
        }
    }

    /// In the order of its keys. Null is the empty string, as with Go.
    private mutating func map(_ members: [JSONMember], _ field: Field, _ structure: Structure) -> JSON {
        var read: [JSONMember] = []
        read.reserveCapacity(members.count)
        var isSorted = true
        for member in members {
            var value = member.value
            if case .null = value { value = .string("") }
            if case .string = value {} else { wrongElement(value, .string, structure) }
            if let last = read.last, !(last.name < member.name) { isSorted = false }
            read.append(JSONMember(member.name, value))
        }
        if !isSorted { read = unique(read) }
        return .object(read)
    }

    private mutating func unique(_ members: [JSONMember]) -> [JSONMember] {
        var values: [String: JSON] = [:]
        for member in members {
            if values.updateValue(member.value, forKey: member.name) != nil {
                strict("duplicate", member.name)
            }
        }
        return values.sorted { $0.key < $1.key }.map { JSONMember($0.key, $0.value) }
    }

    private mutating func list(
        _ items: [JSON], of shape: Shape, _ field: Field, _ structure: Structure
    ) -> JSON {
        var read: [JSON] = []
        read.reserveCapacity(items.count)
        for (index, item) in items.enumerated() {
            path.append(.index(index))
            defer { path.removeLast() }
            switch (shape, item) {
            case (.object(let below), .object(let members)): read.append(object(members, below))
            case (.object(let below), .null): read.append(object([], below))
            case (.string, .null): read.append(.string(""))
            case (.string, .string): read.append(item)
            default: wrongElement(item, shape, structure)
            }
        }
        return .array(read)
    }

    /// Nil: it is something else.
    private mutating func scalar(_ json: JSON, _ shape: Shape) -> JSON? {
        switch (shape, json) {
        case (.string, .string), (.bool, .bool): return json
        case (.int32, .number(let number)):
            return Int32(number.text).map { number.text == "-0" ? .number(Int64($0)) : json }
        case (.int64, .number(let number)):
            return Int64(number.text).map { number.text == "-0" ? .number($0) : json }
        case (.number, .number(let number)): return number.real == nil ? nil : json
        case (.microTime, .string(let text)): return time(text, isMicro: true)
        case (.time, .string(let text)): return time(text, isMicro: false)
        default: return nil
        }
    }

    /// A time that can't be read is told as it is, not as a wrong type; the value stays as it came.
    private mutating func time(_ text: String, isMicro: Bool) -> JSON? {
        do throws(GoTime.Fault) {
            return try GoTime.normalized(text, isMicro: isMicro).map(JSON.string) ?? .null
        } catch {
            // Go's decoder gives up at once here, and forgets wrong types that it found before.
            if !hasTimeFault {
                typeFault = error.message
                hasTimeFault = true
            }
            return .string(text)
        }
    }

    private var hasTimeFault = false
}

extension Shape {
    fileprivate var isScalar: Bool {
        switch self {
        case .string, .int32, .int64, .number, .bool, .time, .microTime: true
        case .map, .object, .list, .raw: false
        }
    }
}

extension JSON {
    fileprivate var isEmptyScalar: Bool {
        switch self {
        case .string(let text): text.isEmpty
        case .number(let number): number.text == "0"
        case .bool(let flag): !flag
        // A time that is zero.
        case .null: true
        default: false
        }
    }
}
