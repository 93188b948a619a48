/// Reads RFC 8259, strictly: what two parsers could understand in two ways is refused.
///
/// Refused, beside everything outside the grammar: a name that comes twice in an object, bytes
/// that are not UTF-8, half a surrogate pair, more than `depthMax` levels, anything but white
/// space behind the value, a byte order mark. Indices are checked; no input traps.
///
/// A lenient one lets the first three pass, as Go's decoder does: a name that comes twice is kept
/// twice, for the caller to fold, and what can't be UTF-8 becomes U+FFFD.
struct JSONParser {
    static let depthMax = 32
    /// Up to this many members, comparing each with each is cheaper than hashing.
    private static let membersCompared = 16

    let bytes: [UInt8]
    let isLenient: Bool
    var at = 0
    private var depth = 0

    init(_ bytes: [UInt8], isLenient: Bool = false) {
        self.bytes = bytes
        self.isLenient = isLenient
    }

    mutating func document() throws(JSONError) -> JSON {
        let value = try value()
        skipSpace()
        guard at == bytes.count else { throw fault("bytes after the end of the value") }
        return value
    }

    func fault(_ what: String) -> JSONError { JSONError(offset: at, what: what) }

    private mutating func value() throws(JSONError) -> JSON {
        skipSpace()
        guard at < bytes.count else { throw fault("the text ends where a value should begin") }
        switch bytes[at] {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return try nested { parser throws(JSONError) in try parser.object() }
        case UInt8(ascii: "["): return try nested { parser throws(JSONError) in try parser.array() }
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: throw fault("no value begins like this")
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(JSONError) -> JSON
    ) throws(JSONError) -> JSON {
        guard depth < Self.depthMax else { throw fault("nested deeper than \(Self.depthMax) levels") }
        depth += 1
        at += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func object() throws(JSONError) -> JSON {
        var members: [JSONMember] = []
        var seen: Set<String> = []
        if take(UInt8(ascii: "}")) { return .object(members) }
        members.reserveCapacity(8)
        repeat {
            skipSpace()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else {
                throw fault("a member's name in quotes is missing")
            }
            let start = at
            let name = try string()
            guard isLenient || isNew(name, members, &seen) else {
                throw JSONError(offset: start, what: "the name \"\(name)\" comes twice in one object")
            }
            guard take(UInt8(ascii: ":")) else { throw fault("a colon is missing") }
            members.append(JSONMember(name, try value()))
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw fault("a comma or the object's end is missing") }
        return .object(members)
    }

    // Many names are kept in a set: comparing each with each of a thousand would let one request
    // hold up everybody. Equal is what Swift calls equal, as in the dictionaries that names end up in.
    private func isNew(_ name: String, _ members: [JSONMember], _ seen: inout Set<String>) -> Bool {
        guard members.count >= Self.membersCompared else {
            return !members.contains { $0.name == name }
        }
        if seen.isEmpty { for member in members { seen.insert(member.name) } }
        return seen.insert(name).inserted
    }

    private mutating func array() throws(JSONError) -> JSON {
        var items: [JSON] = []
        if take(UInt8(ascii: "]")) { return .array(items) }
        repeat { items.append(try value()) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw fault("a comma or the array's end is missing") }
        return .array(items)
    }

    private mutating func literal(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let count = word.utf8CodeUnitCount
        guard at + count <= bytes.count else { throw fault("no value begins like this") }
        for offset in 0..<count where bytes[at + offset] != word.utf8Start[offset] {
            throw fault("no value begins like this")
        }
        at += count
        return value
    }

    /// RFC 8259 §6: no leading zero, no plus sign, digits on both sides of the point.
    private mutating func number() throws(JSONError) -> JSONNumber {
        let start = at
        if bytes[at] == UInt8(ascii: "-") { at += 1 }
        if at < bytes.count, bytes[at] == UInt8(ascii: "0") {
            at += 1
        } else {
            try digits()
        }
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            at += 1
            try digits()
        }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
            try digits()
        }
        return JSONNumber(checked: String(decoding: bytes[start..<at], as: UTF8.self))
    }

    private mutating func digits() throws(JSONError) {
        let start = at
        while at < bytes.count, bytes[at] &- UInt8(ascii: "0") < 10 { at &+= 1 }
        guard at > start else { throw fault("a digit is missing") }
    }

    /// Skips space, and the byte if it is there.
    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard at < bytes.count, bytes[at] == byte else { return false }
        at &+= 1
        return true
    }

    private mutating func skipSpace() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x0A, 0x0D, 0x09: at &+= 1
            default: return
            }
        }
    }
}
