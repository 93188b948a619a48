import Coordination
import Testing

@testable import API

/// Several names at once over HTTP.
struct SeveralTests {
    private func campaign(_ fields: String) -> Routed {
        CampaignRequestTests.campaign("{\"holderIdentity\":\"anna\",\(fields)}")
    }

    private static func key(_ name: String) -> Key { Key(namespace: "ci", name: name) }

    @Test func `a campaign names what it wants besides, in its own order`() throws {
        let fields = #""marker":"none","also":["index","a.cdn"],"mode":"shared""#
        guard case .campaign(let campaign) = campaign(fields).command else { throw Missing() }
        #expect(campaign.also == [Self.key("index"), Self.key("a.cdn")] && campaign.mode == .shared)
    }

    static let rule = "1 to 15 strings"
    static let bad: [(String, String)] = [
        (#""marker":"none","also":[]"#, "also: also has 0; it has to have \(rule)."),
        (#""marker":"none","also":"b""#, "also: also is a string; it has to be an array of \(rule)."),
        (#""marker":"none","also":["b",3]"#, "also[1]: also[1] is a number; it has to be a string."),
        (
            #""marker":"none","also":["b","B"]"#,
            "also[1]: also[1] is \"B\"; it has to be a DNS-1123 subdomain: at most 253 of a-z, 0-9, \"-\" and \".\"; "
                + "each part between dots begins and ends with a letter or digit."
        ),
        (
            #""marker":"none","also":["build"]"#,
            "also[0]: also[0] is \"build\", which is asked for already. Leave it out."
        ),
        (
            #""marker":"none","also":["b","c","b"]"#,
            "also[2]: also[2] is \"b\", which is asked for already. Leave it out."
        ),
        (
            #""also":["b"]"#,
            "also: also needs \"marker\": \"none\": each of the names is a lock, and none of them gets a done marker."
        ),
        (
            #""marker":"none","also":["b"],"permits":8"#,
            "also: also can't go with 8 permits: a number of permits belongs to one name. Ask for mode exclusive or "
                + "shared, which goes for all of the names."
        ),
        (
            #""marker":"none","also":[\#((1...16).map { "\"n\($0)\"" }.joined(separator: ","))]"#,
            "also: also has 16; it has to have \(rule)."
        ),
    ]

    @Test(arguments: bad) func `a wrong field is named, with what it may be`(fields: String, problem: String)
    {
        #expect(campaign(fields).problem == "400 invalid-field \(problem)")
    }

    private static func lease(_ name: String, _ token: FencingToken) -> LeaseRecord {
        var lease = LeaseRecord(
            key: key(name), revision: token, created: token, createdAt: Stage.now.wall, way: .lock,
            maxAttempts: 5)
        lease.hold = Hold(
            token: token, holder: "anna", campaignID: nil, principal: nil, duration: .seconds(30), attempt: 1,
            began: Stage.now.wall, inputsDigest: nil, supersedes: nil, info: [:])
        lease.hold!.also = name == "a" ? ["b"] : ["a"]
        return lease
    }

    private static func text(_ reply: Reply) -> String {
        String(decoding: Stage.elections.response(to: reply).body, as: UTF8.self)
    }

    @Test func `who is elected is told each name with its token`() {
        let (a, b) = (Self.lease("a", 7), Self.lease("b", 8))
        var election = Election(lease: a, hold: a.hold!, previous: nil)
        election.also = [Election(lease: b, hold: b.hold!, previous: nil)]
        let text = Self.text(.elected(election))
        #expect(text.contains(#""outcome":"elected","fencingToken":7,"#))
        #expect(text.contains(#""also":[{"name":"b","fencingToken":8,"lease":{"namespace":"ci","name":"b","#))
        #expect(text.contains(#""attempt":1,"also":["a"],"#) && text.hasSuffix(#""previous":null}]}"#))
    }

    @Test func `who waits is told how each name stands`() {
        let free = LeaseRecord(
            key: Self.key("a"), revision: 3, created: 3, createdAt: Stage.now.wall, way: .lock, maxAttempts: 5
        )
        var standing = Standing(
            reason: .kept,
            lease: LeaseView(record: free, remaining: nil, lastRenewal: nil, queueLength: 1), position: 1,
            queueLength: 1)
        standing.also = [
            Standing(
                reason: .held,
                lease: LeaseView(
                    record: Self.lease("b", 8), remaining: .seconds(4), lastRenewal: nil, queueLength: 2),
                position: 2, queueLength: 2)
        ]
        let text = Self.text(.waiting(standing))
        #expect(text.hasPrefix(#"{"outcome":"waiting","reason":"Kept","position":1,"queueLength":1,"#))
        #expect(
            text.hasSuffix(
                #""also":[{"name":"b","reason":"Held","position":2,"queueLength":2,"holderIdentity":"anna","#
                    + #""fencingToken":8,"remaining":4}]}"#))
    }

    @Test func `other names than before are refused with both`() {
        let problem = Stage.elections.problem(
            for: .namesConflict(current: ["a", "b"], asked: ["a", "c"]))
        #expect(problem.kind.status == 409 && problem.kind.rawValue == "names-conflict")
        let text = String(decoding: problem.response.body, as: UTF8.self)
        #expect(text.contains(#""current":["a","b"],"asked":["a","c"]"#))
    }

    @Test func `a refusal says which of the names it is about`() {
        let problem = Stage.elections.problem(
            for: .about(Self.key("b"), .modeConflict(current: .permits(3), asked: .exclusive)))
        #expect(problem.kind == .modeConflict && problem.detail.hasPrefix("\"b\", and so all of the names: "))
        let text = String(decoding: problem.response.body, as: UTF8.self)
        #expect(text.contains(#""about":"b""#))
    }
}
