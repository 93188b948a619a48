/// How much of anything one request may bring. Bytes, unless said otherwise.
public struct Limits: Sendable {
    /// The whole head: request line, every field and the empty line (431 above it).
    public let headBytes: Int
    /// The request target (414 above it).
    public let targetBytes: Int
    /// Field lines in a head, and again in a trailer section (431 above it).
    public let headerCount: Int
    /// The body, without its framing (413 above it).
    public let bodyBytes: Int
    /// Chunk extensions of one body, all together: they mean nothing here, so many are an attack.
    public let chunkExtensionBytes: Int
    /// The trailer section, which is checked and dropped.
    public let trailerBytes: Int

    public init(
        headBytes: Int = 16 * 1024, targetBytes: Int = 8 * 1024, headerCount: Int = 100,
        bodyBytes: Int = 1024 * 1024, chunkExtensionBytes: Int = 1024, trailerBytes: Int = 4 * 1024
    ) {
        precondition(headBytes <= Int(UInt16.max), "offsets into a head are kept in 16 bits")
        precondition(
            targetBytes > 0 && targetBytes + Limits.requestLineOverhead < headBytes,
            "a request line with the longest target must fit the head")
        precondition(headerCount > 0 && headerCount * 4 <= headBytes, "a field line has 4 bytes or more")
        precondition(bodyBytes >= 0 && bodyBytes <= 1 << 40, "a body's length must not overflow")
        precondition(chunkExtensionBytes >= 0 && trailerBytes >= 0)
        precondition(trailerBytes <= headBytes, "a trailer is a lesser head")
        self.headBytes = headBytes
        self.targetBytes = targetBytes
        self.headerCount = headerCount
        self.bodyBytes = bodyBytes
        self.chunkExtensionBytes = chunkExtensionBytes
        self.trailerBytes = trailerBytes
    }

    /// Room for a method, two spaces, the version and CRLF beside the target.
    static var requestLineOverhead: Int { 64 }
}
