import Coordination
import JSON

/// The uid of an object: unique for each creation of a name in each life of the store.
///
/// A UUID of version 8 (RFC 9562 §5.8: the 122 bits are the application's): 64 bits of the
/// incarnation and 53 of the revision fit, so that no two can be the same and none is random.
public struct UID: Hashable, Sendable {
    /// Bits 127…64 and 63…0.
    let high: UInt64
    let low: UInt64

    /// - Parameter incarnation: the store's random number, which is new after a restore.
    /// - Parameter created: the revision at which the object was created, below 2^53.
    public init(incarnation: UInt64, created: Revision) {
        // 48 bits, then the version, then 12 bits: the incarnation's upper 60.
        high = (incarnation >> 16) << 16 | 0x8000 | (incarnation >> 4) & 0x0FFF
        // The variant, then the incarnation's lower 4 bits, then the revision in 58.
        low = 0x8000_0000_0000_0000 | (incarnation & 0xF) << 58 | UInt64(bitPattern: created) & (1 << 58 - 1)
    }

    /// - Precondition: version and variant are those of RFC 9562.
    init(high: UInt64, low: UInt64) {
        precondition(high >> 12 & 0xF == 8 && low >> 62 == 0b10, "a UUID of version 8")
        self.high = high
        self.low = low
    }

    public var text: String {
        var bytes: [UInt8] = []
        bytes.append(uid: self)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension [UInt8] {
    /// "8-4-4-4-12".
    mutating func append(uid: UID) {
        for index in 0..<16 {
            if index == 4 || index == 6 || index == 8 || index == 10 { append(UInt8(ascii: "-")) }
            let half = index < 8 ? uid.high : uid.low
            append(hexadecimal: UInt8(truncatingIfNeeded: half >> UInt64((7 - index % 8) * 8)))
        }
    }
}
