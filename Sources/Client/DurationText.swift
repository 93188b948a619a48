/// How durations are written: `90`, `90s`, `1h30m`, `250ms`, `1.5s`.
///
/// A number without a unit is seconds. Units go from larger to smaller, each at
/// most once: `d h m s ms`. Only the last number may have a fraction.
public enum DurationText {
    /// Nil when it isn't a duration, or one beyond 100 years.
    public static func parse(_ text: String) -> Duration? {
        var rest = text.utf8[...]
        if rest.isEmpty { return nil }
        if let plain = number(&rest), rest.isEmpty { return duration(plain, unit: 1_000) }
        rest = text.utf8[...]
        var total = Duration.zero
        var smallest = Int.max
        while !rest.isEmpty {
            guard let amount = number(&rest), let unit = unit(&rest), unit < smallest,
                amount.scale == 1 || rest.isEmpty, let piece = duration(amount, unit: unit)
            else { return nil }
            smallest = unit
            total += piece
        }
        return total
    }

    private struct Number {
        var digits: Int64
        /// 10 for each digit after the point.
        var scale: Int64 = 1
    }

    private static func number(_ rest: inout Substring.UTF8View) -> Number? {
        var amount = Number(digits: 0)
        var digits = 0
        var hasPoint = false
        while let byte = rest.first {
            if byte == UInt8(ascii: "."), !hasPoint, digits > 0 {
                hasPoint = true
            } else if byte >= 48, byte <= 57 {
                digits += 1
                if digits > 12 { return nil }
                amount.digits = amount.digits * 10 + Int64(byte - 48)
                if hasPoint { amount.scale *= 10 }
            } else {
                break
            }
            rest = rest.dropFirst()
        }
        return digits == 0 || (hasPoint && amount.scale == 1) ? nil : amount
    }

    /// In milliseconds.
    private static func unit(_ rest: inout Substring.UTF8View) -> Int? {
        let letters = rest.prefix { $0 >= 97 && $0 <= 122 }
        rest = rest.dropFirst(letters.count)
        switch String(Substring(letters)) {
        case "d": return 86_400_000
        case "h": return 3_600_000
        case "m": return 60_000
        case "s": return 1_000
        case "ms": return 1
        default: return nil
        }
    }

    private static let hundredYears = Duration.seconds(36_525 * 86_400)

    private static func duration(_ amount: Number, unit: Int) -> Duration? {
        let value = Duration.milliseconds(amount.digits) * unit / amount.scale
        return value <= hundredYears ? value : nil
    }

    /// For people, in the two largest units that matter: `1h30m`, `73s`, `1.5s`, `250ms`.
    public static func show(_ duration: Duration) -> String {
        let milliseconds = max(0, duration.nanoseconds / 1_000_000)
        if milliseconds < 1_000 { return milliseconds == 0 ? "0s" : "\(milliseconds)ms" }
        let seconds = milliseconds / 1_000
        if seconds < 10, milliseconds % 1_000 >= 100 { return "\(seconds).\(milliseconds % 1_000 / 100)s" }
        if seconds < 120 { return "\(seconds)s" }
        if seconds < 3_600 { return pair(seconds / 60, "m", seconds % 60, "s") }
        if seconds < 86_400 { return pair(seconds / 3_600, "h", seconds % 3_600 / 60, "m") }
        return pair(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h")
    }

    private static func pair(_ large: Int64, _ unit: String, _ small: Int64, _ smallUnit: String) -> String {
        small == 0 ? "\(large)\(unit)" : "\(large)\(unit)\(small)\(smallUnit)"
    }
}
