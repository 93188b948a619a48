import Coordination

// What the columns for people hold: times as ISO 8601, maps and artifacts as JSON, cases by their words.

extension Timestamp {
    /// `2026-11-21T05:01:02.123456Z`, without Foundation.
    var iso: String {
        let (days, inDay) = Self.split(microseconds, by: 86_400_000_000)
        let (year, month, day) = Self.civil(days)
        let (seconds, fraction) = Self.split(inDay, by: 1_000_000)
        return String(unsafeUninitializedCapacity: 40) { out in
            var at = 0
            func put(_ value: Int64, _ digits: Int, _ after: Unicode.Scalar) {
                var rest = value
                for place in stride(from: digits - 1, through: 0, by: -1) {
                    out[at + place] = UInt8(48 + rest % 10)
                    rest /= 10
                }
                out[at + digits] = UInt8(after.value)
                at += digits + 1
            }
            put(max(0, min(9999, year)), 4, "-")
            put(month, 2, "-")
            put(day, 2, "T")
            put(seconds / 3600, 2, ":")
            put(seconds / 60 % 60, 2, ":")
            put(seconds % 60, 2, ".")
            put(fraction, 6, "Z")
            return at
        }
    }

    /// Quotient and remainder, both towards minus infinity: times before 1970 have a day, too.
    private static func split(_ value: Int64, by unit: Int64) -> (Int64, Int64) {
        let quotient = value >= 0 ? value / unit : -((-(value + 1)) / unit) - 1
        return (quotient, value - quotient * unit)
    }

    /// The date of a day counted from 1970-01-01, in eras of 400 years that begin on a first of March,
    /// so that the leap day is the last of its year.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, inEra) = split(days + 719_468, by: 146_097)
        let yearOfEra = (inEra - inEra / 1460 + inEra / 36_524 - inEra / 146_096) / 365
        let inYear = inEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * inYear + 2) / 153
        let day = inYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

extension Way {
    var word: String { self == .once ? "once" : "lock" }
}

extension Outcome {
    var word: String { self == .succeeded ? "Succeeded" : "Failed" }
}

extension HoldEnd {
    var word: String {
        switch self {
        case .completed: "completed"
        case .resigned: "resigned"
        case .failed: "failed"
        case .expired: "expired"
        case .abandoned: "abandoned"
        case .revoked: "revoked"
        case .undelivered: "undelivered"
        case .unconfirmed: "unconfirmed"
        }
    }
}

/// JSON for the columns; SQLite's `json_extract` reads it.
enum JSONText {
    static func map(_ map: [String: String]) -> String {
        if map.isEmpty { return "{}" }
        var out = "{"
        for (key, value) in map.sorted(by: { $0.key < $1.key }) {
            if out.utf8.count > 1 { out += "," }
            append(key, to: &out)
            out += ":"
            append(value, to: &out)
        }
        return out + "}"
    }

    static func artifacts(_ artifacts: [Artifact]) -> String {
        if artifacts.isEmpty { return "[]" }
        var out = "["
        for artifact in artifacts {
            out += out.utf8.count > 1 ? ",{\"name\":" : "{\"name\":"
            append(artifact.name, to: &out)
            out += ",\"digest\":"
            append(artifact.digest, to: &out)
            if let size = artifact.size { out += ",\"size\":\(size)" }
            out += "}"
        }
        return out + "]"
    }

    /// RFC 8259 §7: the quotation mark, the reverse solidus and the control characters must be escaped.
    static func append(_ text: String, to out: inout String) {
        out += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        out += "\""
    }
}
