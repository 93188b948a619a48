import Testing

@testable import JSON

@Suite struct JSONOutlineTests {
    /// Each member's name and value, as text; nil: there is no outline.
    private func outline(_ text: String) -> [String]? {
        var found: [String] = []
        let isRead = JSONOutline.read(Array(text.utf8)) { bytes, member in
            for range in [member.name, member.value] {
                found.append(String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self))
            }
        }
        return isRead ? found : nil
    }

    @Test func `members are found with their values unread`() {
        #expect(outline("{}") == [])
        #expect(outline(#"{"a":1}"#) == ["a", "1"])
        #expect(
            outline(#"{"a":{"b":[1,{"c":"}"}],"d":"\"]"},"e":null,"":"","f":[]}"#)
                == ["a", #"{"b":[1,{"c":"}"}],"d":"\"]"}"#, "e", "null", "", #""""#, "f", "[]"])
    }

    @Test(arguments: [
        "", "{", "}", "[]", "1", #"{"a"}"#, #"{"a":}"#, #"{"a":1"#, #"{"a":1,}"#, #"{"a":1}x"#, #"{"a":"x}"#,
        #"{"a":"\"#,
        #"{"a":[1}"#, #"{a:1}"#, #"{"a":1 "b":2}x"#,
    ])
    func `what isn't an object's text has none`(text: String) { #expect(outline(text) == nil) }

    /// Whatever the bytes are: nothing beyond them is read.
    @Test(arguments: 1...500 as ClosedRange<UInt64>)
    func `any bytes are borne`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let letters = Array(#"{}[]:,"\ab1"#.utf8)
        let bytes = (0..<Int.random(in: 0...40, using: &dice)).map { _ in letters.randomElement(using: &dice)!
        }
        _ = JSONOutline.read([UInt8(ascii: "{")] + bytes) { text, member in
            #expect(member.name.upperBound < member.value.lowerBound && member.value.upperBound <= text.count)
        }
    }
}
