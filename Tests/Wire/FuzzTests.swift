import Testing
import Wire

/// Whatever the bytes and however they are cut, the parser says the same and never traps.
@Suite struct `Fuzzing the parser` {
    static let corpus =
        `What the parser accepts`.requests
        + `What the parser refuses`.framing.map(\.text) + `What the parser refuses`.chunked.map(\.text)
        + `What the parser refuses`.lines.map(\.text) + `What the parser refuses`.targets.map(\.text)

    static let spice: [UInt8] = Array("\r\n\r\n \t:;,=%./?*\0\"0159afAF+-\u{7F}".utf8) + [0x80, 0xFF]

    static let limits = Limits(
        headBytes: 200, targetBytes: 60, headerCount: 4, bodyBytes: 40, chunkExtensionBytes: 10,
        trailerBytes: 30)

    /// Some requests behind one another, then bytes changed, removed, repeated and inserted.
    static func mutated(_ dice: inout Dice) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...3, using: &dice) {
            bytes += Array(corpus.randomElement(using: &dice)!.utf8)
        }
        for _ in 0..<Int.random(in: 0...4, using: &dice) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &dice)
            switch Int.random(in: 0..<4, using: &dice) {
            case 0: bytes[at] = spice.randomElement(using: &dice)!
            case 1: bytes.remove(at: at)
            case 2: bytes.insert(spice.randomElement(using: &dice)!, at: at)
            default: bytes.insert(contentsOf: bytes[at..<min(at + 8, bytes.count)], at: at)
            }
        }
        return bytes
    }

    static func cut(_ bytes: [UInt8], _ dice: inout Dice) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = min(Int.random(in: 0...24, using: &dice), rest.count)
            pieces.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return pieces
    }

    @Test(arguments: 1...8)
    func `cuts never change what is heard`(seed: UInt64) {
        var dice = Dice(state: seed)
        for round in 0..<1_000 {
            let bytes = Self.mutated(&dice)
            let limits = round.isMultiple(of: 2) ? Limits() : Self.limits
            let heard = feed([bytes], limits: limits)
            let pieces = Self.cut(bytes, &dice)
            #expect(feed(pieces, limits: limits) == heard, "seed \(seed), round \(round)")
            #expect(feed(bytes.map { [$0] }, limits: limits) == heard, "seed \(seed), round \(round)")
        }
    }

    @Test(arguments: 1...2)
    func `noise is refused or waited for`(seed: UInt64) {
        var dice = Dice(state: seed)
        for _ in 0..<1_000 {
            let bytes = (0..<Int.random(in: 1...300, using: &dice)).map { _ in
                UInt8.random(in: 0...255, using: &dice)
            }
            #expect(feed([bytes]).requests.isEmpty)
        }
    }
}
