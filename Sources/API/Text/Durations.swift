import Coordination

extension Interval {
    /// Reads "30s", "45m", "1h30m", "7d", "250ms", "1.5s": units d, h, m, s, ms, each at most once and the
    /// larger first, with decimals in the last one only. Nil for anything else.
    public init?(text: String) {
        guard let nanoseconds = DurationReader.nanoseconds(Array(text.utf8)) else { return nil }
        self.init(nanoseconds: nanoseconds)
    }

    /// A number of seconds, rounded to the nearest nanosecond. Nil below 0 and above 292 years.
    public init?(seconds: Double) {
        guard seconds >= 0, seconds < 9_000_000_000 else { return nil }
        self.init(nanoseconds: Int64((seconds * 1_000_000_000).rounded()))
    }

    /// As a person writes it: "30s", "1h30m", "250ms".
    public var text: String {
        guard nanoseconds > 0 else { return "0s" }
        var rest = nanoseconds
        var text = ""
        for (name, size) in [("h", 3_600_000_000_000), ("m", 60_000_000_000)] as [(String, Int64)]
        where rest >= size {
            text += "\(rest / size)\(name)"
            rest %= size
        }
        guard rest > 0 else { return text }
        var seconds: [UInt8] = []
        let inMilliseconds = rest < 1_000_000_000 && text.isEmpty
        seconds.append(seconds: Interval(nanoseconds: inMilliseconds ? rest * 1000 : rest))
        return text + String(decoding: seconds, as: UTF8.self) + (inMilliseconds ? "ms" : "s")
    }
}

private enum DurationReader {
    static func nanoseconds(_ bytes: [UInt8]) -> Int64? {
        var at = 0
        var total: Int64 = 0
        var smallest = Int64.max
        while at < bytes.count {
            guard let number = number(bytes, &at), let unit = unit(bytes, &at), unit < smallest else {
                return nil
            }
            // Decimals end it: "1.5h10m" is easily misread.
            guard number.scale == 1 || at == bytes.count else { return nil }
            let (product, tooLong) = number.value.multipliedReportingOverflow(by: unit)
            let (sum, tooMuch) = total.addingReportingOverflow(product / number.scale)
            guard !tooLong, !tooMuch else { return nil }
            smallest = unit
            total = sum
        }
        return bytes.isEmpty ? nil : total
    }

    /// The digits as one number, and by what power of ten that is too large. At most nine decimals.
    private static func number(_ bytes: [UInt8], _ at: inout Int) -> (value: Int64, scale: Int64)? {
        let start = at
        var value: Int64 = 0
        var scale: Int64 = 1
        var point = false
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "."), !point, at > start {
                point = true
            } else {
                guard bytes[at] &- UInt8(ascii: "0") < 10 else { break }
                guard value < 100_000_000_000, scale < 1_000_000_000 else { return nil }
                value = value * 10 + Int64(bytes[at] - UInt8(ascii: "0"))
                if point { scale *= 10 }
            }
            at += 1
        }
        return at > start && point == (scale > 1) ? (value, scale) : nil
    }

    private static func unit(_ bytes: [UInt8], _ at: inout Int) -> Int64? {
        let start = at
        while at < bytes.count, bytes[at] >= UInt8(ascii: "a"), bytes[at] <= UInt8(ascii: "z") { at += 1 }
        switch String(decoding: bytes[start..<at], as: UTF8.self) {
        case "d": return 86_400_000_000_000
        case "h": return 3_600_000_000_000
        case "m": return 60_000_000_000
        case "s": return 1_000_000_000
        case "ms": return 1_000_000
        default: return nil
        }
    }
}
