import Testing

@testable import JSON

struct JSONTests {
    static func parse(_ text: String) throws(JSONError) -> JSON { try JSON(parsing: Array(text.utf8)) }

    static let good: [(String, JSON)] = [
        ("null", .null), (" true\n", .bool(true)), ("false", .bool(false)),
        ("0", .number(JSONNumber(0))), ("-17", .number(JSONNumber(-17))),
        ("1.50E+2", .number(JSONNumber(checked: "1.50E+2"))),
        ("\"\"", .string("")), ("\"a\"", .string("a")), ("\"grün €\"", .string("grün €")),
        (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{C}\n\r\t")),
        (#""\u0041\u00e9\u20AC""#, .string("Aé€")), (#""\ud83d\ude00""#, .string("😀")),
        ("[]", .array([])), ("[ 1 , [ ] ]", .array([.number(JSONNumber(1)), .array([])])),
        ("{}", .object([])), (#"{"":null}"#, .object([JSONMember("", .null)])),
        (
            #"{"b":1,"a":{"c":[true]}}"#,
            .object([
                JSONMember("b", .number(JSONNumber(1))),
                JSONMember("a", .object([JSONMember("c", .array([.bool(true)]))])),
            ])
        ),
    ]

    @Test(arguments: good) func `what RFC 8259 allows is read`(text: String, value: JSON) throws {
        #expect(try Self.parse(text) == value)
    }

    static let bad: [(String, Int, String)] = [
        ("", 0, "the text ends where a value should begin"),
        ("  ", 2, "the text ends where a value should begin"),
        ("nul", 0, "no value begins like this"), ("nulL", 0, "no value begins like this"),
        ("'a'", 0, "no value begins like this"), ("NaN", 0, "no value begins like this"),
        ("\u{FEFF}1", 0, "no value begins like this"), ("// x\n1", 0, "no value begins like this"),
        ("1 2", 2, "bytes after the end of the value"), ("{}}", 2, "bytes after the end of the value"),
        ("01", 1, "bytes after the end of the value"), ("1\0", 1, "bytes after the end of the value"),
        ("+1", 0, "no value begins like this"), ("-", 1, "a digit is missing"),
        (".5", 0, "no value begins like this"),
        ("1.", 2, "a digit is missing"), ("1.e2", 2, "a digit is missing"), ("1e", 2, "a digit is missing"),
        ("1e+", 3, "a digit is missing"), ("0x10", 1, "bytes after the end of the value"),
        ("\"a", 0, "a string without its closing quote"), ("\"a\\", 2, "an escape without its letter"),
        ("\"a\\n", 0, "a string without its closing quote"),
        ("\"a\nb\"", 2, "a control character in a string; escape it"),
        ("\"\\n\u{1}\"", 3, "a control character in a string; escape it"),
        (#""\x41""#, 1, "an escape that JSON does not have"),
        (#""\u12""#, 1, #"\u without four hexadecimal digits"#),
        (#""\u12g4""#, 1, #"\u without four hexadecimal digits"#), (#""\ud83d""#, 7, "half a surrogate pair"),
        (#""\ud83dx\ude00""#, 7, "half a surrogate pair"), (#""\ude00""#, 7, "half a surrogate pair"),
        (#""\ud83d\u0041""#, 13, "half a surrogate pair"),
        ("[1,]", 3, "no value begins like this"), ("[1 2]", 3, "a comma or the array's end is missing"),
        ("[1", 2, "a comma or the array's end is missing"),
        ("[", 1, "the text ends where a value should begin"),
        ("{", 1, "a member's name in quotes is missing"),
        ("{a:1}", 1, "a member's name in quotes is missing"),
        (#"{"a":1,}"#, 7, "a member's name in quotes is missing"), (#"{"a" 1}"#, 5, "a colon is missing"),
        (#"{"a":}"#, 5, "no value begins like this"),
        (#"{"a":1"#, 6, "a comma or the object's end is missing"),
        (#"{"a":1,"b":2,"a":3}"#, 13, #"the name "a" comes twice in one object"#),
        (#"{"a":1,"\u0061":2}"#, 7, #"the name "a" comes twice in one object"#),
    ]

    @Test(arguments: bad) func `what it does not is refused where it begins`(
        text: String, offset: Int, what: String
    ) {
        #expect(throws: JSONError(offset: offset, what: what)) { try Self.parse(text) }
    }

    @Test(arguments: [
        [0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0xFF],
    ])
    func `bytes that are not UTF-8 are refused`(bytes: [UInt8]) {
        for escape in [[], Array(#"\n"#.utf8)] {
            let text = [UInt8(ascii: "\"")] + escape + bytes + [UInt8(ascii: "\"")]
            #expect(throws: JSONError(offset: 1, what: "a string that is not UTF-8")) {
                try JSON(parsing: text)
            }
        }
    }

    @Test func `32 levels are read and 33 are not`() throws {
        func nested(_ levels: Int) -> String {
            String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        }
        _ = try Self.parse(nested(32))
        #expect(throws: JSONError(offset: 32, what: "nested deeper than 32 levels")) {
            try Self.parse(nested(33))
        }
        #expect(throws: JSONError.self) { try Self.parse(String(repeating: "{\"a\":", count: 100_000)) }
    }

    @Test func `a name twice is found among many`() throws {
        let names = (0..<1000).map { "\"n\($0)\":0" }.joined(separator: ",")
        _ = try Self.parse("{\(names)}")
        #expect(throws: JSONError.self) { try Self.parse("{\(names),\"n3\":0}") }
        #expect(throws: JSONError.self) { try Self.parse("{\(names),\"n999\":0}") }
    }

    @Test(
        arguments: [
            ("17", 17), ("-0", 0), ("17.0", 17), ("1.7e1", 17), ("1e400", nil), ("1.5", nil),
            ("9223372036854775807", .max), ("9223372036854775808", nil), ("9007199254740993.0", nil),
        ] as [(String, Int64?)])
    func `a number is an integer if it is exactly one`(text: String, integer: Int64?) throws {
        #expect(try Self.parse(text).integer == integer)
    }

    @Test func `a number that no Double reaches has no value`() {
        #expect(JSONNumber(checked: "1e400").real == nil)
        #expect(JSONNumber(checked: "0.25").real == 0.25)
    }
}
