import Coordination
import Testing

@testable import Daemon

@Suite struct `What stands in a log` {
    @Test(arguments: [
        ("plain-1.2:/@", "plain-1.2:/@"),
        ("", "\"\""),
        ("two words", "\"two words\""),
        ("a=b", "\"a=b\""),
        ("say \"no\" \\", "\"say \\\"no\\\" \\\\\""),
        ("x\nnotice: stopped", "\"x\\u{a}notice: stopped\""),
        ("\u{1b}[31mred\u{1b}[0m", "\"\\u{1b}[31mred\\u{1b}[0m\""),
        ("\u{9b}31m", "\"\\u{9b}31m\""),
        ("a\u{2028}b\u{2029}c", "\"a\\u{2028}b\\u{2029}c\""),
        ("\u{202e}txt.exe", "\"\\u{202e}txt.exe\""),
        ("grün", "\"grün\""),
        (
            String(decoding: [0x61, 0xFF, 0xC3, 0x0A] as [UInt8], as: UTF8.self),
            "\"a\u{FFFD}\u{FFFD}\\u{a}\""
        ),
    ]) func `a value can't break its line or reach the terminal`(text: String, shown: String) {
        #expect(LogText.value(text) == shown)
    }

    @Test func `a line of JSON stays JSON, and has nothing in it that acts`() {
        let line = Array("{\"a\":\"x\u{9b}y\u{2028}z\u{202e}ü\"}".utf8)
        let shown = String(decoding: LogText.escapedJSON(line), as: UTF8.self)
        #expect(shown == "{\"a\":\"x\\u009by\\u2028z\\u202eü\"}")
    }

    @Test func `ids are short, differ, and differ between starts`() {
        var generator = SystemRandomNumberGenerator()
        var first = RequestIDs(from: &generator)
        var second = RequestIDs(from: &generator)
        let ids = (0..<40_000).flatMap { _ in [first.next(), second.next()] }
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { RequestIDs.isSane($0) && $0.utf8.count <= 15 })
        #expect(ids[0].hasSuffix("-1") && ids[62].hasSuffix("-10"))
    }

    @Test(arguments: [
        ("a", true), ("7f3a:1.2_b-C", true), (String(repeating: "x", count: 128), true),
        ("", false), (String(repeating: "x", count: 129), false), ("a b", false), ("a\n", false),
        ("é", false), ("a\"", false), ("<x>", false),
    ]) func `a client's id is taken if it is sane`(id: String, isSane: Bool) {
        #expect(RequestIDs.isSane(id) == isSane)
    }
}
