/// The little of DER (ITU-T X.690) that OpenSSL wants keys and signatures in.
enum DER {
    static func sequence(_ parts: [UInt8]...) -> [UInt8] { value(0x30, parts.flatMap { $0 }) }

    /// - Parameter number: unsigned, the most significant byte first; zeros before it are taken off.
    static func integer(_ number: some Collection<UInt8>) -> [UInt8] {
        let bytes = Array(number.drop { $0 == 0 })
        // §8.3: an integer is signed. A zero byte keeps one positive whose top bit is set.
        let needsZero = bytes.first.map { $0 >= 0x80 } ?? true
        return value(0x02, (needsZero ? [0] : []) + bytes)
    }

    /// §8.6: the first byte says how many bits of the last are unused; here none.
    static func bitString(_ bytes: [UInt8]) -> [UInt8] { value(0x03, [0] + bytes) }

    static let null: [UInt8] = [0x05, 0x00]

    private static func value(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        // §8.1.3: one byte below 128, else the number of the bytes that follow.
        guard content.count >= 0x80 else { return [tag, UInt8(content.count)] + content }
        var length: [UInt8] = []
        var rest = content.count
        while rest > 0 {
            length.insert(UInt8(rest & 0xFF), at: 0)
            rest >>= 8
        }
        return [tag, 0x80 | UInt8(length.count)] + length + content
    }
}
