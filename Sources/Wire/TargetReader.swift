/// RFC 9112 §3.2: the four forms of a request target.
///
/// Two readers that disagree about a path let a request past one of them. So nothing is normalised
/// here: a dot segment, a control byte or a bad percent-encoding is refused.
struct TargetReader {
    let bytes: UnsafeBufferPointer<UInt8>
    /// Where an absolute-form names its authority, for the comparison with `Host`.
    private(set) var authority: Range<Int>?
    private var sawPercent = false

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func read(_ range: Range<Int>, into head: inout RequestHead) throws(WireError) {
        guard let first = range.first.map({ bytes[$0] }) else { throw .bad("the request target is empty") }
        var at = range.lowerBound
        if first == UInt8(ascii: "*"), range.count == 1 {
            // §3.2.4: the asterisk-form is for OPTIONS alone.
            guard head.method == .options else { throw .bad("the target * is for OPTIONS only") }
            set(&head, path: range, query: range.upperBound..<range.upperBound)
            return
        }
        if first != UInt8(ascii: "/") { at = try readAuthority(range, method: head.method) }
        let pathStart = at
        at = try readPath(at, range.upperBound)
        let pathEnd = at
        var query = at..<at
        if at < range.upperBound {
            query = (at + 1)..<range.upperBound
            try readQuery(query)
        }
        if sawPercent {
            head.flags.insert(.percent)
            try checkUTF8(pathStart..<range.upperBound)
        }
        set(&head, path: pathStart..<pathEnd, query: query)
    }

    private func set(_ head: inout RequestHead, path: Range<Int>, query: Range<Int>) {
        head.pathStart = UInt16(truncatingIfNeeded: path.lowerBound)
        head.pathEnd = UInt16(truncatingIfNeeded: path.upperBound)
        head.queryStart = UInt16(truncatingIfNeeded: query.lowerBound)
        head.queryEnd = UInt16(truncatingIfNeeded: query.upperBound)
    }

    /// §3.2.2: the absolute-form, which a server must accept. Returns where its path begins.
    private mutating func readAuthority(
        _ range: Range<Int>, method: RequestHead.Method
    ) throws(WireError) -> Int {
        let start: Int
        if begins(range, with: "http://") {
            start = range.lowerBound + 7
        } else if begins(range, with: "https://") {
            start = range.lowerBound + 8
        } else {
            throw .bad("the request target is neither a path nor an http URI")
        }
        var end = start
        while end < range.upperBound, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") {
            end += 1
        }
        guard isAuthority(bytes, start, end) else { throw .bad("the target's host is malformed") }
        authority = start..<end
        return end
    }

    private func begins(_ range: Range<Int>, with scheme: StaticString) -> Bool {
        let end = range.lowerBound + scheme.utf8CodeUnitCount
        return end <= range.upperBound && equalsIgnoringCase(bytes, range.lowerBound, end, scheme)
    }

    /// Returns where the path ends: at "?" or the target's end.
    private mutating func readPath(_ start: Int, _ end: Int) throws(WireError) -> Int {
        var at = start
        var segment = start + 1
        while at < end {
            let byte = bytes[at]
            if ByteSet.path.contains(byte) {
                if byte == UInt8(ascii: "/") {
                    try refuseDots(segment, at)
                    segment = at + 1
                }
                at &+= 1
            } else if byte == UInt8(ascii: "%") {
                let value = try percentByte(at, end)
                guard value >= 0x20, value != 0x7F else { throw .bad("the path holds a control byte") }
                at &+= 3
            } else if byte == UInt8(ascii: "?") {
                break
            } else {
                throw .bad("the path holds a byte that must be percent-encoded")
            }
        }
        try refuseDots(segment, at)
        return at
    }

    private mutating func readQuery(_ range: Range<Int>) throws(WireError) {
        var at = range.lowerBound
        while at < range.upperBound {
            if ByteSet.query.contains(bytes[at]) {
                at &+= 1
            } else if bytes[at] == UInt8(ascii: "%") {
                guard try percentByte(at, range.upperBound) != 0 else { throw .bad("the query holds a NUL") }
                at &+= 3
            } else {
                throw .bad("the query holds a byte that must be percent-encoded")
            }
        }
    }

    private mutating func percentByte(_ at: Int, _ end: Int) throws(WireError) -> UInt8 {
        guard at + 2 < end, let high = hexValue(bytes[at + 1]), let low = hexValue(bytes[at + 2]) else {
            throw .bad("a % in the request target is not followed by two hexadecimal digits")
        }
        sawPercent = true
        return high << 4 | low
    }

    /// RFC 3986 §6.2.2.3: "." and "..", however they are written, are for the client to resolve.
    private func refuseDots(_ start: Int, _ end: Int) throws(WireError) {
        guard start < end, bytes[start] == UInt8(ascii: ".") || bytes[start] == UInt8(ascii: "%") else {
            return
        }
        let segment = percentDecoded(UnsafeBufferPointer(rebasing: bytes[start..<end]), plusIsSpace: false)
        let dot = UInt8(ascii: ".")
        if segment == [dot] || segment == [dot, dot] { throw .bad("the path holds a dot segment") }
    }

    /// Checked for each part on its own: a part must be text by itself once it is decoded.
    private func checkUTF8(_ range: Range<Int>) throws(WireError) {
        let separators: [UInt8] = [
            UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "&"), UInt8(ascii: "="),
        ]
        let parts = UnsafeBufferPointer(rebasing: bytes[range]).split { separators.contains($0) }
        for part in parts where part.contains(UInt8(ascii: "%")) {
            let decoded = percentDecoded(UnsafeBufferPointer(rebasing: part), plusIsSpace: false)
            guard String(validating: decoded, as: UTF8.self) != nil else {
                throw .bad("the request target does not decode to UTF-8")
            }
        }
    }
}

/// RFC 9110 §4.2: uri-host [":" port], without user information and never empty.
func isAuthority(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
    guard start < end else { return false }
    var at = start
    if bytes[at] == UInt8(ascii: "[") {
        at += 1
        let inside = at
        while at < end,
            hexValue(bytes[at]) != nil || bytes[at] == UInt8(ascii: ":") || bytes[at] == UInt8(ascii: ".")
        {
            at += 1
        }
        guard at > inside, at < end, bytes[at] == UInt8(ascii: "]") else { return false }
        at += 1
    } else {
        while at < end {
            if ByteSet.host.contains(bytes[at]) {
                at &+= 1
            } else if bytes[at] == UInt8(ascii: "%"), at + 2 < end,
                hexValue(bytes[at + 1]) != nil, hexValue(bytes[at + 2]) != nil
            {
                at &+= 3
            } else {
                break
            }
        }
        guard at > start else { return false }
    }
    if at == end { return true }
    // RFC 3986 §3.2.3: a port may be empty; one that is no port may not.
    guard bytes[at] == UInt8(ascii: ":"), end - at <= 6 else { return false }
    var port = 0
    for digit in bytes[(at + 1)..<end] {
        guard isDigit(digit) else { return false }
        port = port * 10 + Int(digit &- 0x30)
    }
    return port <= 65_535
}
