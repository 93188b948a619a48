/// RFC 9112 §7.1: the chunked coding, byte for byte, except for the data itself.
///
/// A size that two readers take for different numbers, a bare LF or a sloppy extension smuggles a
/// request as well as two lengths do, so the grammar is kept to the letter; "bad" whitespace (BWS)
/// around extensions is refused.
struct ChunkReader {
    private enum State {
        case size, extensionName, extensionValue, extensionToken, quoted, quotedPair, afterQuoted
        case sizeLineFeed, data, dataReturn, dataLineFeed, trailer, end
    }

    enum Step: Equatable {
        /// So many bytes of data come next, as far as there are any.
        case data(Int)
        case needsMore
        case end
    }

    private var state = State.size
    private var digits = 0
    private var remaining = 0
    private var total = 0
    private var extensionBytes = 0
    /// Whether the token being read is an extension's name, which "=" may follow, not its value.
    private var inName = false
    private var trailer: [UInt8] = []
    private var trailerLine = 0
    private var trailerFields = 0

    /// Reads on from `at`, which is left behind what was read. Data is left for the caller to take
    /// and report by `took`.
    mutating func step(
        _ bytes: UnsafeBufferPointer<UInt8>, _ at: inout Int, limits: Limits
    ) throws(WireError) -> Step {
        while at < bytes.count {
            if state == .data { return .data(min(remaining, bytes.count - at)) }
            let byte = bytes[at]
            at += 1
            if state == .trailer {
                if try trailerEnded(byte, limits: limits) { return .end }
            } else {
                try read(byte, limits: limits)
            }
        }
        return .needsMore
    }

    mutating func took(_ count: Int) {
        remaining -= count
        if remaining == 0 { state = .dataReturn }
    }

    private mutating func read(_ byte: UInt8, limits: Limits) throws(WireError) {
        switch state {
        case .size: try readSize(byte, limits: limits)
        case .sizeLineFeed:
            guard byte == .lf else { throw .bad("a chunk's size line ends in a bare CR") }
            state = remaining == 0 ? .trailer : .data
        case .dataReturn:
            guard byte == .cr else { throw .bad("a chunk is longer than its size") }
            state = .dataLineFeed
        case .dataLineFeed:
            guard byte == .lf else { throw .bad("a chunk ends in a bare CR") }
            state = .size
            digits = 0
        default: try readExtension(byte, limits: limits)
        }
    }

    private mutating func readSize(_ byte: UInt8, limits: Limits) throws(WireError) {
        if let digit = hexValue(byte) {
            // 15 digits can't overflow; more, even zeros, are there to confuse somebody.
            digits += 1
            guard digits <= 15 else { throw .bad("a chunk's size has too many digits") }
            remaining = remaining << 4 | Int(digit)
            return
        }
        guard digits > 0, byte == .cr || byte == UInt8(ascii: ";") else {
            throw .bad("a chunk's size is not a hexadecimal number")
        }
        guard remaining <= limits.bodyBytes - total else { throw .bodyTooLarge }
        total += remaining
        state = byte == .cr ? .sizeLineFeed : .extensionName
    }

    // §7.1.1: *( ";" chunk-ext-name [ "=" ( token / quoted-string ) ] ). All of it is ignored.
    private mutating func readExtension(_ byte: UInt8, limits: Limits) throws(WireError) {
        extensionBytes += 1
        guard extensionBytes <= limits.chunkExtensionBytes else {
            throw .bad("the chunk extensions are longer than this server accepts")
        }
        switch (state, byte) {
        case (.quoted, UInt8(ascii: "\"")): state = .afterQuoted
        case (.quoted, UInt8(ascii: "\\")): state = .quotedPair
        case (.quoted, _) where isFieldValueByte(byte): break
        case (.quotedPair, _) where isFieldValueByte(byte): state = .quoted
        case (.extensionName, _) where ByteSet.token.contains(byte):
            state = .extensionToken
            inName = true
        case (.extensionValue, UInt8(ascii: "\"")): state = .quoted
        case (.extensionValue, _) where ByteSet.token.contains(byte): state = .extensionToken
        case (.extensionToken, _) where ByteSet.token.contains(byte): break
        case (.extensionToken, UInt8(ascii: "=")) where inName:
            state = .extensionValue
            inName = false
        case (.extensionToken, UInt8(ascii: ";")), (.afterQuoted, UInt8(ascii: ";")): state = .extensionName
        case (.extensionToken, .cr), (.afterQuoted, .cr): state = .sizeLineFeed
        default: throw .bad("a chunk extension is malformed")
        }
    }

    // §7.1.2: the trailer section is checked as fields are, and dropped.
    private mutating func trailerEnded(_ byte: UInt8, limits: Limits) throws(WireError) -> Bool {
        trailer.append(byte)
        guard trailer.count <= limits.trailerBytes + 2 else { throw .headTooLarge }
        guard byte == .lf else { return false }
        let start = trailerLine
        trailerLine = trailer.count
        guard trailer.count - start >= 2, trailer[trailer.count - 2] == .cr else { throw .bareLineFeed }
        if trailer.count - start == 2 {
            trailer = []
            state = .end
            return true
        }
        trailerFields += 1
        guard trailerFields <= limits.headerCount else { throw .tooManyFields }
        try checkTrailer(from: start)
        return false
    }

    private func checkTrailer(from start: Int) throws(WireError) {
        let line = trailer
        let refusal: WireError? = line.withUnsafeBufferPointer { bytes in
            var at = start
            do throws(WireError) {
                let field = try readFieldLine(bytes, &at)
                var framing = Framing()
                try framing.meet(field, bytes)
                // RFC 9110 §6.5.1: what frames or routes a message can't come after it.
                return framing.isEmpty ? nil : .bad("a trailer holds a field that frames the message")
            } catch {
                return error
            }
        }
        if let refusal { throw refusal }
    }
}
