/// Finds the end of a head, going on where it stopped, and stops at what makes an end impossible: a
/// bare LF, a first byte that begins no method, too many bytes.
///
/// It judges bytes in their order, whatever was fed at a time, so that an error doesn't depend on it.
struct HeadScan {
    /// Where the request line begins.
    private(set) var start = 0
    private var at = 0
    private var line = 0
    private var lines = 0
    private var checkedFirst = false

    /// How far beyond the limit a head may be held: an empty line before it, and the byte too many.
    static var slack: Int { 3 }

    /// The offset behind the empty line, if it is there. `bytes` always begins at the same byte.
    mutating func findEnd(_ bytes: UnsafeBufferPointer<UInt8>, limits: Limits) throws(WireError) -> Int? {
        try checkFirst(bytes)
        while let feed = nextLineFeed(bytes) {
            try checkSize(feed + 1, limits)
            guard feed > 0, bytes[feed - 1] == .cr else { throw .bareLineFeed }
            let isEmpty = feed - line == 1
            line = feed + 1
            at = line
            if isEmpty, lines > 0 { return line }
            if isEmpty {
                // RFC 9112 §2.2: at least one empty line before a request is to be ignored, since
                // old clients sent one after a body. One is enough.
                guard start == 0 else { throw .bad("there are empty lines before the request") }
                start = line
                checkedFirst = false
                try checkFirst(bytes)
            } else {
                lines += 1
            }
        }
        at = bytes.count
        try checkSize(at, limits)
        return nil
    }

    private mutating func checkFirst(_ bytes: UnsafeBufferPointer<UInt8>) throws(WireError) {
        guard !checkedFirst, start < bytes.count else { return }
        checkedFirst = true
        let byte = bytes[start]
        if ByteSet.token.contains(byte) || byte == .cr || byte == .lf { return }
        // RFC 8446 §5.1: a TLS record that opens a connection is of type 22.
        throw .bad(byte == 22 ? "this is TLS, and this port speaks plain HTTP" : "this is not HTTP")
    }

    private func checkSize(_ end: Int, _ limits: Limits) throws(WireError) {
        if lines == 0, end - line > limits.targetBytes + Limits.requestLineOverhead { throw .targetTooLong }
        if end - start > limits.headBytes { throw .headTooLarge }
    }

    private func nextLineFeed(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var offset = at
        let count = bytes.count
        let base = UnsafeRawPointer(bytes.baseAddress!)
        // Eight bytes at a time: a byte of `word` is zero where there is an LF, and `&- ones` borrows
        // into that byte's highest bit.
        let ones: UInt64 = 0x0101_0101_0101_0101
        while offset &+ 8 <= count {
            let word = base.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ (ones &* 0x0A)
            let zeros = (word &- ones) & ~word & (ones &* 0x80)
            if zeros != 0 { return offset &+ UInt64(littleEndian: zeros).trailingZeroBitCount / 8 }
            offset &+= 8
        }
        while offset < count {
            if bytes[offset] == .lf { return offset }
            offset &+= 1
        }
        return nil
    }
}
