/// Base64url without padding: RFC 4648 §5, as RFC 7515 §2 has it.
public enum Base64URL {
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        var (bits, count) = (0, 0)
        for byte in bytes {
            bits = bits << 8 | Int(byte)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(digits[bits >> count & 63])
            }
            bits &= (1 << count) - 1
        }
        if count > 0 { text.append(digits[bits << (6 - count) & 63]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil for padding, white space, any other character, and for what no encoder writes: a single
    /// digit at the end, or bits there that stand for nothing. So one text has one meaning, and one
    /// meaning one text (RFC 4648 §3.5 leaves it to the decoder).
    ///
    /// - Parameter isStrict: false lets such bits pass, as Go does.
    public static func decode(_ text: some Sequence<UInt8>, isStrict: Bool = true) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (bits, count): (UInt32, Int) = (0, 0)
        for character in text {
            let value = values[Int(character)]
            guard value < 64 else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            bits &= (1 << UInt32(count)) - 1
        }
        return count < 6 && (bits == 0 || !isStrict) ? bytes : nil
    }

    /// Whether an encoder writes it.
    public static func isDigit(_ character: UInt8) -> Bool { values[Int(character)] < 64 }

    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 64, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()
}
