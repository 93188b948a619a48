import CLinux
import COpenSSL
import Testing

@testable import Sockets

/// Bytes that no client would send. The server has to live, lose no connection, and serve the next.
@Suite struct `Hostile bytes on a TLS port` {
    let stage: Stage
    /// A client's two flights, as it would send them.
    private static let seeds: [UInt64] = [1, 2, 3, 4]

    init() throws { stage = try Stage(tls: Authority().context()) }

    /// Sends it, closes, and has seen it out.
    private func hear(_ bytes: [UInt8]) throws {
        let client = try stage.client()
        // The server may have closed already.
        try? client.send(bytes)
        client.halfClose()
        // An alert, an answer, or a reset.
        _ = client.readToEnd()
    }

    private func isWell() throws {
        stage.settleClosed()
        #expect(stage.exchanges.isEmpty)
        let client = try stage.tlsClient()
        try client.get("/")
        #expect(try client.answer().body == "GET / ")
        stage.exchanges.take()
    }

    @Test(arguments: seeds)
    func `random bytes end nothing but their own connection`(seed: UInt64) throws {
        var random = Seeded(seed)
        for _ in 0..<100 {
            var bytes = (0..<random.below(600)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            // Half of them begin like a record, so that more than its first bytes is looked at.
            if bytes.count > 9, random.below(2) == 0 {
                bytes.replaceSubrange(
                    0..<6, with: [22, 3, 1, 0, UInt8(truncatingIfNeeded: bytes.count - 5), 1])
            }
            try hear(bytes)
        }
        try isWell()
    }

    @Test(arguments: seeds)
    func `a hello with broken bits, or cut short, is refused or served`(seed: UInt64) throws {
        var random = Seeded(seed)
        for _ in 0..<100 {
            let client = try TLSClient(stage.address, .init(protocols: ["http/1.1"]))
            _ = try client.step()
            client.raw.close()
            var hello = client.ciphertext()
            for _ in 0...random.below(3) { hello[random.below(hello.count)] ^= UInt8(1 << random.below(8)) }
            try hear(random.below(3) == 0 ? Array(hello.prefix(random.below(hello.count))) : hello)
        }
        try isWell()
    }

    @Test(arguments: seeds)
    func `a broken second flight, or a broken request, is never handed over`(seed: UInt64) throws {
        var random = Seeded(seed)
        for turn in 0..<60 {
            let version = turn % 2 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION
            let client = try TLSClient(stage.address, .init(least: version, most: version))
            var isBroken = false
            while !isBroken {
                let done = try client.step()
                var bytes = client.ciphertext()
                if done { bytes += client.encrypt("GET /x HTTP/1.1\r\nHost: h\r\n\r\n") }
                if done || (!bytes.isEmpty && random.below(3) == 0) {
                    // The last bytes are sealed in every flight but the first.
                    bytes[bytes.count - 1 - random.below(min(16, bytes.count))] ^= 0x40
                    isBroken = true
                }
                try? client.raw.send(bytes)
                if isBroken { break }
                guard try client.receiveMore() else { break }
            }
            client.raw.halfClose()
            _ = client.raw.readToEnd()
        }
        try isWell()
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
private struct Seeded {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
}
