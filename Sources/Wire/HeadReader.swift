/// Reads a whole head, whose end is known, in one pass: request line, then field lines.
///
/// What decides the framing is met on the way and judged at the end, by `Framing`.
struct HeadReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let limits: Limits
    private var head = RequestHead()
    private var framing = Framing()
    private var authority: Range<Int>?
    private var at = 0

    /// `bytes` begins with the request line and ends with the empty line.
    static func read(
        _ bytes: UnsafeBufferPointer<UInt8>, limits: Limits
    ) throws(WireError) -> RequestHead {
        var reader = HeadReader(bytes: bytes, limits: limits)
        try reader.readRequestLine()
        try reader.readFields()
        try reader.framing.judge(bytes, authority: reader.authority, limits: limits, head: &reader.head)
        reader.head.bytes = Array(bytes)
        return reader.head
    }

    private init(bytes: UnsafeBufferPointer<UInt8>, limits: Limits) {
        self.bytes = bytes
        self.limits = limits
    }

    // RFC 9112 §3: method SP request-target SP HTTP-version, with exactly one space each. The
    // RFC lets a server be lenient about whitespace here, and says what that costs; this one isn't.
    private mutating func readRequestLine() throws(WireError) {
        while ByteSet.token.contains(bytes[at]) { at &+= 1 }
        guard at > 0, bytes[at] == .space else { throw .bad("the request line does not begin with a method") }
        head.methodEnd = UInt16(truncatingIfNeeded: at)
        head.method = method(0, at)
        let start = at &+ 1
        at = start
        while bytes[at] > .space, bytes[at] != 0x7F { at &+= 1 }
        guard bytes[at] == .space else { throw .bad("the request line has no HTTP version") }
        let target = start..<at
        guard target.count <= limits.targetBytes else { throw .targetTooLong }
        at &+= 1
        try readVersion()
        // RFC 9110 §9.3.6: CONNECT asks for a tunnel. Its authority-form is nothing this server has.
        if at > 8, equalsIgnoringCase(bytes, 0, Int(head.methodEnd), "connect") {
            throw WireError(status: 501, detail: "CONNECT is not implemented")
        }
        var reader = TargetReader(bytes)
        try reader.read(target, into: &head)
        authority = reader.authority
    }

    private mutating func readVersion() throws(WireError) {
        // RFC 9112 §2.3: HTTP-version is case-sensitive, one digit "." one digit.
        guard at &+ 10 <= bytes.count, matches(at, "HTTP/"), isDigit(bytes[at &+ 5]),
            bytes[at &+ 6] == UInt8(ascii: "."), isDigit(bytes[at &+ 7]), bytes[at &+ 8] == .cr,
            bytes[at &+ 9] == .lf
        else { throw .bad("the request line does not end in an HTTP version") }
        guard bytes[at &+ 5] == UInt8(ascii: "1"), bytes[at &+ 7] <= UInt8(ascii: "1") else {
            throw WireError(status: 505, detail: "this server speaks HTTP/1.1 and HTTP/1.0")
        }
        if bytes[at &+ 7] == UInt8(ascii: "0") { head.flags.insert(.http10) }
        at &+= 10
    }

    private func matches(_ start: Int, _ text: StaticString) -> Bool {
        for offset in 0..<text.utf8CodeUnitCount where bytes[start &+ offset] != text.utf8Start[offset] {
            return false
        }
        return true
    }

    private func method(_ start: Int, _ end: Int) -> RequestHead.Method {
        switch end &- start {
        case 3: matches(start, "GET") ? .get : matches(start, "PUT") ? .put : .other
        case 4: matches(start, "POST") ? .post : matches(start, "HEAD") ? .head : .other
        case 5: matches(start, "PATCH") ? .patch : matches(start, "TRACE") ? .trace : .other
        case 6: matches(start, "DELETE") ? .delete : .other
        case 7: matches(start, "OPTIONS") ? .options : .other
        default: .other
        }
    }

    private mutating func readFields() throws(WireError) {
        head.fields.reserveCapacity(12)
        while bytes[at] != .cr || bytes[at &+ 1] != .lf {
            guard head.fields.count < limits.headerCount else { throw .tooManyFields }
            let field = try readFieldLine(bytes, &at)
            head.fields.append(field)
            try framing.meet(field, bytes)
        }
    }
}

/// RFC 9112 §5: field-name ":" OWS field-value OWS CRLF. Leaves `at` behind the line.
/// The bytes must hold the line's LF, or a CRLF further on.
@inline(__always)
func readFieldLine(
    _ bytes: UnsafeBufferPointer<UInt8>, _ at: inout Int
) throws(WireError) -> RequestHead.Field {
    let nameStart = at
    while ByteSet.token.contains(bytes[at]) { at &+= 1 }
    let nameEnd = at
    guard nameEnd > nameStart, bytes[at] == UInt8(ascii: ":") else {
        throw badFieldName(bytes, nameStart, nameEnd)
    }
    at &+= 1
    while bytes[at] == .space || bytes[at] == .tab { at &+= 1 }
    let valueStart = at
    while isFieldValueByte(bytes[at]) { at &+= 1 }
    // §2.2: a bare CR is neither a line's end nor part of a value. CR, LF and NUL are the bytes of
    // RFC 9110 §5.5 that must not pass; the other controls have no business here either.
    guard bytes[at] == .cr, bytes[at &+ 1] == .lf else {
        throw .bad("a field value holds a control byte")
    }
    var valueEnd = at
    while valueEnd > valueStart, bytes[valueEnd &- 1] == .space || bytes[valueEnd &- 1] == .tab {
        valueEnd &-= 1
    }
    at &+= 2
    return RequestHead.Field(
        nameStart: UInt16(truncatingIfNeeded: nameStart), nameEnd: UInt16(truncatingIfNeeded: nameEnd),
        valueStart: UInt16(truncatingIfNeeded: valueStart), valueEnd: UInt16(truncatingIfNeeded: valueEnd))
}

@inline(never)
private func badFieldName(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> WireError {
    let blank = bytes[end] == .space || bytes[end] == .tab
    // §5.2: obs-fold. §5.1: no whitespace between name and colon. Both have smuggled requests.
    if blank, end == start { return .bad("a field is folded over several lines") }
    if blank { return .bad("there is space between a field's name and its colon") }
    return .bad("a field's name is not a token followed by a colon")
}
