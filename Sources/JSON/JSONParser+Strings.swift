/// RFC 8259 §7: strings.
extension JSONParser {
    /// `at` is on the opening quote; afterwards it is behind the closing one.
    mutating func string() throws(JSONError) -> String {
        let start = at + 1
        var index = start
        var seen: UInt8 = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                at = index + 1
                return try text(start, index, isASCII: seen < 0x80)
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            guard byte >= 0x20 else { throw control(at: index) }
            seen |= byte
            index &+= 1
        }
        throw JSONError(offset: start - 1, what: "a string without its closing quote")
    }

    /// `String(validating:)` looks up a generic type's metadata each time, which costs more than the
    /// string itself; ASCII needs no validation.
    private func text(_ start: Int, _ end: Int, isASCII: Bool) throws(JSONError) -> String {
        if isASCII { return String(decoding: bytes[start..<end], as: UTF8.self) }
        guard let text = String(validating: bytes[start..<end], as: UTF8.self) else {
            if isLenient { return String(decoding: bytes[start..<end], as: UTF8.self) }
            throw JSONError(offset: start, what: "a string that is not UTF-8")
        }
        return text
    }

    private func control(at index: Int) -> JSONError {
        JSONError(offset: index, what: "a control character in a string; escape it")
    }

    /// The slow way, for a string with an escape somewhere.
    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var plain: [UInt8] = []
        at = start
        while at < bytes.count {
            let byte = bytes[at]
            switch byte {
            case UInt8(ascii: "\""):
                at += 1
                if let text = String(validating: plain, as: UTF8.self) { return text }
                if isLenient { return String(decoding: plain, as: UTF8.self) }
                throw JSONError(offset: start, what: "a string that is not UTF-8")
            case UInt8(ascii: "\\"):
                try escape(into: &plain)
            case 0..<0x20:
                throw control(at: at)
            default:
                plain.append(byte)
                at &+= 1
            }
        }
        throw JSONError(offset: start - 1, what: "a string without its closing quote")
    }

    /// `at` is on the backslash; afterwards it is behind the escape.
    private mutating func escape(into plain: inout [UInt8]) throws(JSONError) {
        guard at + 1 < bytes.count else { throw fault("an escape without its letter") }
        switch bytes[at + 1] {
        case UInt8(ascii: "\""): plain.append(0x22)
        case UInt8(ascii: "\\"): plain.append(0x5C)
        case UInt8(ascii: "/"): plain.append(0x2F)
        case UInt8(ascii: "b"): plain.append(0x08)
        case UInt8(ascii: "f"): plain.append(0x0C)
        case UInt8(ascii: "n"): plain.append(0x0A)
        case UInt8(ascii: "r"): plain.append(0x0D)
        case UInt8(ascii: "t"): plain.append(0x09)
        case UInt8(ascii: "u"):
            let scalar = try scalar()
            plain.append(contentsOf: UTF8.encode(scalar)!)
            return
        default: throw fault("an escape that JSON does not have")
        }
        at += 2
    }

    /// One `\uXXXX`, or a pair of them. RFC 8259 §8.2 leaves half a pair to the reader; here it is
    /// refused, since no UTF-8 can carry it.
    private mutating func scalar() throws(JSONError) -> Unicode.Scalar {
        let first = try unit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        if isLenient { return try lenientPair(behind: first) }
        guard first < 0xDC00, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
            bytes[at + 1] == UInt8(ascii: "u")
        else { throw fault("half a surrogate pair") }
        let second = try unit()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(
                0x10000 + ((UInt32(first) - 0xD800) << 10 | (UInt32(second) - 0xDC00)))
        else { throw fault("half a surrogate pair") }
        return scalar
    }

    /// As Go does: half a pair is U+FFFD, and what stands behind it is read for itself.
    private mutating func lenientPair(behind first: UInt16) throws(JSONError) -> Unicode.Scalar {
        guard first < 0xDC00, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
            bytes[at + 1] == UInt8(ascii: "u")
        else { return "\u{FFFD}" }
        let start = at
        let second = try unit()
        guard (0xDC00...0xDFFF).contains(second) else {
            at = start
            return "\u{FFFD}"
        }
        return Unicode.Scalar(0x10000 + ((UInt32(first) - 0xD800) << 10 | (UInt32(second) - 0xDC00)))!
    }

    private mutating func unit() throws(JSONError) -> UInt16 {
        guard at + 6 <= bytes.count else { throw fault("\\u without four hexadecimal digits") }
        var unit: UInt16 = 0
        for byte in bytes[(at + 2)..<(at + 6)] {
            guard let digit = hexDigit(byte) else { throw fault("\\u without four hexadecimal digits") }
            unit = unit << 4 | UInt16(digit)
        }
        at += 6
        return unit
    }
}

/// The value of a hexadecimal digit of either case.
func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
