import Glibc

/// An answer, or one chunk of a streamed one. `body` is only there during the call.
struct Answer {
    var status: Int
    var body: UnsafeRawBufferPointer
    /// Nothing more of this answer comes.
    var isLast: Bool

    func has(_ text: StaticString) -> Bool { position(behind: text) != nil }

    /// The number behind a member's name: `"fencingToken":17`. The first one, if there are several.
    func number(_ name: StaticString) -> UInt64? {
        guard let start = position(behind: name) else { return nil }
        var value: UInt64?
        for byte in body[start...] {
            if byte >= 0x30 && byte <= 0x39 {
                value = (value ?? 0) * 10 + UInt64(byte - 0x30)
            } else if value != nil || (byte != 0x20 && byte != 0x3a) {
                break
            }
        }
        return value
    }

    private func position(behind text: StaticString) -> Int? {
        body.position(of: text).map { $0 + text.utf8CodeUnitCount }
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    static let token: StaticString = "\"fencingToken\":"

    /// Of a campaign, a renewal or a hold's end.
    func tokenOrThrow() throws(BenchError) -> UInt64 {
        guard status == 200, let token = number(Self.token) else { throw unexpected("a fencing token") }
        return token
    }

    func unexpected(_ wanted: String) -> BenchError {
        .answer("\(wanted) was expected, \(status) came: \(text.prefix(300))")
    }
}

/// The least that takes batond's answers apart. It trusts the daemon: this is no client for the world.
struct AnswerParser {
    private var kept: [UInt8] = []
    /// The status of a chunked answer that has begun.
    private var streaming: Int?

    mutating func take(_ bytes: UnsafeRawBufferPointer, _ say: (Answer) throws -> Void) throws {
        guard !kept.isEmpty else {
            let used = try parse(bytes, say)
            if used < bytes.count { kept.append(contentsOf: bytes[used...]) }
            return
        }
        var whole: [UInt8] = []
        swap(&whole, &kept)
        whole.append(contentsOf: bytes)
        let used = try whole.withUnsafeBytes { try parse($0, say) }
        // A long answer comes in many pieces: what is there is not copied for each of them.
        if used < whole.count { kept = used == 0 ? whole : Array(whole[used...]) }
    }

    /// How many bytes were whole answers or chunks.
    private mutating func parse(
        _ bytes: UnsafeRawBufferPointer, _ say: (Answer) throws -> Void
    ) throws -> Int {
        var used = 0
        while used < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[used...])
            let step = try streaming.map { try chunk(rest, $0, say) } ?? head(rest, say)
            guard step > 0 else { break }
            used += step
        }
        return used
    }

    private mutating func head(
        _ bytes: UnsafeRawBufferPointer, _ say: (Answer) throws -> Void
    ) throws -> Int {
        guard let end = bytes.position(of: "\r\n\r\n") else { return 0 }
        let size = end + 4
        guard size > 12 else { throw BenchError.answer("not an HTTP answer") }
        let status = bytes[9..<12].reduce(0) { $0 * 10 + Int($1) - 0x30 }
        guard let length = Self.length(in: bytes[..<size]) else {
            streaming = status
            return size
        }
        guard bytes.count >= size + length else { return 0 }
        let body = UnsafeRawBufferPointer(rebasing: bytes[size..<(size + length)])
        try say(Answer(status: status, body: body, isLast: true))
        return size + length
    }

    /// Of a Content-Length; nil: the answer comes in chunks.
    private static func length(in head: Slice<UnsafeRawBufferPointer>) -> Int? {
        let name: StaticString = "content-length:"
        let count = name.utf8CodeUnitCount
        var start = head.startIndex
        while start + count < head.endIndex {
            let isName = (0..<count).allSatisfy { head[start + $0] | 0x20 == name.utf8Start[$0] | 0x20 }
            if isName {
                let digits = head[(start + count)...].drop { $0 == 0x20 }.prefix { $0 >= 0x30 && $0 <= 0x39 }
                return digits.reduce(0) { $0 * 10 + Int($1) - 0x30 }
            }
            guard let line = head[start...].firstIndex(of: 0x0a) else { return nil }
            start = line + 1
        }
        return nil
    }

    private mutating func chunk(
        _ bytes: UnsafeRawBufferPointer, _ status: Int, _ say: (Answer) throws -> Void
    ) throws -> Int {
        guard let line = bytes.firstIndex(of: 0x0a), line > 0 else { return 0 }
        let digits = String(decoding: bytes[..<(line - 1)], as: UTF8.self)
        guard let size = Int(digits, radix: 16) else { throw BenchError.answer("not a chunk: \(digits)") }
        let end = line + 1 + size
        guard bytes.count >= end + 2 else { return 0 }
        if size == 0 { streaming = nil }
        let body = UnsafeRawBufferPointer(rebasing: bytes[(line + 1)..<end])
        try say(Answer(status: status, body: body, isLast: size == 0))
        return end + 2
    }
}

extension UnsafeRawBufferPointer {
    /// Where the text begins; nil: nowhere.
    func position(of text: StaticString) -> Int? {
        guard let base = baseAddress else { return nil }
        let size = text.utf8CodeUnitCount
        var start = 0
        while start + size <= count {
            guard let first = memchr(base + start, Int32(text.utf8Start[0]), count - size - start + 1) else {
                break
            }
            let place = UnsafeRawPointer(first) - base
            if memcmp(first, text.utf8Start, size) == 0 { return place }
            start = place + 1
        }
        return nil
    }
}
