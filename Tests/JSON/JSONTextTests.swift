import JSON
import Testing

struct JSONTextTests {
    static func parse(_ text: String) throws -> JSON { try JSON(parsing: Array(text.utf8)) }

    @Test(arguments: [
        #"{"a":[1,-2.5e+3,true,false,null,"x\n\"\\"],"b":{}}"#, "[]", #""\u001f\u007f""#, "0",
        "9007199254740993",
    ])
    func `a text comes back as it went`(text: String) throws {
        #expect(try Self.parse(text).text == text)
        #expect(try Self.parse(Self.parse(text).prettyText).text == text)
    }

    @Test func `for people each member has a line`() throws {
        let pretty = """
            {
              "a": [
                1,
                {}
              ],
              "b": "x"
            }
            """
        #expect(try Self.parse(#"{"a":[1,{}],"b":"x"}"#).prettyText == pretty)
    }

    @Test func `values are made from numbers, maps and what is there`() {
        #expect(JSON.number(90.0).text == "90")
        #expect(JSON.number(0.25).text == "0.25")
        #expect(JSON.number(Int64.max).text == "9223372036854775807")
        #expect(JSON.strings(["b": "2", "a": "1"]).text == #"{"a":"1","b":"2"}"#)
        #expect(JSON.object(["a": nil, "b": .bool(true)]).text == #"{"b":true}"#)
        #expect(JSON.object(["a": .string("1"), "b": .null]).stringMap == ["a": "1"])
    }
}
