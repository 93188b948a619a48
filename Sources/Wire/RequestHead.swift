/// A request line and its fields, checked. Offsets into one copy of the bytes: nothing becomes a
/// `String` before somebody asks.
public struct RequestHead: Sendable {
    public enum Method: UInt8, Sendable {
        case get, head, post, put, patch, delete, options, trace
        /// A token that this parser has no name for; see `methodName`. Methods are case-sensitive.
        case other
    }

    /// RFC 9112 §6: what follows the head.
    public enum BodyFraming: Equatable, Sendable {
        case none
        /// `Content-Length`, never 0.
        case length(Int)
        case chunked
    }

    struct Field: Sendable {
        var nameStart: UInt16
        var nameEnd: UInt16
        var valueStart: UInt16
        var valueEnd: UInt16
    }

    struct Flags: OptionSet, Sendable {
        let rawValue: UInt8
        static let keepAlive = Flags(rawValue: 1)
        static let expectsContinue = Flags(rawValue: 2)
        static let http10 = Flags(rawValue: 4)
        static let percent = Flags(rawValue: 8)
    }

    var bytes: [UInt8] = []
    var fields: [Field] = []
    public internal(set) var framing: BodyFraming = .none
    var methodEnd: UInt16 = 0
    var pathStart: UInt16 = 0
    var pathEnd: UInt16 = 0
    var queryStart: UInt16 = 0
    var queryEnd: UInt16 = 0
    public internal(set) var method: Method = .other
    var flags: Flags = []

    init() {}

    /// The method as it was sent.
    public var methodName: String { text(0, methodEnd) }
    /// RFC 9112 §9.3: whether the connection may carry another request after this one.
    public var keepAlive: Bool { flags.contains(.keepAlive) }
    /// The client waits for `100 Continue` before it sends the body.
    public var expectsContinue: Bool { flags.contains(.expectsContinue) }
    /// HTTP/1.0: no chunked answer, no interim answer, keep-alive only if asked for.
    public var isHTTP10: Bool { flags.contains(.http10) }
    public var hasBody: Bool { framing != .none }

    /// How many fields there are, in the order in which they were sent.
    public var fieldCount: Int { fields.count }
    public func fieldName(_ index: Int) -> String { text(fields[index].nameStart, fields[index].nameEnd) }
    public func fieldValue(_ index: Int) -> String { text(fields[index].valueStart, fields[index].valueEnd) }

    /// The first value of the field, without the space around it. `name` in lower case.
    public subscript(name: StaticString) -> String? {
        index(of: name).map { fieldValue($0) }
    }

    /// Every value of the field, in order. `name` in lower case.
    public func values(_ name: StaticString) -> [String] {
        fields.indices.filter { matches(fields[$0], name) }.map { fieldValue($0) }
    }

    /// Whether the first value of the field equals `value`, whatever the case. Both in lower case.
    /// Makes no `String`.
    public func field(_ name: StaticString, is value: StaticString) -> Bool {
        guard let index = index(of: name) else { return false }
        return equal(fields[index].valueStart, fields[index].valueEnd, value)
    }

    /// The bytes of the first value of the field, for as long as `body` runs. `name` in lower case.
    public func withValue<Result>(
        _ name: StaticString, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) rethrows -> Result? {
        guard let index = index(of: name) else { return nil }
        let range = Int(fields[index].valueStart)..<Int(fields[index].valueEnd)
        return try bytes.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[range])) }
    }

    private func index(of name: StaticString) -> Int? {
        fields.firstIndex { matches($0, name) }
    }

    private func matches(_ field: Field, _ name: StaticString) -> Bool {
        equal(field.nameStart, field.nameEnd, name)
    }

    private func equal(_ start: UInt16, _ end: UInt16, _ other: StaticString) -> Bool {
        bytes.withUnsafeBufferPointer { equalsIgnoringCase($0, Int(start), Int(end), other) }
    }

    /// Field values may hold obs-text; what is not UTF-8 becomes U+FFFD.
    func text(_ start: UInt16, _ end: UInt16) -> String {
        bytes.withUnsafeBufferPointer {
            String(decoding: UnsafeBufferPointer(rebasing: $0[Int(start)..<Int(end)]), as: UTF8.self)
        }
    }
}

/// Whether `bytes[start..<end]` is `other` (given in lower case), whatever the case.
@inline(__always)
func equalsIgnoringCase(
    _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, _ other: StaticString
) -> Bool {
    let count = other.utf8CodeUnitCount
    guard end &- start == count else { return false }
    let expected = other.utf8Start
    var offset = 0
    while offset < count {
        guard lowercased(bytes[start &+ offset]) == expected[offset] else { return false }
        offset &+= 1
    }
    return true
}
