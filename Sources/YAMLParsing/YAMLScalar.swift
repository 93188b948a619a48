import CYAML
import JSON

/// A scalar, resolved as the reference's reader does: mostly YAML 1.1.
struct YAMLScalar {
    private let text: String
    private let isPlain: Bool
    private let tag: String

    /// - Precondition: the node is a scalar.
    init(_ node: YAMLReader.Node) {
        let scalar = node.pointee.data.scalar
        let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
        text = String(decoding: bytes, as: UTF8.self)
        isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
        tag =
            node.pointee.tag.map { String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self)) }
            ?? ""
    }

    /// - Throws: if the key is no scalar.
    init(key node: YAMLReader.Node) throws(YAMLParser.Fault) {
        guard node.pointee.type == YAML_SCALAR_NODE else {
            throw YAMLParser.Fault(
                message: "yaml: invalid map key: only texts, numbers and booleans are names")
        }
        self.init(node)
    }

    var isMerge: Bool { isPlain && text == "<<" }

    private static let prefix = "tag:yaml.org,2002:"

    var json: JSON {
        get throws(YAMLParser.Fault) {
            let resolved = Self.resolved(text)
            // libyaml gives every scalar without a tag that of a text.
            switch tag {
            case Self.prefix + "str": return isPlain ? resolved : .string(text)
            case Self.prefix + "null": return .null
            case Self.prefix + "bool", Self.prefix + "int", Self.prefix + "float": return resolved
            default: throw YAMLParser.Fault(message: "yaml: the tag \(tag) is not supported")
            }
        }
    }

    /// As the name of a member.
    var name: String {
        get throws(YAMLParser.Fault) {
            switch try json {
            case .string(let text): return text
            case .number(let number): return number.text
            case .bool(let flag): return flag ? "true" : "false"
            default: return isPlain && (text.isEmpty || text == "~") ? "null" : text
            }
        }
    }

    private static func resolved(_ text: String) -> JSON {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON":
            return .bool(true)
        case "false", "False", "FALSE", "n", "N", "no", "No", "NO", "off", "Off", "OFF":
            return .bool(false)
        default: return number(text) ?? .string(text)
        }
    }

    /// Decimal, octal with `0` or `0o`, hexadecimal, binary; underscores between digits; decimals.
    private static func number(_ text: String) -> JSON? {
        guard let first = text.utf8.first, "+-.0123456789".utf8.contains(first) else { return nil }
        let plain = text.filter { $0 != "_" }
        if let integer = integer(plain) { return .number(integer) }
        guard isDecimal(plain), let real = Double(plain), real.isFinite else { return nil }
        return .number(real)
    }

    private static func integer(_ text: String) -> Int64? {
        let isNegative = text.hasPrefix("-")
        let digits = isNegative || text.hasPrefix("+") ? String(text.dropFirst()) : text
        guard let first = digits.utf8.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return nil
        }
        let sign = isNegative ? "-" : ""
        for (prefix, radix) in [("0x", 16), ("0X", 16), ("0b", 2), ("0B", 2), ("0o", 8), ("0O", 8)] {
            if digits.hasPrefix(prefix) { return Int64(sign + digits.dropFirst(2), radix: radix) }
        }
        if digits.hasPrefix("0"), digits.count > 1 { return Int64(sign + digits, radix: 8) }
        return Int64(sign + digits)
    }

    /// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
    private static func isDecimal(_ text: String) -> Bool {
        var rest = Substring(text)
        func digits() -> Int {
            let count = rest.prefix { $0.isASCII && $0.isNumber }.count
            rest = rest.dropFirst(count)
            return count
        }
        if rest.first == "-" || rest.first == "+" { rest = rest.dropFirst() }
        let before = digits()
        if rest.first == "." {
            rest = rest.dropFirst()
            guard digits() > 0 || before > 0 else { return false }
        } else if before == 0 {
            return false
        }
        if rest.first == "e" || rest.first == "E" {
            rest = rest.dropFirst()
            if rest.first == "-" || rest.first == "+" { rest = rest.dropFirst() }
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }
}
