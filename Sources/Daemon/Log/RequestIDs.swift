import Wire

/// Gives every request an id, by which its answer, its log lines and its audit entries are found.
///
/// A client's own is taken if it is sane. Others get eight characters that are random at each start and
/// a running number, in base 32: no call of the kernel, and short enough to need no memory of its own.
struct RequestIDs {
    static let bytesMax = 128
    /// Crockford's: no letter that looks like a digit.
    private static let digits = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    private let prefix: [UInt8]
    private var count: UInt64 = 0

    init(from generator: inout some RandomNumberGenerator) {
        prefix = (0..<8).map { _ in Self.digits[Int.random(in: 0..<32, using: &generator)] }
    }

    mutating func id(of head: RequestHead?) -> String {
        guard let given = head?["x-request-id"], Self.isSane(given) else { return next() }
        return given
    }

    mutating func next() -> String {
        count += 1
        let (prefix, count) = (prefix, count)
        let length = (UInt64.bitWidth - count.leadingZeroBitCount + 4) / 5
        return String(unsafeUninitializedCapacity: 9 + length) { out in
            _ = out.update(fromContentsOf: prefix)
            out[8] = UInt8(ascii: "-")
            var rest = count
            for place in stride(from: 8 + length, to: 8, by: -1) {
                out[place] = Self.digits[Int(rest & 31)]
                rest >>= 5
            }
            return 9 + length
        }
    }

    /// Whether it can stand in a header, a log and a terminal as it is.
    static func isSane(_ id: String) -> Bool {
        (1...bytesMax).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                    UInt8(ascii: ":"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
