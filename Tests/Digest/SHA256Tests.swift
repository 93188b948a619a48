import Digest
import Testing

@Suite struct `SHA-256` {
    static let twoBlocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"

    /// NIST's example values, and the million letters of FIPS 180.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (twoBlocks, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
        (
            String(repeating: "a", count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ])
    func `NIST's vectors`(text: String, digest: String) {
        #expect(Hex.encode(SHA256.digest(Array(text.utf8))) == digest)
    }

    /// Every length around the padding's edge, against the same bytes in pieces.
    @Test func `pieces make no difference`() {
        let bytes = (0..<200).map { UInt8($0) }
        for length in 0...200 {
            let whole = SHA256.digest(Array(bytes[..<length]))
            for size in [1, 7, 63, 64, 65] {
                var hash = SHA256()
                for start in stride(from: 0, to: length, by: size) {
                    hash.update(Array(bytes[start..<min(start + size, length)]))
                }
                #expect(hash.finish() == whole, "\(length) bytes in pieces of \(size)")
            }
        }
    }
}

@Suite struct `HMAC-SHA-256` {
    /// RFC 4231 §4.2, 4.3, 4.4, 4.5, 4.7, 4.8: keys shorter and longer than a block.
    static let vectors: [(key: [UInt8], text: [UInt8], code: String)] = [
        (
            [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            Array(1...25), [UInt8](repeating: 0xcd, count: 50),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131),
            Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131),
            Array(
                """
                This is a test using a larger than block-size key and a larger than \
                block-size data. The key needs to be hashed before being used by the HMAC algorithm.
                """.utf8),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
        ),
    ]

    @Test func `RFC 4231's vectors`() {
        for vector in Self.vectors {
            #expect(Hex.encode(HMAC.sha256(key: vector.key, vector.text)) == vector.code)
        }
    }

    @Test func `secrets are the same or not`() {
        #expect(equalInConstantTime([1, 2, 3], [1, 2, 3]))
        #expect(equalInConstantTime([], []))
        #expect(!equalInConstantTime([1, 2, 3], [1, 2, 4]))
        #expect(!equalInConstantTime([1, 2, 3], [1, 2]))
    }

    @Test func `hexadecimal goes both ways and is strict`() {
        #expect(Hex.encode([0, 0x9f, 0xff]) == "009fff")
        #expect(Hex.decode("009fff") == [0, 0x9f, 0xff])
        for wrong in ["0", "0G", "AB", "é"] { #expect(Hex.decode(wrong) == nil) }
    }
}
