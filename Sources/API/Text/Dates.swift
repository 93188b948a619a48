import Coordination
import JSON

/// RFC 3339, by hand. The calendar is the proleptic Gregorian one, without leap seconds.
extension [UInt8] {
    /// "2026-11-21T05:01:02.123456Z": always 27 bytes, so a time before year 1 or after year 9999
    /// is written as the nearest that has four digits.
    mutating func append(date time: Timestamp) {
        let micros = append(wholeSeconds: time)
        append(UInt8(ascii: "."))
        append(decimal: micros, digits: 6)
        append(UInt8(ascii: "Z"))
    }

    /// "2026-11-21T05:01:02Z": the same without what is left of the second.
    mutating func append(dateInSeconds time: Timestamp) {
        _ = append(wholeSeconds: time)
        append(UInt8(ascii: "Z"))
    }

    /// Returns the microseconds that are left.
    private mutating func append(wholeSeconds time: Timestamp) -> UInt64 {
        let clamped = Swift.min(Swift.max(time.microseconds, Dates.first), Dates.last)
        let (days, ofDay) = clamped.dividedDown(by: 86_400_000_000)
        let date = Dates.civil(days: days)
        let (second, micros) = UInt64(ofDay).quotientAndRemainder(dividingBy: 1_000_000)
        append(decimal: UInt64(date.year), digits: 4)
        append(UInt8(ascii: "-"))
        append(twoDigits: UInt64(date.month))
        append(UInt8(ascii: "-"))
        append(twoDigits: UInt64(date.day))
        append(UInt8(ascii: "T"))
        append(twoDigits: second / 3600)
        append(UInt8(ascii: ":"))
        append(twoDigits: second / 60 % 60)
        append(UInt8(ascii: ":"))
        append(twoDigits: second % 60)
        return micros
    }

    @inline(__always)
    private mutating func append(twoDigits number: UInt64) {
        append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number / 10))
        append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number % 10))
    }
}

extension Timestamp {
    /// RFC 3339 in UTC with microseconds.
    public var text: String {
        var bytes: [UInt8] = []
        bytes.append(date: self)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads RFC 3339 with any offset and up to nine decimals, of which six are kept.
    public init?(text: String) {
        var reader = DateReader(bytes: Array(text.utf8))
        guard let microseconds = reader.microseconds() else { return nil }
        self.init(microseconds: microseconds)
    }
}

enum Dates {
    static let first: Int64 = -62_135_596_800_000_000  // 0001-01-01T00:00:00Z
    static let last: Int64 = 253_402_300_799_999_999  // 9999-12-31T23:59:59.999999Z

    /// The date that is so many days after 1970-01-01.
    ///
    /// Years begin in March here, so that the leap day is a year's last; eras of 400 years all have
    /// 146,097 days. (Howard Hinnant, "chrono-compatible low-level date algorithms".)
    static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, ofEra) = (days + 719_468).dividedDown(by: 146_097)
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * ofYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, ofYear - (153 * march + 2) / 5 + 1)
    }

    /// Days after 1970-01-01; the inverse of `civil`.
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let (era, yearOfEra) = (month <= 2 ? year - 1 : year).dividedDown(by: 400)
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + ofYear - 719_468
    }
}

extension Int64 {
    /// Rounded down, so that the remainder is never negative.
    func dividedDown(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

/// Reads one date and nothing behind it.
private struct DateReader {
    let bytes: [UInt8]
    var at = 0

    mutating func microseconds() -> Int64? {
        guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2),
            take("T") || take("t"), let hour = number(2), take(":"), let minute = number(2), take(":"),
            let second = number(2), year >= 1, hour < 24, minute < 60, second < 60
        else { return nil }
        let days = Dates.days(year: year, month: month, day: day)
        // A date that does not exist comes back as another one.
        guard (1...12).contains(month), Dates.civil(days: days) == (year, month, day) else { return nil }
        guard let fraction = fraction(), let offset = offset(), at == bytes.count else { return nil }
        return ((days * 24 + hour) * 60 + minute - offset) * 60_000_000 + second * 1_000_000 + fraction
    }

    private mutating func fraction() -> Int64? {
        guard take(".") else { return 0 }
        var value: Int64 = 0
        var digits = 0
        while let digit = number(1) {
            if digits < 6 { value = value * 10 + digit }
            digits += 1
        }
        guard (1...9).contains(digits) else { return nil }
        for _ in digits..<max(digits, 6) { value *= 10 }
        return value
    }

    /// Minutes east of UTC.
    private mutating func offset() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let sign: Int64 = take("-") ? -1 : 1
        guard sign < 0 || take("+"), let hours = number(2), take(":"), let minutes = number(2),
            hours < 24, minutes < 60
        else { return nil }
        return sign * (hours * 60 + minutes)
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard at < bytes.count, bytes[at] == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    private mutating func number(_ digits: Int) -> Int64? {
        guard at + digits <= bytes.count else { return nil }
        var value: Int64 = 0
        for byte in bytes[at..<(at + digits)] {
            guard byte &- UInt8(ascii: "0") < 10 else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        at += digits
        return value
    }
}
