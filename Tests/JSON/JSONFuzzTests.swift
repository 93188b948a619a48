import Testing

@testable import JSON

struct JSONFuzzTests {
    @Test(arguments: 0..<40 as Range<UInt64>) func `what was written is read back as it was`(seed: UInt64)
        throws
    {
        var dice = Dice(seed: seed)
        for _ in 0..<20 {
            let value = Self.value(&dice, depth: 5)
            var writer = JSONWriter()
            writer.value(value)
            #expect(try JSON(parsing: writer.bytes) == value)
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>) func `no bytes make the parser trap`(seed: UInt64) {
        var dice = Dice(seed: seed)
        for _ in 0..<100 {
            var writer = JSONWriter()
            writer.value(Self.value(&dice, depth: 4))
            let text = Self.spoiled(writer.bytes, &dice)
            // Whatever is accepted is UTF-8 and reads the same again.
            guard let value = try? JSON(parsing: text) else { continue }
            var again = JSONWriter()
            again.value(value)
            #expect(try! JSON(parsing: again.bytes) == value)
            #expect(String(validating: text, as: UTF8.self) != nil)
        }
    }

    @Test func `every beginning of a text is refused or read, never more`() throws {
        let text = Array(#" {"a\u00e9":[1.5e3,"\ud83d\ude00",true,null,{}],"b":-0} "#.utf8)
        for count in 0..<(text.count - 1) {
            #expect(throws: JSONError.self) { try JSON(parsing: Array(text[..<count])) }
        }
        _ = try JSON(parsing: text)
    }

    static func value(_ dice: inout Dice, depth: Int) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &dice) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &dice))
        case 2:
            return .number(
                JSONNumber(Int64(truncatingIfNeeded: dice.next()) >> Int64.random(in: 0..<64, using: &dice)))
        case 3: return .number(JSONNumber(checked: "\(Double.random(in: -1e9...1e9, using: &dice))"))
        case 4: return .string(text(&dice))
        case 5:
            return .array(
                (0..<Int.random(in: 0..<5, using: &dice)).map { _ in value(&dice, depth: depth - 1) })
        default:
            var members: [JSONMember] = []
            for _ in 0..<Int.random(in: 0..<24, using: &dice) {
                let name = text(&dice)
                if members.contains(where: { $0.name == name }) { continue }
                members.append(JSONMember(name, value(&dice, depth: depth - 3)))
            }
            return .object(members)
        }
    }

    static func text(_ dice: inout Dice) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0..<20, using: &dice) {
            let limit: UInt32 = [0x20, 0x7F, 0x80, 0x800, 0x11_0000].randomElement(using: &dice)!
            guard let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &dice)) else { continue }
            text.unicodeScalars.append(scalar)
        }
        return text
    }

    /// A few bytes changed, dropped or doubled.
    static func spoiled(_ bytes: [UInt8], _ dice: inout Dice) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1..<4, using: &dice) {
            guard let at = bytes.indices.randomElement(using: &dice) else { break }
            switch Int.random(in: 0..<4, using: &dice) {
            case 0: bytes[at] = UInt8.random(in: 0...255, using: &dice)
            case 1: bytes[at] = Array(#"{}[]",:\u0eE+-. "#.utf8).randomElement(using: &dice)!
            case 2: bytes.remove(at: at)
            default: bytes.insert(bytes[at], at: at)
            }
        }
        return bytes
    }
}
