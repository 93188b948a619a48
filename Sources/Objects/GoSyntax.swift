/// What Go's `encoding/json` says of a text that is no JSON. Only asked for once a text has been refused.
///
/// A second reader, for errors alone: it walks through the text as Go's scanner does, one byte after the
/// other, and stops where that one would stop.
struct GoSyntax {
    private let bytes: [UInt8]
    private var at = 0
    private var depth = 0
    /// Go's own is 10,000; more than `JSONParser` reads is told in the same words.
    private static let depthMax = 32

    /// The message. A text that Go would read, and our parser didn't, is nested too deep.
    static func fault(in bytes: [UInt8]) -> String {
        var syntax = GoSyntax(bytes: bytes)
        do throws(Fault) {
            try syntax.value("looking for beginning of value")
            syntax.skipSpace()
            if let byte = syntax.peek { throw syntax.invalid(byte, "after top-level value") }
            return "exceeded max depth"
        } catch {
            return error.text
        }
    }

    private struct Fault: Error { var text: String }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
    }

    private func invalid(_ byte: UInt8?, _ context: String) -> Fault {
        guard let byte else { return Fault(text: "unexpected end of JSON input") }
        return Fault(text: "invalid character \(Self.shown(byte)) \(context)")
    }

    /// In single quotes, which makes double quotes need no escape and single ones need it.
    private static func shown(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "'"): "'\\''"
        case UInt8(ascii: "\""): "'\"'"
        default: "'" + Go.quoted(String(Unicode.Scalar(byte))).dropFirst().dropLast() + "'"
        }
    }

    private mutating func value(_ context: String) throws(Fault) {
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): try nested { syntax throws(Fault) in try syntax.object() }
        case UInt8(ascii: "["): try nested { syntax throws(Fault) in try syntax.array() }
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): try number()
        default: throw invalid(peek, context)
        }
    }

    private mutating func nested(_ body: (inout GoSyntax) throws(Fault) -> Void) throws(Fault) {
        depth += 1
        guard depth <= Self.depthMax else { throw Fault(text: "exceeded max depth") }
        at += 1
        try body(&self)
        depth -= 1
    }

    private mutating func object() throws(Fault) {
        skipSpace()
        if peek == UInt8(ascii: "}") { return at += 1 }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else {
                throw invalid(peek, "looking for beginning of object key string")
            }
            try string()
            skipSpace()
            guard peek == UInt8(ascii: ":") else { throw invalid(peek, "after object key") }
            at += 1
            try value("looking for beginning of value")
            skipSpace()
            if peek == UInt8(ascii: "}") { return at += 1 }
            guard peek == UInt8(ascii: ",") else { throw invalid(peek, "after object key:value pair") }
            at += 1
        }
    }

    private mutating func array() throws(Fault) {
        skipSpace()
        if peek == UInt8(ascii: "]") { return at += 1 }
        while true {
            try value("looking for beginning of value")
            skipSpace()
            if peek == UInt8(ascii: "]") { return at += 1 }
            guard peek == UInt8(ascii: ",") else { throw invalid(peek, "after array element") }
            at += 1
        }
    }

    private mutating func literal(_ word: String) throws(Fault) {
        for letter in word.utf8 {
            guard peek == letter else {
                throw invalid(peek, "in literal \(word) (expecting '\(Unicode.Scalar(letter))')")
            }
            at += 1
        }
    }

    private mutating func string() throws(Fault) {
        at += 1
        while let byte = peek {
            at += 1
            switch byte {
            case UInt8(ascii: "\""): return
            case 0..<0x20:
                throw invalid(byte, "in string literal")
            case UInt8(ascii: "\\"): try escape()
            default: continue
            }
        }
        throw invalid(nil, "")
    }

    private mutating func escape() throws(Fault) {
        guard let byte = peek else { throw invalid(nil, "") }
        at += 1
        switch byte {
        case UInt8(ascii: "u"):
            for _ in 0..<4 {
                guard let digit = peek, Unicode.Scalar(digit).properties.isASCIIHexDigit else {
                    throw invalid(peek, "in \\u hexadecimal character escape")
                }
                at += 1
            }
        default:
            guard "\"\\/bfnrt".utf8.contains(byte) else { throw invalid(byte, "in string escape code") }
        }
    }

    private mutating func number() throws(Fault) {
        if peek == UInt8(ascii: "-") {
            at += 1
            guard isDigit(peek) else { throw invalid(peek, "in numeric literal") }
        }
        if peek == UInt8(ascii: "0") { at += 1 } else { skipDigits() }
        if peek == UInt8(ascii: ".") {
            at += 1
            guard isDigit(peek) else { throw invalid(peek, "after decimal point in numeric literal") }
            skipDigits()
        }
        if let byte = peek, byte | 0x20 == UInt8(ascii: "e") {
            at += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { at += 1 }
            guard isDigit(peek) else { throw invalid(peek, "in exponent of numeric literal") }
            skipDigits()
        }
    }

    private func isDigit(_ byte: UInt8?) -> Bool { byte.map { $0 &- UInt8(ascii: "0") < 10 } ?? false }

    private mutating func skipDigits() { while isDigit(peek) { at += 1 } }
}
