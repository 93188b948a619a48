import Coordination
import JSON
import Testing

@testable import API

struct TextTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (1_795_237_262_123_456, "2026-11-21T05:01:02.123456Z"),
            (4_107_542_399_000_001, "2100-02-28T23:59:59.000001Z"),
            (-62_135_596_800_000_000, "0001-01-01T00:00:00.000000Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        ] as [(Int64, String)])
    func `a moment is written and read as RFC 3339`(microseconds: Int64, text: String) {
        #expect(Timestamp(microseconds: microseconds).text == text)
        #expect(Timestamp(text: text)?.microseconds == microseconds)
    }

    @Test func `what has no year of four digits is written as the nearest that has`() {
        #expect(Timestamp(microseconds: .max).text == "9999-12-31T23:59:59.999999Z")
        #expect(Timestamp(microseconds: .min).text == "0001-01-01T00:00:00.000000Z")
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func `every moment comes back`(seed: UInt64) {
        var dice = Dice(seed: seed)
        for _ in 0..<20_000 {
            let time = Timestamp(microseconds: Int64.random(in: Dates.first...Dates.last, using: &dice))
            #expect(Timestamp(text: time.text) == time)
        }
    }

    @Test(arguments: [
        ("2026-11-21T07:01:02.5+02:00", "2026-11-21T05:01:02.500000Z"),
        ("2026-11-21t05:01:02.123456789z", "2026-11-21T05:01:02.123456Z"),
        ("2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00.000000Z"),
    ]) func `other ways to write a moment are read`(text: String, same: String) {
        #expect(Timestamp(text: text)?.text == same)
    }

    @Test(arguments: [
        "", "2026-11-21", "2026-11-21T05:01:02", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-00-10T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z",
        "2026-01-01T00:00:00Z ", "2026-01-01 00:00:00Z", "0000-01-01T00:00:00Z", "2026-01-01T00:00:00+24:00",
    ]) func `what is no moment is not read`(text: String) {
        #expect(Timestamp(text: text) == nil)
    }

    @Test(
        arguments: [
            ("30s", 30_000), ("45m", 2_700_000), ("1h30m", 5_400_000), ("250ms", 250), ("1.5s", 1500),
            ("0s", 0),
            ("1h0m1s", 3_601_000), ("2h3m4s5ms", 7_384_005), ("0.001s", 1),
        ] as [(String, Int64)]) func `a duration is read`(text: String, milliseconds: Int64)
    {
        #expect(Interval(text: text) == .milliseconds(milliseconds))
    }

    @Test(arguments: [
        "", "30", "s", "-1s", "+1s", "1 s", " 1s", "1s ", "1S", "1w", "1h1d", "1us", "30m1h", "1s1s",
        "1.5h10m",
        "1.s", ".5s",
        "1..5s", "1e3s", "999999999999h", "99999999999h", "1.1234567891s", "٣s",
    ]) func `what is no duration is not read`(text: String) {
        #expect(Interval(text: text) == nil)
    }

    @Test(arguments: ["30s", "1h", "1h30m", "250ms", "1.5s", "2h3m4.005s", "0s", "0.5ms"])
    func `a duration is written as it is read`(text: String) {
        #expect(Interval(text: text)?.text == text)
    }

    @Test(
        arguments: [(0, "0"), (30_000, "30"), (27_100, "27.1"), (1, "0.001"), (-1500, "-1.5")]
            as [(Int64, String)])
    func `seconds have no more decimals than it takes`(milliseconds: Int64, text: String) {
        var bytes: [UInt8] = []
        bytes.append(seconds: .milliseconds(milliseconds))
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    @Test(arguments: [0, 7, -1, 10, 99, 100, .max, .min] as [Int64]) func `numbers are written whole`(
        number: Int64
    ) {
        var bytes: [UInt8] = []
        bytes.append(decimal: number)
        #expect(String(decoding: bytes, as: UTF8.self) == String(number))
    }

    @Test(arguments: ["a", "0", "a-b", "a.b", "a1.b-2.c", String(repeating: "a", count: 253)])
    func `a name is a DNS-1123 subdomain`(name: String) {
        #expect(Names.isSubdomain(name))
    }

    @Test(arguments: [
        "", "A", "a_b", "-a", "a-", ".a", "a.", "a..b", "a.-b", "a-.b", "a/b", "ä", "a b",
        String(repeating: "a", count: 254),
    ]) func `anything else is not`(name: String) {
        #expect(!Names.isSubdomain(name))
        #expect(!Names.isLabel(name))
    }

    @Test func `a namespace is one label of at most 63`() {
        #expect(Names.isLabel(String(repeating: "a", count: 63)))
        #expect(!Names.isLabel(String(repeating: "a", count: 64)))
        #expect(!Names.isLabel("a.b"))
    }

    @Test func `a uid is a UUID of version 8, and another one for every creation`() {
        #expect(
            UID(incarnation: 0x0123_4567_89AB_CDEF, created: 3).text == "01234567-89ab-8cde-bc00-000000000003"
        )
        var seen: Set<String> = []
        for incarnation in [0, 1, 15, 16, .max, 1 << 63, 0xFFF0, 0x1_0000] as [UInt64] {
            for created in [1, 2, 1 << 52, 1 << 53 - 1] as [Revision] {
                let text = UID(incarnation: incarnation, created: created).text
                #expect(seen.insert(text).inserted)
                let places = Array(text)
                #expect(text.count == 36 && places[14] == "8" && "89ab".contains(places[19]))
            }
        }
    }
}
