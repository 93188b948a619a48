import Testing

@testable import Identity

/// One issuer and the tokens that come, second by second.
private final class Stage {
    var ring = KeyRing(KeyRing.Settings(maxAge: .seconds(3600), staleMax: .seconds(86_400)))
    var now = Duration.seconds(1_000_000)
    var fetches = 0

    func after(_ time: Duration) { now += time }

    /// Signing takes longer than all the rest.
    private var tokens: [String: JSONWebToken] = [:]

    func find(_ kid: String) throws -> KeyRing.Finding {
        let token = try tokens[kid] ?? Signer.token("{}", kid: kid)
        tokens[kid] = token
        return ring.find(token, at: now)
    }

    func begins() -> Bool {
        guard ring.takeDueFetch(at: now) else { return false }
        fetches += 1
        return true
    }

    @discardableResult
    func arrives(_ kids: String...) throws -> Bool {
        let keys = kids.map { Signer.jwk.replacing(Signer.keyID, with: $0) }
        let set = try JSONWebKeySet(parsing: Array("{\"keys\":[\(keys.joined(separator: ","))]}".utf8))
        return ring.arrived(set, at: now)
    }

    static func with(_ kids: String...) throws -> Stage {
        let stage = Stage()
        #expect(stage.begins())
        for kid in kids { try stage.arrives(kid) }
        return stage
    }
}

extension KeyRing.Finding {
    fileprivate var isKey: Bool { if case .key = self { true } else { false } }
}

@Suite struct `A key ring` {
    @Test func `fetches at once, and tokens wait for that`() throws {
        let stage = Stage()
        #expect(try stage.find("a") == .later)
        #expect(stage.begins())
        #expect(!stage.begins(), "one at a time")
        #expect(try stage.find("a") == .later)
        try stage.arrives("a")
        #expect(try stage.find("a").isKey)
    }

    @Test func `fetches for an unknown key, but at most every 10 s`() throws {
        let stage = try Stage.with("a")
        #expect(try stage.find("b") == .unknown)
        #expect(!stage.begins())
        stage.after(.seconds(10))
        #expect(try stage.find("b") == .later)
        #expect(stage.begins())
        try stage.arrives("a", "b")
        #expect(try stage.find("b").isKey)
    }

    @Test func `a thousand unknown keys in a minute cause six fetches`() throws {
        let stage = try Stage.with("a")
        for number in 0..<1000 {
            stage.after(.milliseconds(60))
            if try stage.find("x\(number)") == .later, stage.begins() { try stage.arrives("a") }
            #expect(try stage.find("a").isKey, "the others go on")
        }
        #expect(stage.fetches == 1 + 5)
    }

    @Test func `fetches anew when the keys are an hour old, whether anybody asks or not`() throws {
        let stage = try Stage.with("a")
        stage.after(.seconds(3599))
        #expect(!stage.begins())
        stage.after(.seconds(1))
        #expect(stage.ring.nextFetch == stage.now)
        #expect(try stage.find("a").isKey, "the old keys serve meanwhile")
        #expect(stage.begins())
        #expect(try stage.find("a").isKey)
        #expect(try !stage.arrives("a"), "they are the same")
    }

    @Test func `a key that is gone is refused from the next fetch on`() throws {
        let stage = try Stage.with("a")
        stage.after(.seconds(3600))
        #expect(stage.begins())
        #expect(try stage.arrives("b"))
        #expect(try stage.find("a") == .unknown)
        #expect(try stage.find("b").isKey)
    }

    @Test func `while the issuer is away the keys serve for a day, and not a moment longer`() throws {
        let stage = try Stage.with("a")
        stage.after(.seconds(3600))
        while stage.now < .seconds(1_000_000 + 86_400) {
            #expect(try stage.find("a").isKey)
            if stage.begins() { stage.ring.failed("away") }
            stage.after(.seconds(5))
        }
        // It is tried every 10 s all the time.
        #expect((8270...8290).contains(stage.fetches), "\(stage.fetches)")
        if stage.begins() { stage.ring.failed("away") }
        #expect(try stage.find("a") == .unavailable("away"))
        #expect(!stage.ring.isUsable(at: stage.now))
        stage.after(.seconds(10))
        #expect(try stage.find("a") == .later)
        #expect(stage.begins())
        try stage.arrives("a")
        #expect(try stage.find("a").isKey)
        #expect(stage.ring.failure == nil)
    }

    @Test func `with no keys at all tokens can't be judged`() throws {
        let stage = Stage()
        #expect(stage.begins())
        stage.ring.failed("refused")
        #expect(try stage.find("a") == .unavailable("refused"))
        stage.after(.seconds(9))
        #expect(!stage.begins())
        stage.after(.seconds(1))
        #expect(stage.begins())
    }
}

@Suite struct `Tokens that were verified` {
    static let anna = Principal(identity: "anna", role: .viewer, namespaces: [])

    static func digest(_ number: Int) -> TokenDigest { TokenDigest(of: "\(number)") }

    private final class Memory {
        var tokens: VerifiedTokens

        init(half: Int = 100) { tokens = VerifiedTokens(half: half) }

        func insert(_ number: Int, expiry: Double = 1e9, staleFrom: Int = 1000, at now: Int = 0) {
            tokens.insert(
                digest(number), anna, expiry: expiry, staleFrom: .seconds(staleFrom), at: .seconds(now))
        }

        func knows(_ number: Int, at now: Int = 0, wall: Double = 0) -> Bool {
            tokens.principal(digest(number), at: .seconds(now), wall: wall) == anna
        }
    }

    @Test func `are known for five minutes, up to their expiry, while the keys aren't too old`() {
        let memory = Memory()
        memory.insert(1)
        #expect(memory.knows(1, at: 299))
        #expect(!memory.knows(1, at: 300))
        #expect(!memory.knows(2))
        memory.insert(2, expiry: 50)
        #expect(memory.knows(2, wall: 49.9))
        #expect(!memory.knows(2, wall: 50))
        memory.insert(3, staleFrom: 20, at: 10)
        #expect(memory.knows(3, at: 19))
        #expect(!memory.knows(3, at: 20))
    }

    @Test func `are so many at the most, and those in use stay`() {
        let memory = Memory(half: 10)
        memory.insert(0)
        for number in 1..<1000 {
            memory.insert(number)
            #expect(memory.knows(0))
            #expect(memory.tokens.count <= 20)
        }
        #expect(!memory.knows(500))
    }

    @Test func `are forgotten when keys or rules change`() {
        let memory = Memory(half: 2)
        for number in 0..<3 { memory.insert(number) }
        memory.tokens.forgetAll()
        for number in 0..<3 { #expect(!memory.knows(number)) }
    }
}
