/// What a value has to be.
indirect enum Shape: Sendable {
    case string
    case int32
    case int64
    case number
    case bool
    /// RFC 3339 with whole seconds.
    case time
    /// RFC 3339 with six decimals.
    case microTime
    /// A map of strings.
    case map
    case object(Structure)
    case list(of: Shape, ListKind)
    /// Whatever it is, it is passed through: sets of fields.
    case raw
}

/// How a list is merged and owned.
enum ListKind: Sendable {
    /// As a whole.
    case atomic
    /// Each scalar for itself.
    case set
    /// Each object for itself, told by this member.
    case keyed(String)
}

/// One member of a structure.
final class Field: Sendable {
    let name: String
    let shape: Shape
    /// Whether "" or {} or [] or 0 is kept: a pointer in Go. Otherwise it is as if it weren't there.
    let keepsEmpty: Bool
    /// Whether somebody can own it; the server's own fields nobody owns.
    let isOwned: Bool
    /// Whether a client's value counts; status doesn't.
    let isWritable: Bool
    /// What Go calls the type, in messages of wrong types.
    let goType: String
    /// `f:` and the name, as sets of fields call it.
    let element: String

    init(
        _ name: String, _ shape: Shape, keepsEmpty: Bool = false, isOwned: Bool = true,
        isWritable: Bool = true, goType: String? = nil
    ) {
        self.name = name
        self.shape = shape
        self.keepsEmpty = keepsEmpty
        self.isOwned = isOwned
        self.isWritable = isWritable
        self.goType = goType ?? shape.goType
        element = "f:" + name
    }
}

/// An object with known members.
final class Structure: Sendable {
    /// What Go calls it: `LeaseSpec`, in `v1`.
    let goName: String
    /// In the order in which answers show them.
    let fields: [Field]
    /// Those that sets of fields have, in the order of their names: what somebody can own, and the metadata,
    /// below which somebody can.
    let owned: [Field]
    /// Owned as a whole.
    let isAtomic: Bool
    /// Members that a custom resource must have.
    let required: [String]

    init(_ goName: String, isAtomic: Bool = false, required: [String] = [], _ fields: [Field]) {
        self.goName = goName
        self.isAtomic = isAtomic
        self.required = required
        self.fields = fields
        owned = fields.filter { $0.isOwned || $0.name == "metadata" }.sorted { $0.name < $1.name }
    }

    func index(of name: String) -> Int? { index(of: name, near: 0) }

    /// The same, looked for from there on first: clients write members in the order of the structure, as a rule.
    func index(of name: String, near start: Int) -> Int? {
        let count = name.utf8.count
        func isNamed(_ index: Int) -> Bool {
            fields[index].name.utf8.count == count && fields[index].name == name
        }
        for index in start..<max(start, fields.count) where isNamed(index) { return index }
        for index in 0..<min(start, fields.count) where isNamed(index) { return index }
        return nil
    }

    func field(_ name: String) -> Field? { index(of: name).map { fields[$0] } }
}

extension Shape {
    /// The default name of the type in Go.
    var goType: String {
        switch self {
        case .string, .time, .microTime: "string"
        case .int32: "int32"
        case .int64: "int64"
        case .number: "float64"
        case .bool: "bool"
        case .map: "map[string]string"
        case .object(let structure): "v1." + structure.goName
        case .list(let element, _): "[]" + element.goType
        case .raw: ""
        }
    }

    /// Owned as one: there are no paths below it.
    var isLeaf: Bool {
        switch self {
        case .string, .int32, .int64, .number, .bool, .time, .microTime, .raw: true
        case .map: false
        case .object(let structure): structure.isAtomic
        case .list(_, .atomic): true
        case .list: false
        }
    }
}
