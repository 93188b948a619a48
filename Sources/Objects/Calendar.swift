import JSON

/// The Gregorian calendar, before its beginning as well.
enum Calendar {
    /// Seconds since 1970 as RFC 3339 in UTC, of the years 0 to 9999. - Parameter micros: nil: no decimals.
    static func text(seconds: Int, micros: Int? = nil) -> String {
        let (days, time) = divided(seconds, by: 86_400)
        let (year, month, day) = date(days)
        var text: [UInt8] = []
        text.reserveCapacity(27)
        func append(_ mark: Unicode.Scalar, _ number: Int) {
            text.append(UInt8(ascii: mark))
            text.append(decimal: UInt64(number), digits: 2)
        }
        text.append(decimal: UInt64(year), digits: 4)
        append("-", month)
        append("-", day)
        append("T", time / 3600)
        append(":", time / 60 % 60)
        append(":", time % 60)
        if let micros {
            text.append(UInt8(ascii: "."))
            text.append(decimal: UInt64(micros), digits: 6)
        }
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    /// Days since the first of January 1970. Counts in years that begin in March, so that the leap day is
    /// the last one, and in eras of 400 years, which are all alike (Hinnant, "chrono-Compatible Low-Level
    /// Date Algorithms").
    static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = divided(year, by: 400)
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let (era, day) = divided(days + 719_468, by: 146_097)
        let yearOfEra = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let isNextYear = month >= 10
        return (
            era * 400 + yearOfEra + (isNextYear ? 1 : 0), month + (isNextYear ? -9 : 3),
            dayOfYear - (153 * month + 2) / 5 + 1
        )
    }

    /// Rounded down, with what is left.
    private static func divided(_ number: Int, by divisor: Int) -> (Int, Int) {
        let rest = ((number % divisor) + divisor) % divisor
        return ((number - rest) / divisor, rest)
    }
}
