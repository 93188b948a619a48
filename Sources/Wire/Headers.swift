/// The fields of an answer, rendered as they are added. Build those that are always the same once and
/// keep them: a copy is one reference.
///
/// `Content-Length`, `Transfer-Encoding`, `Connection` and `Date` are the encoder's; don't add them.
public struct Headers: Sendable, Equatable {
    public private(set) var bytes: [UInt8]

    public init() { bytes = [] }

    /// For so many bytes without growing.
    public init(capacity: Int) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    public init(contentType: StaticString) {
        bytes = []
        bytes.reserveCapacity(64)
        bytes.append("Content-Type: ")
        bytes.append(contentType)
        bytes.append("\r\n")
    }

    /// Control bytes in `value` become spaces: a value never ends its line (RFC 9110 §5.5).
    public mutating func add(_ name: StaticString, _ value: String) {
        bytes.append(name)
        bytes.append(": ")
        append(value)
        bytes.append("\r\n")
    }

    /// For a name that is only known at run time. It must be a token (RFC 9110 §5.1).
    public mutating func add(_ name: String, _ value: String) {
        bytes.append(contentsOf: name.utf8)
        bytes.append(": ")
        append(value)
        bytes.append("\r\n")
    }

    private mutating func append(_ value: String) {
        var value = value
        value.withUTF8 { field in
            if field.allSatisfy({ isFieldValueByte($0) }) {
                bytes.append(contentsOf: field)
            } else {
                for byte in field { bytes.append(isFieldValueByte(byte) ? byte : .space) }
            }
        }
    }

    public func adding(_ name: StaticString, _ value: String) -> Headers {
        var copy = self
        copy.add(name, value)
        return copy
    }

    public static let json = Headers(contentType: "application/json")
    public static let problem = Headers(contentType: "application/problem+json")
    public static let text = Headers(contentType: "text/plain; charset=utf-8")
}

extension [UInt8] {
    @inline(__always)
    mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends a number that isn't negative, in decimal.
    mutating func append(decimal value: Int) {
        precondition(value >= 0, "a length is never negative")
        if value < 10 {
            append(UInt8(truncatingIfNeeded: value) &+ 0x30)
            return
        }
        append(decimal: value / 10)
        append(UInt8(truncatingIfNeeded: value % 10) &+ 0x30)
    }

    /// Appends a number in hexadecimal, without leading zeros.
    mutating func append(hexadecimal value: Int) {
        precondition(value >= 0, "a length is never negative")
        if value >= 16 { append(hexadecimal: value >> 4) }
        let digit = UInt8(truncatingIfNeeded: value & 15)
        append(digit < 10 ? digit &+ 0x30 : digit &+ 0x57)
    }
}
