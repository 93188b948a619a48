import JSON
import Testing

@testable import YAMLParsing

struct YAMLParserTests {
    static func json(_ text: String) throws(YAMLParser.Fault) -> JSON {
        try YAMLParser.json(Array(text.utf8))
    }

    @Test func `an object is read`() throws {
        let text = """
            apiVersion: coordination.k8s.io/v1
            kind: Lease
            metadata:
              name: yaml1
              finalizers: [a/b, "c"]
            spec:
              holderIdentity: yy
              leaseDurationSeconds: 15
              renewTime: 2024-01-02T03:04:05.000000Z
            """
        #expect(
            try Self.json(text).text
                == #"{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"yaml1","finalizers":["a/b","c"]},"spec":{"holderIdentity":"yy","leaseDurationSeconds":15,"renewTime":"2024-01-02T03:04:05.000000Z"}}"#
        )
    }

    @Test func `JSON is YAML`() throws {
        let text = #"{"a":[1,-2.5,true,null,"x\n\u00e9"],"b":{"c":"1"}}"#
        #expect(try Self.json(text) == JSON(parsing: Array(text.utf8)))
    }

    static let scalars: [(String, String)] = [
        ("yes", "true"), ("Off", "false"), ("y", "true"), ("N", "false"), ("TRUE", "true"),
        ("\"yes\"", #""yes""#),
        ("'1'", #""1""#), ("~", "null"), ("", "null"), ("Null", "null"), ("nULL", #""nULL""#),
        ("12", "12"), ("+12", "12"), ("-0", "0"), ("010", "8"), ("0o17", "15"), ("0x1F", "31"),
        ("0b101", "5"),
        ("-0x10", "-16"), ("1_000", "1000"), ("08", "8"), ("1.50", "1.5"), (".5", "0.5"), ("1e3", "1000"),
        ("1.", "1"),
        ("1.2.3", #""1.2.3""#), ("1:30", #""1:30""#), ("0x", #""0x""#), ("-", "[null]"), ("--", #""--""#),
        ("2024-01-02", #""2024-01-02""#), ("9223372036854775807", "9223372036854775807"),
        ("|\n  a\n  b\n", #""a\nb\n""#),
    ]

    @Test(arguments: scalars) func `plain scalars are those of YAML 1_1`(text: String, json: String) throws {
        #expect(try Self.json(text).text == json)
    }

    @Test func `keys become texts, and of two the last one counts`() throws {
        var duplicates: [String] = []
        let text = "1: a\ntrue: b\nx: 1\ny: 2\nx: 3\n"
        #expect(
            try YAMLParser.json(Array(text.utf8), duplicates: &duplicates).text
                == #"{"1":"a","true":2,"x":3}"#)
        #expect(
            duplicates == [#"line 4: key "true" already set in map"#, #"line 5: key "x" already set in map"#])
    }

    @Test func `anchors and merge keys are followed`() throws {
        let text = "base: &b {a: 1, b: 2}\nmore:\n  <<: *b\n  b: 3\nsame: *b\n"
        #expect(
            try Self.json(text).text == #"{"base":{"a":1,"b":2},"more":{"b":3,"a":1},"same":{"a":1,"b":2}}"#)
        #expect(throws: YAMLParser.Fault.self) { try Self.json("a:\n  <<: 1\n") }
    }

    static let faults: [(String, String)] = [
        (": : [", "yaml: did not find expected key"),
        ("a: b\nc: [", "yaml: line 2: did not find expected node content"),
        ("a: *x\n", "yaml: found undefined alias"),
        ("? [a]\n: b\n", "yaml: invalid map key: only texts, numbers and booleans are names"),
        ("a: !!binary aGk=\n", "yaml: the tag tag:yaml.org,2002:binary is not supported"),
    ]

    @Test(arguments: faults) func `what can't be read is told with its line`(text: String, message: String) {
        #expect(throws: YAMLParser.Fault(message: message)) { try Self.json(text) }
    }

    @Test func `names that multiply and nests without end are bounded`() {
        var text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        for level in 1...9 {
            let names = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",")
            text += "a\(level): &a\(level) [\(names)]\n"
        }
        #expect(throws: YAMLParser.Fault(message: "yaml: document contains excessive aliasing")) {
            try Self.json(text)
        }
        let deep = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
        #expect(throws: YAMLParser.Fault(message: "yaml: exceeded max depth")) { try Self.json(deep) }
        #expect(throws: YAMLParser.Fault.self) { try Self.json("a: &a [*a]\n") }
    }

    @Test func `nothing is null, and only the first document is read`() throws {
        #expect(try Self.json("") == .null)
        #expect(try Self.json("# only a comment\n") == .null)
        #expect(try Self.json("a: 1\n---\nb: 2\n").text == #"{"a":1}"#)
    }
}
