import Coordination

/// SplitMix64: a seed replays a run.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension Seeded {
    mutating func pick(_ range: Range<Int>) -> Int { Int.random(in: range, using: &self) }
    mutating func chance() -> Bool { Bool.random(using: &self) }
    mutating func maybe<T>(_ value: (inout Seeded) -> T) -> T? { chance() ? value(&self) : nil }

    mutating func text() -> String {
        let letters = ["a", "b", "\"", "\\", "\n", "\u{0}", "\u{1f}", "é", "漢", "🎌", "/", " "]
        return (0..<pick(0..<12)).map { _ in letters[pick(0..<letters.count)] }.joined()
    }

    mutating func map() -> [String: String] {
        var map: [String: String] = [:]
        for _ in 0..<pick(0..<4) { map[text()] = text() }
        return map
    }

    mutating func number() -> Int64 {
        let edges: [Int64] = [.min, -1, 0, 1, 127, 128, 1 << 53, .max]
        return chance() ? edges[pick(0..<edges.count)] : Int64.random(in: .min ... .max, using: &self)
    }

    mutating func time() -> Timestamp { Timestamp(microseconds: number()) }

    mutating func lease(_ key: Key? = nil) -> LeaseRecord {
        var lease = LeaseRecord(
            key: key ?? Key(namespace: text(), name: text()), revision: number(), created: number(),
            createdAt: time(), way: chance() ? .once : .lock, hold: maybe { $0.openHold() },
            failures: Int(number()), maxAttempts: Int(number()), transitions: Int(number()),
            last: maybe { $0.ended() }, version: number())
        lease.metadata = bytes()
        lease.written = maybe { $0.spec() }
        lease.isClients = chance()
        lease.group = maybe { $0.text() }
        lease.abandoned = AbandonedHolds(
            holds: (0..<pick(0..<3)).map { _ in
                AbandonedHold(
                    token: number(), holder: text(), mode: mode(), how: end(), phase: maybe { $0.text() },
                    reason: maybe { $0.text() }, ended: time(), work: maybe { $0.text() })
            }, beyond: Int(number()))
        return lease
    }

    mutating func spec() -> LeaseSpec {
        LeaseSpec(
            holder: maybe { $0.text() }, durationSeconds: maybe { Int32(clamping: $0.number()) },
            acquireTime: maybe { $0.time() }, renewTime: maybe { $0.time() },
            transitions: maybe { Int32(clamping: $0.number()) }, strategy: maybe { $0.text() },
            preferredHolder: maybe { $0.text() })
    }

    mutating func openHold() -> Hold {
        var hold = Hold(
            token: number(), holder: text(), campaignID: maybe { $0.text() },
            principal: maybe { $0.text() }, duration: Interval(nanoseconds: number()),
            attempt: Int(number()), began: time(), inputsDigest: maybe { $0.text() },
            supersedes: maybe { $0.number() }, info: map())
        hold.isWritten = chance()
        hold.publishedRenewal = maybe { $0.time() }
        hold.mode = mode()
        hold.work = maybe { $0.text() }
        hold.phases = phases()
        hold.also = chance() ? [text(), text()] : []
        return hold
    }

    mutating func mode() -> Mode { [.exclusive, .shared, .permits(Int(number()))][pick(0..<3)] }

    mutating func phases() -> [Phase] {
        (0..<pick(0..<3)).map { _ in Phase(name: text(), at: time(), revision: number()) }
    }

    mutating func end() -> HoldEnd { HoldEnd.allCases[pick(0..<HoldEnd.allCases.count)] }

    mutating func ended() -> EndedHold {
        EndedHold(token: number(), holder: text(), how: end(), reason: maybe { $0.text() }, ended: time())
    }

    mutating func marker(_ key: Key? = nil) -> DoneMarker {
        let artifacts = (0..<pick(0..<3)).map { _ in
            Artifact(name: text(), digest: text(), size: maybe { $0.number() })
        }
        var marker = DoneMarker(
            key: key ?? Key(namespace: text(), name: text()), revision: number(),
            finding: Finding(
                outcome: chance() ? .succeeded : .failed, reason: maybe { $0.text() }, result: map(),
                artifacts: artifacts),
            inputsDigest: maybe { $0.text() }, holder: text(), principal: maybe { $0.text() },
            token: maybe { $0.number() }, attempt: Int(number()), info: map(), start: time(), end: time(),
            retention: maybe { Interval(nanoseconds: $0.number()) }, version: number())
        marker.metadata = bytes()
        return marker
    }

    mutating func bytes() -> [UInt8] {
        (0..<pick(0..<4)).map { _ in UInt8.random(in: .min ... .max, using: &self) }
    }

    mutating func namespace(_ name: String? = nil) -> NamespaceRecord {
        NamespaceRecord(
            name: name ?? text(), created: number(), createdAt: time(), version: number(), metadata: bytes(),
            isClients: chance(), terminatingSince: maybe { $0.time() }, terminatedBy: maybe { $0.text() })
    }

    mutating func hold(_ key: Key? = nil, token: FencingToken? = nil) -> HoldRecord {
        var hold = HoldRecord(
            key: key ?? Key(namespace: text(), name: text()), token: token ?? number(),
            way: chance() ? .once : .lock, holder: text(), campaignID: maybe { $0.text() },
            principal: maybe { $0.text() }, attempt: Int(number()), info: map(), began: time(),
            end: maybe {
                HoldRecord.End(
                    how: $0.end(), reason: $0.maybe { $0.text() }, by: $0.maybe { $0.text() }, at: $0.time(),
                    revision: $0.number())
            })
        hold.mode = mode()
        hold.work = maybe { $0.text() }
        hold.phases = phases()
        return hold
    }

    mutating func audit() -> AuditEntry {
        let verb = AuditEntry.Verb.allCases[pick(0..<AuditEntry.Verb.allCases.count)]
        let outcome = AuditEntry.Outcome.allCases[pick(0..<AuditEntry.Outcome.allCases.count)]
        var entry = AuditEntry(verb, outcome, at: time(), reason: maybe { $0.text() })
        entry.revision = number()
        entry.origin = maybe {
            Origin(requestID: $0.text(), identity: $0.maybe { $0.text() }, address: $0.text())
        }
        entry.namespace = maybe { $0.text() }
        entry.name = maybe { $0.text() }
        entry.holder = maybe { $0.text() }
        entry.token = maybe { $0.number() }
        entry.count = Int(number())
        entry.details = map()
        return entry
    }

    mutating func waits() -> WaitsRecord {
        var waits = Waits()
        waits.elected = Int(number())
        waits.electedTime = Interval(nanoseconds: number())
        waits.settled = Int(number())
        waits.settledTime = Interval(nanoseconds: number())
        waits.avoided = Int(number())
        waits.avoidedTime = Interval(nanoseconds: number())
        return WaitsRecord(
            key: Key(namespace: text(), name: text()), revision: number(), at: time(), waits: waits)
    }

    mutating func change() -> Change {
        switch pick(0..<10) {
        case 0: .lease(lease(), was: maybe { $0.bytes() })
        case 1: .leaseDeleted(lease(), at: number())
        case 2: .marker(marker(), was: maybe { $0.bytes() })
        case 3: .markerDeleted(marker(), at: number())
        case 4: .audit(audit())
        case 5: .namespace(namespace(), was: maybe { $0.bytes() })
        case 6: .namespaceDeleted(namespace(), at: number())
        case 7: .waits(waits())
        case 8: .alias(maybe { $0.alias() }, move())
        default: .hold(hold())
        }
    }
}

/// Records as a CI fleet has them.
enum Fleet {
    static func namespace(_ name: String, _ revision: Revision) -> NamespaceRecord {
        NamespaceRecord(name: name, created: revision, createdAt: began, version: revision)
    }

    static let began = Timestamp(microseconds: 1_795_000_000_000_000)

    static func key(_ number: Int) -> Key {
        Key(namespace: "ci-op-\(number % 40)", name: "release-import-\(number)-0123456789ab")
    }

    static func hold(_ token: FencingToken) -> Hold {
        Hold(
            token: token, holder: "prow-4711-import-\(token)", campaignID: "c0ffee\(token)", principal: nil,
            duration: .seconds(90), attempt: 1, began: began, inputsDigest: nil, supersedes: nil,
            info: ["url": "https://prow.example/view/\(token)"])
    }

    static func lease(_ key: Key, _ revision: Revision, held: Bool) -> LeaseRecord {
        LeaseRecord(
            key: key, revision: revision, created: revision, createdAt: began, way: .once,
            hold: held ? hold(revision) : nil, maxAttempts: 5)
    }

    static func record(_ key: Key, _ token: FencingToken) -> HoldRecord {
        HoldRecord(
            key: key, token: token, way: .once, holder: "prow-4711-import-\(token)",
            campaignID: "c0ffee\(token)", principal: nil, attempt: 1,
            info: ["url": "https://prow.example/view/\(token)"], began: began)
    }

    /// The same, ended.
    static func ended(_ key: Key, _ token: FencingToken, at: Timestamp = began) -> HoldRecord {
        var hold = record(key, token)
        hold.end = HoldRecord.End(how: .completed, reason: nil, by: nil, at: at, revision: token + 1)
        return hold
    }

    /// A lease that has a share of a name.
    static func member(of key: Key, _ token: FencingToken) -> LeaseRecord {
        var lease = lease(key.member(token), token, held: true)
        lease.way = .lock
        lease.group = key.name
        lease.hold!.mode = .shared
        return lease
    }

    static func entry(
        _ revision: Revision, _ verb: AuditEntry.Verb = .revoke, _ outcome: AuditEntry.Outcome = .done,
        in namespace: String = "ci", after: Interval = .zero
    ) -> AuditEntry {
        let time = Timestamp(microseconds: began.microseconds + after.nanoseconds / 1000)
        var entry = AuditEntry(verb, outcome, at: time, reason: "hangs")
        entry.revision = revision
        entry.origin = Origin(requestID: "r-\(revision)", identity: "ops", address: "10.0.0.7")
        entry.namespace = namespace
        entry.name = "work"
        return entry
    }

    static func waits(_ key: Key, _ revision: Revision, at: Timestamp = began) -> WaitsRecord {
        var waits = Waits()
        waits.elected = 2
        waits.electedTime = .seconds(30)
        return WaitsRecord(key: key, revision: revision, at: at, waits: waits)
    }

    static func marker(_ key: Key, _ revision: Revision, retention: Interval? = nil) -> DoneMarker {
        DoneMarker(
            key: key, revision: revision,
            finding: Finding(result: ["image": "registry/import@sha256:0123456789abcdef"]),
            inputsDigest: nil, holder: "prow-4711", principal: nil, token: revision, attempt: 1, info: [:],
            start: began, end: began, retention: retention)
    }
}
