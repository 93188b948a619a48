/// Writes JSON behind one another into `bytes`, with no white space.
///
/// Whether a comma is due is seen from the last byte, so there is no state to get wrong: a value or
/// a member begins behind `{`, `[`, `:`, a line feed or nothing, or else behind a comma.
public struct JSONWriter: Sendable {
    public var bytes: [UInt8] = []

    public init(capacity: Int = 768) { bytes.reserveCapacity(capacity) }

    /// `{` … `}`.
    @inline(__always)
    public mutating func object(_ body: (inout JSONWriter) -> Void) {
        comma()
        bytes.append(UInt8(ascii: "{"))
        body(&self)
        bytes.append(UInt8(ascii: "}"))
    }

    /// `[` … `]`.
    public mutating func array<Items: Sequence>(
        _ items: Items, _ each: (inout JSONWriter, Items.Element) -> Void
    ) {
        comma()
        bytes.append(UInt8(ascii: "["))
        for item in items { each(&self, item) }
        bytes.append(UInt8(ascii: "]"))
    }

    /// The same up to the one with which the array exceeds so many bytes. Returns how many were written.
    public mutating func array<Items: Collection>(
        _ items: Items, upTo bytesMax: Int, _ each: (inout JSONWriter, Items.Element) -> Void
    ) -> Int {
        var count = 0
        comma()
        let end = bytes.count + bytesMax
        bytes.append(UInt8(ascii: "["))
        for item in items {
            each(&self, item)
            count += 1
            if bytes.count > end { break }
        }
        bytes.append(UInt8(ascii: "]"))
        return count
    }

    /// A member's name, which has nothing in it to escape. Its value has to follow.
    @inline(__always)
    public mutating func name(_ name: StaticString) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    /// A member's name, whatever is in it. Its value has to follow.
    public mutating func name(text: String) {
        value(text)
        bytes.append(UInt8(ascii: ":"))
    }

    /// What is written already, in one piece.
    public mutating func raw(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    public mutating func value(_ text: String) {
        comma()
        quote(text)
    }

    public mutating func value(_ number: Int64) {
        comma()
        bytes.append(decimal: number)
    }

    public mutating func value(_ flag: Bool) {
        comma()
        raw(flag ? "true" : "false")
    }

    /// A value that was parsed, or built, as a tree.
    public mutating func value(_ json: JSON) {
        switch json {
        case .null:
            comma()
            raw("null")
        case .bool(let flag): value(flag)
        case .number(let number):
            comma()
            bytes.append(contentsOf: number.text.utf8)
        case .string(let text): value(text)
        case .array(let items): array(items) { $0.value($1) }
        case .object(let members):
            object { writer in
                for member in members {
                    writer.name(text: member.name)
                    writer.value(member.value)
                }
            }
        }
    }

    /// A comma, where one is due before what is appended to `bytes` next.
    @inline(__always)
    public mutating func comma() {
        guard let last = bytes.last else { return }
        switch last {
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"), UInt8(ascii: "\n"): return
        default: bytes.append(UInt8(ascii: ","))
        }
    }

    /// RFC 8259 §7: a quote, a backslash and control characters are escaped. So is DEL, which RFC 8259
    /// would let pass, because answers are shown on terminals.
    mutating func quote(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            var plain = 0
            while plain < utf8.count, !needsEscape(utf8[plain]) { plain &+= 1 }
            bytes.append(UInt8(ascii: "\""))
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[..<plain]))
            for byte in utf8[plain...] { appendEscaped(byte) }
            bytes.append(UInt8(ascii: "\""))
        }
    }

    private mutating func appendEscaped(_ byte: UInt8) {
        guard needsEscape(byte) else { return bytes.append(byte) }
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        default:
            raw("u00")
            bytes.append(hexadecimal: byte)
        }
    }
}

@inline(__always)
private func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F
}
