/// A JSON value, with what was written kept: the order of members, the text of numbers.
public enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSON])
    /// No name comes twice.
    case object([JSONMember])

    /// Parses exactly one value, with nothing behind it. See `JSONParser` for what is refused.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        var parser = JSONParser(bytes)
        self = try parser.document()
    }

    /// Parses as forgivingly as Go's decoder, which Kubernetes clients are used to: what can't be UTF-8
    /// becomes U+FFFD, and a name may come twice in an object. Whoever asks for this folds those names
    /// before the value goes anywhere else.
    public init(lenientlyParsing bytes: [UInt8]) throws(JSONError) {
        var parser = JSONParser(bytes, isLenient: true)
        self = try parser.document()
    }

    /// The member of that name; nil if there is none, or if this is no object.
    public subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        let count = name.utf8.count
        for index in members.indices
        where members[index].name.utf8.count == count && members[index].name == name {
            return members[index].value
        }
        return nil
    }

    /// The string; nil if it is something else.
    public var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The whole number; nil if it is something else.
    public var integer: Int64? {
        guard case .number(let number) = self else { return nil }
        return number.integer
    }

    /// A number's text, cut short for an error that shows it; of anything else its kind.
    public var numberText: String {
        guard case .number(let number) = self else { return kind }
        return number.text.utf8.count > 40 ? number.text.prefix(40) + "…" : number.text
    }

    /// The nearest Double; nil if it is no number, or beyond the largest.
    public var double: Double? {
        guard case .number(let number) = self else { return nil }
        return number.real
    }

    /// True or false; nil if it is something else.
    public var bool: Bool? {
        guard case .bool(let flag) = self else { return nil }
        return flag
    }

    /// The items; nil if it is no array.
    public var array: [JSON]? {
        guard case .array(let items) = self else { return nil }
        return items
    }

    /// The members, in the order in which they stand; nil if it is no object.
    public var members: [JSONMember]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    /// "a string", "an object" and so on: for an error that says what was found.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// One member of an object.
public struct JSONMember: Hashable, Sendable {
    public var name: String
    public var value: JSON

    public init(_ name: String, _ value: JSON) {
        self.name = name
        self.value = value
    }
}

/// A number as it was written: nothing is lost before somebody asks for a type.
public struct JSONNumber: Hashable, Sendable {
    /// Follows the grammar of RFC 8259 §6.
    public let text: String

    /// `text` has been checked.
    init(checked text: String) { self.text = text }

    public init(_ value: Int64) { text = String(value) }

    /// Exactly this number as an integer: of "17", and of "17.0" and "1.7e1" as well, which some
    /// languages write for it. Nil if it has a fraction or does not fit.
    public var integer: Int64? {
        if let value = Int64(text) { return value }
        guard let real = Double(text) else { return nil }
        // From 2^53 on a Double no longer tells one integer from the next.
        guard real.magnitude < 9_007_199_254_740_992 else { return nil }
        return Int64(exactly: real)
    }

    /// The nearest Double; nil if it is beyond the largest.
    public var real: Double? {
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }
}

/// Where the text stops being JSON, and why.
public struct JSONError: Error, Hashable, Sendable {
    /// Bytes before the fault.
    public var offset: Int
    public var what: String
}
