import Coordination
import JSON
import Testing

@testable import API

struct RefusalTests {
    static let refusals: [(Rejection, String, [String: JSON])] = [
        (
            .holdEnded(token: 17, record: Sample.history(.expired), current: Sample.view),
            "409 hold-ended: The hold with fencing token 17 ended at 2026-11-21T05:00:30.500000Z: expired; \"anna\" holds "
                + "the lease now, with token 17. Stop its work; to go on, campaign again.",
            [
                "fencingToken": .number(JSONNumber(17)), "end": .string("expired"),
                "reason": .string("so it is"),
                "endTime": .string("2026-11-21T05:00:30.500000Z"), "currentHolder": .string("anna"),
                "currentToken": .number(JSONNumber(17)),
            ]
        ),
        (
            .holdEnded(token: 99, record: nil, current: nil),
            "409 hold-ended: The hold with fencing token 99 is not the present one. Stop its work; to go on, campaign "
                + "again.",
            ["fencingToken": .number(JSONNumber(99))]
        ),
        (
            .notTheHolder(holder: "anna"),
            "409 not-the-holder: The fencing token is right, but \"anna\" holds it. Send the holderIdentity of the "
                + "campaign that was elected, with the same credentials.",
            ["currentHolder": .string("anna")]
        ),
        (
            .wayConflict(current: .once, asked: .lock),
            "409 marker-mode-conflict: This name is in use with \"marker\": \"once\", and the request says \"none\". Use "
                + "another name, or the same marker everywhere.",
            ["current": .string("once"), "asked": .string("none")]
        ),
        (
            .inputsMismatch(stored: "sha256:1", given: "sha256:2"),
            "409 inputs-mismatch: This name stands for other inputs (sha256:1) than the request's (sha256:2). Derive the "
                + "name from the inputs, or delete the old marker.",
            ["stored": .string("sha256:1"), "given": .string("sha256:2")]
        ),
        (
            .lockHasNoMarker,
            "409 lock-has-no-marker: This hold is a lock (\"marker\": \"none\") and ends without a done marker: resign.",
            [:]
        ),
        (
            .markerDiffers(Sample.marker()),
            "409 marker-differs: A done marker with other contents is there, of revision 20, and markers don't change. "
                + "Delete it with ?revision=20, or use another name.",
            ["marker": try! JSON(parsing: Array(AnswerTests.marker.utf8))]
        ),
        (
            .held(Sample.view),
            "409 held: The work of this name is under way: \"anna\" holds it, with token 17. Wait for its end, or revoke "
                + "it.",
            ["lease": try! JSON(parsing: Array(AnswerTests.lease.utf8))]
        ),
        (
            .notFound(Sample.key),
            "404 not-found: There is neither a lease nor a done marker of the name build in namespace ci that this could "
                + "apply to.",
            ["namespace": .string("ci"), "name": .string("build")]
        ),
        (
            .revisionDiffers(current: 21),
            "409 revision-differs: The marker's revision is 21 by now. Read it again before you decide what to do.",
            ["current": .number(JSONNumber(21))]
        ),
        (
            .namespaceTerminating("ci"),
            "409 namespace-terminating: The namespace ci is being deleted, and all that is in it: nothing begins in it "
                + "any more, and no work of it can be completed. When it is gone, the same name begins anew.",
            ["namespace": .string("ci")]
        ),
        (
            .tooMany(.queue, limit: 1000),
            "429 too-many: As many contenders queue for this name as may: 1000 (contender.queueMax). Try again in a moment.",
            ["setting": .string("contender.queueMax"), "limit": .number(JSONNumber(1000))]
        ),
        (
            .tooMany(.waitersOfClient, limit: 7),
            "429 too-many: As many requests of this client wait as may: 7 (waiters.perClient). Try again in a moment.",
            ["setting": .string("waiters.perClient"), "limit": .number(JSONNumber(7))]
        ),
        (
            .quotaExceeded(.markers, namespace: "ci", limit: 50, used: 50),
            "403 quota-exceeded: Namespace ci has 50 of 50 done markers, those included that holds may still leave "
                + "(namespace.markers). Done markers that nobody needs can be deleted. Holds that have begun can still "
                + "be renewed, completed and resigned.",
            [
                "setting": .string("namespace.markers"), "namespace": .string("ci"),
                "limit": .number(JSONNumber(50)), "used": .number(JSONNumber(50)),
            ]
        ),
    ]

    @Test(arguments: refusals) func `a refusal is a problem with its facts`(
        rejection: Rejection, text: String, facts: [String: JSON]
    ) {
        let answer = Stage.elections.response(to: .refused(rejection), shape: AnswerShape(.ndjson))
        #expect(answer.problem == text)
        #expect(answer.header("Content-Type") == "application/problem+json")
        guard case .object(let members) = answer.json else { return #expect(Bool(false)) }
        #expect(members.prefix(4).map { $0.name } == ["type", "title", "status", "detail"])
        #expect(members.count == 4 + facts.count)
        for (name, value) in facts { #expect(answer.json[name] == value) }
    }

    @Test(arguments: Unavailable.allCases) func `unavailable says why, and when to ask again`(
        reason: Unavailable
    ) {
        let answer = Stage.elections.response(unavailable: reason)
        #expect(answer.status == 503)
        #expect(answer.json["reason"]?.string == reason.rawValue)
        #expect(answer.header("Retry-After").flatMap { Int($0) } ?? 0 > 0)
        #expect(answer.problem.hasSuffix("ask again, with the same holderIdentity and campaignID."))
    }

    @Test(arguments: [
        (400, "bad-request"), (408, "request-timeout"), (411, "length-required"), (413, "payload-too-large"),
        (414, "uri-too-long"),
        (417, "expectation-failed"), (431, "head-too-large"), (501, "not-implemented"), (503, "unavailable"),
        (505, "version-not-supported"), (418, "bad-request"), (502, "internal-error"),
    ]) func `what the wire refuses is a problem too`(status: Int, type: String) {
        let answer = Stage.elections.response(wireStatus: status, detail: "a line ends in LF without CR")
        #expect(answer.problem.hasSuffix(" \(type): A line ends in LF without CR."))
        #expect(status == 418 || status == 502 || answer.status == status)
    }

    @Test func `each kind of problem has a status and a title of its own`() {
        #expect(Set(Problem.Kind.allCases.map { $0.title }).count == Problem.Kind.allCases.count)
        for kind in Problem.Kind.allCases { #expect((400...505).contains(kind.status)) }
    }
}

@Suite struct `What the audit record is told` {
    @Test(arguments: [
        Problem.Kind.unauthenticated, .forbidden, .tooMany, .holdEnded, .notTheHolder,
    ]) func `who may not, who asks for too much, and whose token is no good`(kind: Problem.Kind) {
        #expect(kind.isRecorded(ofAct: false) && kind.isRecorded(ofAct: true))
    }

    @Test(arguments: [Problem.Kind.notFound, .revisionDiffers, .markerDiffers, .held])
    func `of an act every refusal`(kind: Problem.Kind) {
        #expect(kind.isRecorded(ofAct: true) && !kind.isRecorded(ofAct: false))
    }

    @Test(arguments: [Problem.Kind.unavailable, .internalError])
    func `not that nothing is known`(kind: Problem.Kind) {
        #expect(!kind.isRecorded(ofAct: true) && !kind.isRecorded(ofAct: false))
    }
}
