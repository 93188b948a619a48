/// The fields that say where a request ends and whom it is for, judged together.
///
/// Smuggling needs two readers that disagree about these. So whatever can be read in two ways is
/// refused, also where RFC 9112 would let a lenient server guess.
struct Framing {
    private var host: RequestHead.Field?
    private var length: RequestHead.Field?
    private var coding: RequestHead.Field?
    private var close = false
    private var keepAlive = false
    private var expectsContinue = false

    /// Looks at one field line on its own.
    @inline(__always)
    mutating func meet(_ field: RequestHead.Field, _ bytes: UnsafeBufferPointer<UInt8>) throws(WireError) {
        let start = Int(field.nameStart)
        let end = Int(field.nameEnd)
        switch end &- start {
        case 4 where equalsIgnoringCase(bytes, start, end, "host"):
            // RFC 9112 §3.2: more than one Host is a 400.
            guard host == nil else { throw .bad("there is more than one Host") }
            host = field
        case 6 where equalsIgnoringCase(bytes, start, end, "expect"):
            // RFC 9110 §10.1.1: the only expectation there is.
            guard equalsIgnoringCase(bytes, Int(field.valueStart), Int(field.valueEnd), "100-continue") else {
                throw WireError(status: 417, detail: "the only expectation known is 100-continue")
            }
            expectsContinue = true
        case 10 where equalsIgnoringCase(bytes, start, end, "connection"):
            meetConnection(field, bytes)
        case 14 where equalsIgnoringCase(bytes, start, end, "content-length"):
            // RFC 9112 §6.3: equal ones may be merged. Nobody sends them; refuse, don't guess.
            guard length == nil else { throw .bad("there is more than one Content-Length") }
            length = field
        case 17 where equalsIgnoringCase(bytes, start, end, "transfer-encoding"):
            guard coding == nil else { throw .bad("there is more than one Transfer-Encoding") }
            coding = field
        default: break
        }
    }

    /// RFC 9110 §7.6.1: a list of tokens, of which two matter here.
    private mutating func meetConnection(_ field: RequestHead.Field, _ bytes: UnsafeBufferPointer<UInt8>) {
        eachListItem(bytes, Int(field.valueStart)..<Int(field.valueEnd)) { item in
            if equalsIgnoringCase(bytes, item.lowerBound, item.upperBound, "close") { close = true }
            if equalsIgnoringCase(bytes, item.lowerBound, item.upperBound, "keep-alive") { keepAlive = true }
        }
    }

    /// Whether none of them was met that frames or routes.
    var isEmpty: Bool { host == nil && length == nil && coding == nil }

    /// Looks at all of them together.
    func judge(
        _ bytes: UnsafeBufferPointer<UInt8>, authority: Range<Int>?, limits: Limits,
        head: inout RequestHead
    ) throws(WireError) {
        let http10 = head.isHTTP10
        try judgeHost(bytes, authority: authority, http10: http10)
        if let coding {
            // RFC 9112 §6.1: both is the classic smuggle; and in HTTP/1.0 the framing is faulty.
            guard length == nil else { throw .bad("there are both Content-Length and Transfer-Encoding") }
            guard !http10 else { throw .bad("HTTP/1.0 has no Transfer-Encoding") }
            try judgeCoding(bytes, Int(coding.valueStart)..<Int(coding.valueEnd))
            head.framing = .chunked
        } else if let length {
            let value = try contentLength(bytes, Int(length.valueStart)..<Int(length.valueEnd))
            guard value <= limits.bodyBytes else { throw .bodyTooLarge }
            head.framing = value == 0 ? .none : .length(value)
        } else if head.method == .post || head.method == .put || head.method == .patch {
            // RFC 9110 §8.6: these say a length, be it 0. Without one there is no body, by RFC 9112
            // §6.3, and a body that came all the same would be read as the next request.
            throw WireError(
                status: 411,
                detail:
                    "the request has neither Content-Length nor chunks; without a body it says Content-Length: 0"
            )
        }
        // RFC 9112 §9.3: "close" wins; 1.1 persists, 1.0 only if it asks to.
        if !close, !http10 || keepAlive { head.flags.insert(.keepAlive) }
        // RFC 9110 §10.1.1: an expectation in HTTP/1.0 or without a body is ignored.
        if expectsContinue, !http10, head.framing != .none { head.flags.insert(.expectsContinue) }
    }

    private func judgeHost(
        _ bytes: UnsafeBufferPointer<UInt8>, authority: Range<Int>?, http10: Bool
    ) throws(WireError) {
        guard let host else {
            // RFC 9112 §3.2: HTTP/1.1 must name its host.
            guard http10 else { throw .bad("there is no Host") }
            return
        }
        let start = Int(host.valueStart)
        let end = Int(host.valueEnd)
        guard isAuthority(bytes, start, end) else { throw .bad("the Host is malformed") }
        guard let authority else { return }
        // §3.2.2: with an absolute-form the target's authority counts and a proxy replaces Host. One
        // that differs was meant for two readers.
        guard authority.count == end - start,
            zip(bytes[authority], bytes[start..<end]).allSatisfy({ lowercased($0) == lowercased($1) })
        else { throw .bad("the Host differs from the target's") }
    }

    private func judgeCoding(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) throws(WireError) {
        if equalsIgnoringCase(bytes, range.lowerBound, range.upperBound, "chunked") { return }
        var chunked = 0
        var lastIsChunked = false
        eachListItem(bytes, range) { item in
            lastIsChunked = equalsIgnoringCase(bytes, item.lowerBound, item.upperBound, "chunked")
            if lastIsChunked { chunked += 1 }
        }
        // RFC 9112 §6.1, §6.3: chunked comes once and last, or the length can't be known.
        guard lastIsChunked, chunked == 1 else {
            throw .bad("the Transfer-Encoding does not end in one chunked")
        }
        throw WireError(status: 501, detail: "no transfer coding but chunked is implemented")
    }

    /// RFC 9110 §8.6: digits, and nothing but digits: no sign, no list, no space.
    private func contentLength(
        _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>
    ) throws(WireError) -> Int {
        guard !range.isEmpty else { throw .bad("the Content-Length is empty") }
        var value = 0
        for byte in bytes[range] {
            guard isDigit(byte) else { throw .bad("the Content-Length is not a number") }
            // Saturates: whatever is so long is too long.
            value = min(value, 1 << 50) &* 10 &+ Int(byte &- 0x30)
        }
        return value
    }
}

/// RFC 9110 §5.6.1: the items of a comma-separated list, without the space around them. Empty ones
/// are skipped, as a recipient must.
func eachListItem(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ visit: (Range<Int>) -> Void) {
    var start = range.lowerBound
    while start < range.upperBound {
        var stop = start
        while stop < range.upperBound, bytes[stop] != UInt8(ascii: ",") { stop += 1 }
        var first = start
        var last = stop
        while first < last, bytes[first] == .space || bytes[first] == .tab { first += 1 }
        while last > first, bytes[last - 1] == .space || bytes[last - 1] == .tab { last -= 1 }
        if first < last { visit(first..<last) }
        start = stop + 1
    }
}
