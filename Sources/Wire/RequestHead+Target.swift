/// The request target, decoded on demand. The parser has checked it: every "%" begins two
/// hexadecimal digits, what they decode to is UTF-8 without NUL, and no segment is "." or "..".
extension RequestHead {
    /// The path as it was sent, still percent-encoded: "/", or "*" for `OPTIONS *`, at the least.
    public var path: String { pathStart == pathEnd ? "/" : text(pathStart, pathEnd) }

    /// The query as it was sent, without its "?"; empty if there is none.
    public var query: String { text(queryStart, queryEnd) }

    /// The path's segments, percent-decoded: "/a/b%2Fc" is ["a", "b/c"]. "/" has none; "/a/" ends in
    /// an empty one, and "//" is an empty one between two slashes: routes won't match those.
    public var pathSegments: [String] {
        var segments: [String] = []
        bytes.withUnsafeBufferPointer { bytes in
            var start = Int(pathStart) + 1
            let end = Int(pathEnd)
            guard start < end else { return }
            segments.reserveCapacity(8)
            var at = start
            while at <= end {
                if at == end || bytes[at] == UInt8(ascii: "/") {
                    segments.append(decoded(bytes, start, at, plusIsSpace: false))
                    start = at + 1
                }
                at += 1
            }
        }
        return segments
    }

    /// The query's items in order, decoded as a form: "+" is a space, as Go's and browsers' clients
    /// write it. An item without "=" has an empty value.
    public var queryItems: [(name: String, value: String)] {
        var items: [(name: String, value: String)] = []
        eachQueryItem { bytes, name, value in
            items.append(
                (
                    decoded(bytes, name.lowerBound, name.upperBound, plusIsSpace: true),
                    decoded(bytes, value.lowerBound, value.upperBound, plusIsSpace: true)
                ))
            return true
        }
        return items
    }

    /// The first value of the query's item of that name, decoded.
    public func query(_ name: String) -> String? {
        var found: String?
        eachQueryItem { bytes, itemName, value in
            guard decoded(bytes, itemName.lowerBound, itemName.upperBound, plusIsSpace: true) == name else {
                return true
            }
            found = decoded(bytes, value.lowerBound, value.upperBound, plusIsSpace: true)
            return false
        }
        return found
    }

    private func eachQueryItem(_ visit: (UnsafeBufferPointer<UInt8>, Range<Int>, Range<Int>) -> Bool) {
        guard queryStart < queryEnd else { return }
        bytes.withUnsafeBufferPointer { bytes in
            let end = Int(queryEnd)
            var start = Int(queryStart)
            while start < end {
                var stop = start
                var equals: Int?
                while stop < end, bytes[stop] != UInt8(ascii: "&") {
                    if equals == nil, bytes[stop] == UInt8(ascii: "=") { equals = stop }
                    stop += 1
                }
                if stop > start {
                    let name = start..<(equals ?? stop)
                    let value = (equals.map { $0 + 1 } ?? stop)..<stop
                    guard visit(bytes, name, value) else { return }
                }
                start = stop + 1
            }
        }
    }

    private func decoded(
        _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, plusIsSpace: Bool
    ) -> String {
        let part = UnsafeBufferPointer(rebasing: bytes[start..<end])
        let plain =
            !flags.contains(.percent) && !(plusIsSpace && part.contains(UInt8(ascii: "+")))
        if plain { return String(decoding: part, as: UTF8.self) }
        return String(decoding: percentDecoded(part, plusIsSpace: plusIsSpace), as: UTF8.self)
    }
}

/// Decodes what `TargetReader` has checked.
func percentDecoded(_ bytes: UnsafeBufferPointer<UInt8>, plusIsSpace: Bool) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count)
    var at = 0
    while at < bytes.count {
        let byte = bytes[at]
        if byte == UInt8(ascii: "%"), at + 2 < bytes.count,
            let high = hexValue(bytes[at + 1]), let low = hexValue(bytes[at + 2])
        {
            out.append(high << 4 | low)
            at += 3
        } else {
            out.append(plusIsSpace && byte == UInt8(ascii: "+") ? .space : byte)
            at += 1
        }
    }
    return out
}
