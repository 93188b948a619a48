import JSON

/// What messages of the reference owe to the language it is written in. Clients show them, and some match them.
public enum Go {
    /// `%q`: in double quotes, with escapes for what would not print.
    public static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\u{7}": out += "\\a"
            case "\u{8}": out += "\\b"
            case "\u{C}": out += "\\f"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case "\u{B}": out += "\\v"
            case "\u{0}"..<" ", "\u{7F}": out += "\\x" + hexadecimal(scalar, digits: 2)
            case _ where !isPrintable(scalar):
                out +=
                    scalar.value > 0xFFFF
                    ? "\\U" + hexadecimal(scalar, digits: 8) : "\\u" + hexadecimal(scalar, digits: 4)
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    /// `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols, and the ASCII space.
    static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
            false
        case .spaceSeparator: scalar == " "
        default: true
        }
    }

    private static func hexadecimal(_ scalar: Unicode.Scalar, digits: Int) -> String {
        let text = String(scalar.value, radix: 16)
        return String(repeating: "0", count: digits - text.count) + text
    }

    /// A value as faults show it: texts in quotes, numbers bare, all else as JSON.
    static func shown(_ value: JSON) -> String {
        if case .string(let text) = value { return quoted(text) }
        return value.text
    }

    /// `%v` of what `encoding/json` makes of a value: `map[spec:map[nosuchField:1]]`, keys in order.
    static func printed(_ value: JSON) -> String {
        switch value {
        case .null: "<nil>"
        case .bool(let flag): flag ? "true" : "false"
        case .number(let number): number.text
        case .string(let text): text
        case .array(let items): "[" + items.map(printed).joined(separator: " ") + "]"
        case .object(let members):
            "map["
                + members.sorted { $0.name < $1.name }.map { "\($0.name):\(printed($0.value))" }
                .joined(separator: " ") + "]"
        }
    }

    /// What `encoding/json` calls a value it can't put somewhere.
    static func word(_ value: JSON) -> String {
        switch value {
        case .null: "null"
        case .bool: "bool"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    /// `strconv.ParseUint(text, 10, 64)`.
    /// - Throws: 500 with the words of Go, which is what a real server makes of it.
    static func unsigned(_ text: String) throws(Refusal) -> UInt64 {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) else {
            throw .unexpected("strconv.ParseUint: parsing \(quoted(text)): invalid syntax")
        }
        guard let number = UInt64(text) else {
            throw .unexpected("strconv.ParseUint: parsing \(quoted(text)): value out of range")
        }
        return number
    }
}
