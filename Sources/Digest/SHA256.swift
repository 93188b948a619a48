/// SHA-256. FIPS 180-4 §6.2.
///
/// Give it the bytes in any pieces; `finish` answers once. Written here, since the
/// command that every pipeline downloads shouldn't need a TLS library for a name.
public struct SHA256: Sendable {
    public static let digestBytes = 32
    static let blockBytes = 64

    /// FIPS 180-4 §5.3.3: the fractional parts of the square roots of 2, 3, … 19.
    private var state: SIMD8<UInt32> = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a,
        0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    /// The beginning of a block that isn't whole yet.
    private var rest: [UInt8] = []
    private var length: UInt64 = 0

    public init() { rest.reserveCapacity(Self.blockBytes) }

    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        length += UInt64(bytes.count)
        var bytes = bytes[...]
        if !rest.isEmpty {
            let missing = bytes.prefix(Self.blockBytes - rest.count)
            rest.append(contentsOf: missing)
            bytes = bytes.dropFirst(missing.count)
            guard rest.count == Self.blockBytes else { return }
            rest.withUnsafeBytes { compress($0) }
            rest.removeAll(keepingCapacity: true)
        }
        let whole = bytes.count / Self.blockBytes * Self.blockBytes
        compress(UnsafeRawBufferPointer(rebasing: bytes.prefix(whole)))
        rest.append(contentsOf: bytes.dropFirst(whole))
    }

    /// The digest of all that was given: 32 bytes.
    public consuming func finish() -> [UInt8] {
        // §5.1.1: a one bit, zeros, and the length in bits, to a whole block.
        let bits = length << 3
        var padding = rest + [0x80]
        while padding.count % Self.blockBytes != 56 { padding.append(0) }
        for shift in stride(from: 56, through: 0, by: -8) {
            padding.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
        }
        padding.withUnsafeBytes { compress($0) }
        return (0..<8).flatMap { word in
            stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: state[word] >> UInt32($0)) }
        }
    }

    public static func digest(_ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { digest($0) }
    }

    public static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finish()
    }

    private mutating func compress(_ blocks: UnsafeRawBufferPointer) {
        state = SHA256Rounds.compress(blocks, into: state)
    }
}
