/// Times as Go reads and writes them, for two layouts: `2006-01-02T15:04:05Z07:00` (RFC 3339, which may
/// have decimals though the layout has none) and `2006-01-02T15:04:05.000000Z07:00` (exactly six).
struct GoTime {
    /// What `time.Parse` says.
    struct Fault: Error, Equatable {
        var message: String
    }

    private let text: String
    private let isMicro: Bool
    private var rest: Substring.UTF8View

    private var year = 0
    private var month = 0
    private var day = 0
    private var hour = 0
    private var minute = 0
    private var second = 0
    private var micros = 0
    private var offsetMinutes = 0

    /// The same time in UTC, with six decimals or none. Nil for the zero time, which is written as null.
    static func normalized(_ text: String, isMicro: Bool) throws(Fault) -> String? {
        if isMicro, isNormal(text) { return text }
        var time = GoTime(text, isMicro: isMicro)
        try time.parse()
        return try time.written()
    }

    /// Whether a text is a time in the form in which it goes out: looked at without parsing, since nearly
    /// all times are. The first of January of the year 1 is left to the parser, and so are days 29 to 31.
    private static func isNormal(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            guard bytes.count == 27 else { return false }
            func number(_ at: Int) -> Int {
                let tens = Int(bytes[at]) - 48
                let ones = Int(bytes[at + 1]) - 48
                return (0...9).contains(tens) && (0...9).contains(ones) ? tens * 10 + ones : 100
            }
            for (index, mark) in [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (19, "."), (26, "Z")]
                as [(Int, Unicode.Scalar)]
            where bytes[index] != UInt8(ascii: mark) { return false }
            let isYear = number(0) < 100 && number(0) > 0 && number(2) < 100
            let isDay = (1...12).contains(number(5)) && (1...28).contains(number(8))
            let isTime = number(11) < 24 && number(14) < 60 && number(17) < 60
            return isYear && isDay && isTime && number(20) < 100 && number(22) < 100 && number(24) < 100
        }
    }

    private init(_ text: String, isMicro: Bool) {
        self.text = text
        self.isMicro = isMicro
        rest = Substring(text).utf8
    }

    private var layout: String { isMicro ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00" }

    private mutating func parse() throws(Fault) {
        year = try digits(4, "2006")
        try literal("-")
        month = try digits(2, "01")
        guard (1...12).contains(month) else { throw outOfRange("month") }
        try literal("-")
        day = try digits(2, "02")
        try literal("T")
        hour = try oneOrTwoDigits("15")
        guard hour < 24 else { throw outOfRange("hour") }
        try literal(":")
        minute = try digits(2, "04")
        guard minute < 60 else { throw outOfRange("minute") }
        try literal(":")
        second = try digits(2, "05")
        guard second < 60 else { throw outOfRange("second") }
        try fraction()
        try zone()
        guard rest.isEmpty else { throw fault(": extra text: \(Go.quoted(remaining))") }
        guard (1...Calendar.days(in: month, of: year)).contains(day) else { throw outOfRange("day") }
    }

    private var remaining: String { String(Substring(rest)) }

    private func fault(_ message: String) -> Fault {
        Fault(message: "parsing time \(Go.quoted(text))\(message)")
    }

    private func outOfRange(_ what: String) -> Fault { fault(": \(what) out of range") }

    private func mismatch(_ element: String) -> Fault {
        fault(" as \(Go.quoted(layout)): cannot parse \(Go.quoted(remaining)) as \(Go.quoted(element))")
    }

    private static func digit(_ byte: UInt8?) -> Int? {
        guard let byte, byte &- UInt8(ascii: "0") < 10 else { return nil }
        return Int(byte - UInt8(ascii: "0"))
    }

    private mutating func literal(_ mark: Character) throws(Fault) {
        guard rest.first == mark.asciiValue else { throw mismatch(String(mark)) }
        rest = rest.dropFirst()
    }

    private mutating func digits(_ count: Int, _ element: String) throws(Fault) -> Int {
        var value = 0
        var ahead = rest
        for _ in 0..<count {
            guard let digit = Self.digit(ahead.first) else { throw mismatch(element) }
            value = value * 10 + digit
            ahead = ahead.dropFirst()
        }
        rest = ahead
        return value
    }

    private mutating func oneOrTwoDigits(_ element: String) throws(Fault) -> Int {
        guard let first = Self.digit(rest.first) else { throw mismatch(element) }
        rest = rest.dropFirst()
        guard let second = Self.digit(rest.first) else { return first }
        rest = rest.dropFirst()
        return first * 10 + second
    }

    /// A comma is as good as a point. More than microseconds is read, and lost.
    private mutating func fraction() throws(Fault) {
        let isMarked = rest.first == UInt8(ascii: ".") || rest.first == UInt8(ascii: ",")
        if isMicro {
            guard rest.count >= 7, isMarked, rest.dropFirst().prefix(6).allSatisfy({ Self.digit($0) != nil })
            else { throw mismatch(".000000") }
            rest = rest.dropFirst()
            micros = try digits(6, ".000000")
        } else if isMarked, Self.digit(rest.dropFirst().first) != nil {
            rest = rest.dropFirst().drop { Self.digit($0) != nil }
        }
    }

    private mutating func zone() throws(Fault) {
        if rest.first == UInt8(ascii: "Z") {
            rest = rest.dropFirst()
            return
        }
        let zone = Array(rest.prefix(6))
        guard zone.count == 6, zone[3] == UInt8(ascii: ":"), let sign = Self.sign(zone[0]),
            let hourTens = Self.digit(zone[1]), let hourOnes = Self.digit(zone[2]),
            let minuteTens = Self.digit(zone[4]), let minuteOnes = Self.digit(zone[5])
        else { throw mismatch("Z07:00") }
        let hours = hourTens * 10 + hourOnes
        let minutes = minuteTens * 10 + minuteOnes
        // Go: "some people do write offsets of 24 hours or 60 minutes".
        guard hours <= 24 else { throw outOfRange("time zone offset hour") }
        guard minutes <= 60 else { throw outOfRange("time zone offset minute") }
        offsetMinutes = sign * (hours * 60 + minutes)
        rest = rest.dropFirst(6)
    }

    private static func sign(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "+"): 1
        case UInt8(ascii: "-"): -1
        default: nil
        }
    }

    private func written() throws(Fault) -> String? {
        let seconds =
            Calendar.days(year, month, day) * 86_400 + (hour * 60 + minute - offsetMinutes) * 60 + second
        // Go writes a year of five digits, or one before zero, and can't read it again. We don't.
        let readable = Calendar.days(0, 1, 1) * 86_400..<Calendar.days(10_000, 1, 1) * 86_400
        guard readable.contains(seconds) else { throw outOfRange("year") }
        let isZero = seconds == Calendar.days(1, 1, 1) * 86_400 && micros == 0
        return isZero ? nil : Calendar.text(seconds: seconds, micros: isMicro ? micros : nil)
    }
}
