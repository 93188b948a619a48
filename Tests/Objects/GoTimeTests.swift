import Testing

@testable import Objects

struct GoTimeTests {
    static let accepted: [(String, String?)] = [
        ("2024-01-02T03:04:05.123456Z", "2024-01-02T03:04:05.123456Z"),
        ("2024-01-02T03:04:05.000000Z", "2024-01-02T03:04:05.000000Z"),
        ("2024-01-02T03:04:05.123456+02:00", "2024-01-02T01:04:05.123456Z"),
        ("0001-01-01T00:00:00.000000Z", nil),
        ("0001-01-01T00:00:02.000000Z", "0001-01-01T00:00:02.000000Z"),
        ("0000-01-01T00:00:00.000000Z", "0000-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ("2024-01-02T03:04:05,123456Z", "2024-01-02T03:04:05.123456Z"),
        ("2024-01-02T03:04:05.123456-00:00", "2024-01-02T03:04:05.123456Z"),
        ("2024-02-29T23:30:00.000001-01:00", "2024-03-01T00:30:00.000001Z"),
    ]

    @Test(arguments: accepted) func `six decimals are taken, in any zone`(text: String, result: String?)
        throws
    {
        #expect(try GoTime.normalized(text, isMicro: true) == result)
    }

    static let refused: [(String, String)] = [
        ("2024-01-02T03:04:05Z", #"cannot parse "Z" as ".000000""#),
        ("2024-01-02T03:04:05.1Z", #"cannot parse ".1Z" as ".000000""#),
        ("2024-01-02T03:04:05.123Z", #"cannot parse ".123Z" as ".000000""#),
        ("2024-01-02T03:04:05.1234567Z", #"cannot parse "7Z" as "Z07:00""#),
        ("2024-01-02T03:04:05.123456789Z", #"cannot parse "789Z" as "Z07:00""#),
        ("2024-01-02T03:04:05+02:00", #"cannot parse "+02:00" as ".000000""#),
        ("2024-01-02T03:04:05.123456", #"cannot parse "" as "Z07:00""#),
        ("2024-01-02 03:04:05.123456Z", #"cannot parse " 03:04:05.123456Z" as "T""#),
        ("2024-01-02t03:04:05.123456z", #"cannot parse "t03:04:05.123456z" as "T""#),
        ("10000-01-01T00:00:00.000000Z", #"cannot parse "0-01-01T00:00:00.000000Z" as "-""#),
        ("", #"cannot parse "" as "2006""#), ("now", #"cannot parse "now" as "2006""#),
        ("2024-1-2T3:4:5.000000Z", #"cannot parse "1-2T3:4:5.000000Z" as "01""#),
    ]

    @Test(arguments: refused) func `anything else is refused in the words of Go`(text: String, why: String) {
        let message = #"parsing time "\#(text)" as "2006-01-02T15:04:05.000000Z07:00": \#(why)"#
        #expect(throws: GoTime.Fault(message: message)) { try GoTime.normalized(text, isMicro: true) }
    }

    @Test(arguments: [
        ("2024-13-02T03:04:05.123456Z", "month"), ("2024-01-02T24:04:05.123456Z", "hour"),
        ("2023-02-29T03:04:05.123456Z", "day"), ("2024-01-02T03:04:60.000000Z", "second"),
        ("0000-01-01T00:00:00.000000+01:00", "year"), ("9999-12-31T23:59:59.999999-01:00", "year"),
    ]) func `what no calendar has is out of range`(text: String, what: String) {
        #expect(throws: GoTime.Fault(message: #"parsing time "\#(text)": \#(what) out of range"#)) {
            try GoTime.normalized(text, isMicro: true)
        }
    }

    @Test func `a plain time may have decimals, and loses them`() throws {
        #expect(try GoTime.normalized("2001-01-01T00:00:00Z", isMicro: false) == "2001-01-01T00:00:00Z")
        #expect(
            try GoTime.normalized("2001-01-01T00:00:00.75+01:00", isMicro: false) == "2000-12-31T23:00:00Z")
    }

    @Test(arguments: 0..<20 as Range<UInt64>) func `a time written is read back`(seed: UInt64) throws {
        var dice = Dice(seed: seed)
        for _ in 0..<200 {
            let seconds = Int.random(in: -62_135_596_799..<253_402_300_800, using: &dice)
            let micros = Int.random(in: 0..<1_000_000, using: &dice)
            let text = Calendar.text(seconds: seconds, micros: micros)
            #expect(try GoTime.normalized(text, isMicro: true) == text)
            // The same the long way round, by another zone.
            let later = Calendar.text(seconds: seconds + 5400, micros: micros)
            let moved = String(later.dropLast()) + "+01:30"
            if seconds < 253_402_290_000 { #expect(try GoTime.normalized(moved, isMicro: true) == text) }
        }
    }
}
