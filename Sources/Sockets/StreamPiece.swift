import Wire

/// A piece of a stream, framed once, that goes to many readers: the same bytes to each.
public struct StreamPiece: Sendable {
    /// As a chunk.
    private let chunk: [UInt8]
    /// Of it, what HTTP/1.0 is sent: the bytes alone.
    private let plain: Range<Int>

    public init(_ bytes: [UInt8]) {
        var encoder = ResponseEncoder()
        encoder.bytes.reserveCapacity(bytes.count + 20)
        encoder.appendChunk(bytes)
        chunk = encoder.bytes
        // RFC 9112 §7.1: a chunk ends with CRLF.
        plain = bytes.isEmpty ? 0..<0 : (chunk.count - 2 - bytes.count)..<(chunk.count - 2)
    }

    /// Of the bytes that are in it.
    public var count: Int { plain.count }

    func withBytes<Result>(isChunked: Bool, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        chunk.withUnsafeBytes { body(isChunked ? $0 : UnsafeRawBufferPointer(rebasing: $0[plain])) }
    }
}
