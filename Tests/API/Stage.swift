import Coordination
import JSON
import Testing

@testable import API

/// What the tests share: a face with the default settings, a moment, and short ways to ask.
enum Stage {
    static let elections = Elections(incarnation: 0x0123_4567_89AB_CDEF)
    static let now = Now(
        instant: Instant(nanoseconds: 5_000_000_000),
        wall: Timestamp(microseconds: 1_795_237_262_123_456))

    static func route(
        _ method: String, _ path: String, _ body: String = "", accept: String? = nil,
        contentType: String? = nil, principal: String? = nil
    ) -> Routed {
        elections.route(
            request(method, path, body, accept: accept, contentType: contentType), as: 7, at: now,
            principal: principal)
    }

    /// Nothing is percent-decoded here.
    static func request(
        _ method: String, _ target: String, _ body: String = "", accept: String? = nil,
        contentType: String? = nil
    ) -> APIRequest {
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = halves[0].dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let items = halves.count == 1 ? [] : halves[1].split(separator: "&")
        return APIRequest(
            method: method, path: path.map { String($0) },
            query: items.map { item in
                let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(pair[0]), pair.count == 1 ? "" : String(pair[1]))
            }, accept: accept, contentType: contentType, body: Array(body.utf8))
    }

    /// A request under the lease `ci/build`.
    static func lease(_ verb: String, _ body: String, accept: String? = nil) -> Routed {
        route("POST", "/v1/namespaces/ci/leases/build/\(verb)", body, accept: accept)
    }
}

extension Routed {
    var command: Command? {
        guard case .command(let command, _) = action else { return nil }
        return command
    }

    var shape: AnswerShape? {
        guard case .command(_, let shape) = action else { return nil }
        return shape
    }

    var query: ReadQuery? {
        guard case .read(let query) = action else { return nil }
        return query
    }

    var answer: APIResponse? {
        guard case .answer(let answer) = action else { return nil }
        return answer
    }

    /// The problem's "type field: detail", without the common prefix: what most tables compare.
    var problem: String {
        guard let answer else { return "no problem: \(action)" }
        return answer.problem
    }
}

extension APIResponse {
    var text: String { String(decoding: body, as: UTF8.self) }

    var json: JSON { (try? JSON(parsing: body)) ?? .null }

    var problem: String {
        let type = (json["type"]?.string ?? "").split(separator: ":").last ?? ""
        let field = json["field"]?.string.map { " " + $0 } ?? ""
        return "\(status) \(type)\(field): \(json["detail"]?.string ?? text)"
    }
}

/// Records as the core would give them.
enum Sample {
    static let key = Key(namespace: "ci", name: "build")
    static let began = Timestamp(microseconds: 1_795_237_200_000_000)
    static let ended = Timestamp(microseconds: 1_795_237_230_500_000)

    static let hold = Hold(
        token: 17, holder: "anna", campaignID: "c1", principal: "sa:anna", duration: .seconds(30), attempt: 2,
        began: began, inputsDigest: nil, supersedes: nil, info: ["url": "https://ci/1"])

    static let previous = EndedHold(token: 9, holder: "bela", how: .expired, reason: nil, ended: ended)

    static func record(hold: Hold? = Sample.hold, last: EndedHold? = nil, way: Way = .once) -> LeaseRecord {
        LeaseRecord(
            key: key, revision: 17, created: 3, createdAt: began, way: way, hold: hold, failures: 1,
            maxAttempts: 5, transitions: 4, last: last)
    }

    static let view = LeaseView(
        record: record(), remaining: Interval(nanoseconds: 27_100_900_000), lastRenewal: ended, queueLength: 2
    )

    static let free = LeaseView(
        record: record(hold: nil, last: previous), remaining: nil, lastRenewal: nil, queueLength: 0)

    static func marker(_ outcome: Outcome = .succeeded) -> DoneMarker {
        DoneMarker(
            key: key, revision: 20,
            finding: Finding(
                outcome: outcome, reason: outcome == .failed ? "boom" : nil, result: ["b": "2", "a": "1"],
                artifacts: [Artifact(name: "out.tar", digest: digest, size: 12)]),
            inputsDigest: digest, holder: "anna", principal: nil, token: 17, attempt: 2, info: [:],
            start: began,
            end: ended, retention: outcome == .failed ? .minutes(10) : nil)
    }

    static let digest = "sha256:" + String(repeating: "0a", count: 32)

    static func history(_ how: HoldEnd? = nil) -> HoldRecord {
        HoldRecord(
            key: key, token: 17, way: .once, holder: "anna", campaignID: nil, principal: nil, attempt: 2,
            info: [:],
            began: began,
            end: how.map { .init(how: $0, reason: "so it is", by: nil, at: ended, revision: 21) })
    }
}

/// SplitMix64 (Vigna): the same seed, the same story.
struct Dice: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
