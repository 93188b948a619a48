import Testing

@testable import JSON

struct LenientTests {
    static func parse(_ text: String) throws(JSONError) -> JSON {
        try JSON(lenientlyParsing: Array(text.utf8))
    }

    @Test func `a name that comes twice is kept twice`() throws {
        #expect(try Self.parse(#"{"a":1,"b":2,"a":3}"#).members?.map(\.name) == ["a", "b", "a"])
        #expect(throws: JSONError.self) { try JSON(parsing: Array(#"{"a":1,"a":3}"#.utf8)) }
    }

    @Test(arguments: [
        (#""\ud800""#, "\u{FFFD}"), (#""\udc00x""#, "\u{FFFD}x"), (#""\ud83d\ude00""#, "😀"),
        (#""\ud800\u0041""#, "\u{FFFD}A"), (#""\ud800\ud83d\ude00""#, "\u{FFFD}😀"),
    ]) func `half a surrogate pair becomes the replacement character`(text: String, value: String) throws {
        #expect(try Self.parse(text) == .string(value))
    }

    @Test func `so does what is no UTF-8, with escapes and without`() throws {
        let bytes: [UInt8] = [0x22, 0xFF, 0xFE, 0x22]
        #expect(try JSON(lenientlyParsing: bytes) == .string("\u{FFFD}\u{FFFD}"))
        #expect(try JSON(lenientlyParsing: [0x22, 0xFF, 0x5C, 0x6E, 0x22]) == .string("\u{FFFD}\n"))
        #expect(throws: JSONError.self) { try JSON(parsing: bytes) }
    }

    @Test(arguments: ["", "{", "[1,]", "01", "\"\u{1}\"", #"{"a":1} x"#, #""\ud8""#])
    func `all else that isn't JSON is refused as ever`(text: String) {
        #expect(throws: JSONError.self) { try Self.parse(text) }
    }
}
