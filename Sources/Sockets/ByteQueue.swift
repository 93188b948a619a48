/// Bytes that have to wait: appended behind, taken from the front. Empty, it holds no memory.
struct ByteQueue {
    private var bytes: [UInt8] = []
    private var offset = 0

    var count: Int { bytes.count - offset }
    var isEmpty: Bool { bytes.isEmpty }

    mutating func append(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[offset...])) }
    }

    mutating func drop(_ count: Int) {
        offset += count
        if offset == bytes.count {
            bytes = []
            offset = 0
        } else if offset > 64 * 1024, offset > bytes.count / 2 {
            bytes.removeFirst(offset)
            offset = 0
        }
    }
}
