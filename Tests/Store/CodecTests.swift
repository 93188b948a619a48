import Coordination
import Testing

@testable import Store

@Suite struct CodecTests {
    private func bytes(_ changes: [Change]) -> [UInt8] {
        var writer = ByteWriter()
        RecordCodec.encode(changes, into: &writer)
        return writer.bytes
    }

    private func read(_ bytes: [UInt8]) throws -> [Change] {
        try bytes.withUnsafeBytes { try RecordCodec.changes($0) }
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func `what is written is read again`(seed: UInt64) throws {
        var random = Seeded(seed)
        let changes = (0..<random.pick(0..<6)).map { _ in random.change() }
        #expect(try read(bytes(changes)) == changes)
    }

    @Test func `equal records are equal bytes`() {
        let key = Key(namespace: "a", name: "b")
        let one = Fleet.marker(key, 1)
        var other = one
        other.finding.result = [:]
        for pair in one.finding.result.shuffled() { other.finding.result[pair.key] = pair.value }
        #expect(bytes([.marker(one)]) == bytes([.marker(other)]))
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `bytes cut anywhere are refused`(seed: UInt64) {
        var random = Seeded(seed)
        let whole = bytes([random.change(), random.change()])
        for end in 0..<whole.count {
            #expect(throws: CodecError.self) { try read(Array(whole[..<end])) }
        }
        #expect(throws: CodecError.trailing(at: whole.count)) { try read(whole + [0]) }
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `bytes changed anywhere never trap`(seed: UInt64) {
        var random = Seeded(seed)
        let whole = bytes([random.change(), random.change()])
        for index in whole.indices {
            var broken = whole
            broken[index] = UInt8.random(in: 0...255, using: &random)
            _ = try? read(broken)
            broken[index] = 0xff
            _ = try? read(broken)
        }
    }

    @Test func `a version this build doesn't know is named`() {
        #expect(throws: CodecError.version(6)) { try read([6, 0]) }
    }

    @Test func `a number longer than its type is refused`() {
        #expect(throws: CodecError.self) { try read([1] + [UInt8](repeating: 0xff, count: 10) + [1]) }
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
        (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
        (1_795_237_262_123_456, "2026-11-21T05:01:02.123456Z"),
    ])
    func `times are ISO 8601`(microseconds: Int64, text: String) {
        #expect(Timestamp(microseconds: microseconds).iso == text)
    }

    @Test func `JSON escapes what RFC 8259 says must be`() {
        #expect(JSONText.map(["a\"": "b\\\n\u{1}é"]) == #"{"a\"":"b\\\u000a\u0001é"}"#)
        let artifact = Artifact(name: "cli", digest: "sha256:00", size: 7)
        #expect(JSONText.artifacts([artifact]) == #"[{"name":"cli","digest":"sha256:00","size":7}]"#)
    }
}
