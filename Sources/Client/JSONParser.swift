extension JSON {
    /// Nil when the bytes are anything but one JSON value. RFC 8259, strictly;
    /// bytes that aren't UTF-8 become U+FFFD.
    public init?(parsing bytes: some Sequence<UInt8>) {
        var parser = JSONParser(bytes: Array(bytes))
        guard let value = parser.value(depth: 0), parser.isAtEnd else { return nil }
        self = value
    }

    public init?(parsing text: String) { self.init(parsing: text.utf8) }
}

/// Recursive descent, with a limit of depth: a server that isn't ours may say anything.
private struct JSONParser {
    let bytes: [UInt8]
    var at = 0
    static let depthMax = 64

    init(bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { at += 1 }
    }

    var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return at == bytes.count
        }
    }

    private mutating func take(_ word: StaticString) -> Bool {
        let letters = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard bytes[at...].starts(with: letters) else { return false }
        at += letters.count
        return true
    }

    mutating func value(depth: Int) -> JSON? {
        guard depth < Self.depthMax else { return nil }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return object(depth)
        case UInt8(ascii: "["): return array(depth)
        case UInt8(ascii: "\""): return string().map { .string($0) }
        case UInt8(ascii: "t"): return take("true") ? .bool(true) : nil
        case UInt8(ascii: "f"): return take("false") ? .bool(false) : nil
        case UInt8(ascii: "n"): return take("null") ? .null : nil
        default: return number()
        }
    }

    private mutating func object(_ depth: Int) -> JSON? {
        var members: [JSON.Member] = []
        at += 1
        skipSpace()
        if take("}") { return .object(members) }
        while true {
            skipSpace()
            guard let name = string() else { return nil }
            skipSpace()
            guard take(":"), let value = value(depth: depth + 1) else { return nil }
            members.append(JSON.Member(name, value))
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { return nil }
        }
    }

    private mutating func array(_ depth: Int) -> JSON? {
        var items: [JSON] = []
        at += 1
        skipSpace()
        if take("]") { return .array(items) }
        while true {
            guard let item = value(depth: depth + 1) else { return nil }
            items.append(item)
            skipSpace()
            if take("]") { return .array(items) }
            guard take(",") else { return nil }
        }
    }

    private mutating func string() -> String? {
        guard take("\"") else { return nil }
        var text: [UInt8] = []
        while let byte = next {
            at += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let scalar = escape() else { return nil }
                text += Array(String(scalar).utf8)
            case 0..<0x20: return nil
            default: text.append(byte)
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        guard let letter = next else { return nil }
        at += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return unicode()
        default: return nil
        }
    }

    /// RFC 8259 §7: beyond the basic plane, a pair of surrogates.
    private mutating func unicode() -> Unicode.Scalar? {
        guard let high = hex4() else { return nil }
        guard (0xd800..<0xdc00).contains(high) else { return Unicode.Scalar(high) ?? "\u{fffd}" }
        guard take("\\u"), let low = hex4(), (0xdc00..<0xe000).contains(low) else { return "\u{fffd}" }
        return Unicode.Scalar(0x10000 + (high - 0xd800) << 10 + (low - 0xdc00))
    }

    private mutating func hex4() -> UInt32? {
        guard at + 4 <= bytes.count else { return nil }
        let digits = String(decoding: bytes[at..<at + 4], as: UTF8.self)
        at += 4
        return digits.allSatisfy(\.isHexDigit) ? UInt32(digits, radix: 16) : nil
    }

    /// RFC 8259 §6.
    private mutating func number() -> JSON? {
        let start = at
        _ = take("-")
        let whole = digits()
        if whole == 0 || (whole > 1 && bytes[at - whole] == UInt8(ascii: "0")) { return nil }
        if take("."), digits() == 0 { return nil }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            if digits() == 0 { return nil }
        }
        return .number(String(decoding: bytes[start..<at], as: UTF8.self))
    }

    private mutating func digits() -> Int {
        let start = at
        while let byte = next, byte >= 48, byte <= 57 { at += 1 }
        return at - start
    }
}
