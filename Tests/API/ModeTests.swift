import Coordination
import JSON
import Testing

@testable import API

/// Shared holds, permits, abandoned holds and phases over HTTP.
struct ModeTests {
    private func campaign(_ fields: String) -> Routed {
        CampaignRequestTests.campaign("{\"holderIdentity\":\"anna\",\(fields)}")
    }

    @Test(arguments: [
        (#""marker":"none""#, Mode.exclusive), (#""mode":"exclusive""#, .exclusive),
        (#""marker":"none","mode":"exclusive""#, .exclusive), (#""marker":"none","mode":"shared""#, .shared),
        (#""marker":"none","permits":1"#, .permits(1)),
        (#""marker":"none","mode":"observe""#, .observe),
        (#""marker":"none","permits":10000"#, .permits(10_000)),
    ]) func `a campaign says how it holds`(fields: String, mode: Mode) throws {
        guard case .campaign(let campaign) = campaign(fields).command else { throw Missing() }
        #expect(campaign.mode == mode && !campaign.failOnAbandoned && campaign.work == nil)
    }

    @Test func `what it is for, and what it doesn't want to find`() throws {
        let fields = #""marker":"none","failOnAbandoned":true,"work":"publish-images""#
        guard case .campaign(let campaign) = campaign(fields).command else { throw Missing() }
        #expect(campaign.failOnAbandoned && campaign.work == "publish-images")
    }

    static let bad: [(String, String)] = [
        (#""mode":"both""#, #"mode: mode can't be "both". Allowed: exclusive, shared, observe."#),
        (#""mode":true"#, "mode: mode is a boolean; it has to be a string."),
        (
            #""marker":"none","permits":0"#,
            "permits: permits can't be 0. It has to be a whole number from 1 to 10000."
        ),
        (
            #""marker":"none","permits":-3"#,
            "permits: permits can't be -3. It has to be a whole number from 1 to 10000."
        ),
        (
            #""marker":"none","permits":10001"#,
            "permits: permits can't be 10001. It has to be a whole number from 1 to 10000."
        ),
        (#""marker":"none","permits":"8""#, "permits: permits is a string; it has to be a number."),
        (
            #""marker":"none","mode":"shared","permits":8"#,
            "permits: permits is 8, and mode is \"shared\": 8 may hold at once, or all who share, or one alone. Leave one "
                + "of the two out."
        ),
        (
            #""marker":"none","mode":"exclusive","permits":8"#,
            "permits: permits is 8, and mode is \"exclusive\": 8 may hold at once, or all who share, or one alone. Leave "
                + "one of the two out."
        ),
        (
            #""mode":"shared""#,
            "mode: mode needs \"marker\": \"none\": others hold the name at the same time, and none of them ends "
                + "its work for the others."
        ),
        (
            #""marker":"once","permits":8"#,
            "permits: permits needs \"marker\": \"none\": others hold the name at the same time, and none of them "
                + "ends its work for the others."
        ),
        (
            #""failOnAbandoned":"yes""#,
            "failOnAbandoned: failOnAbandoned is a string; it has to be true or false."
        ),
        (
            #""work":"""#,
            "work: work has 0 bytes; it may have 1 to 253 bytes without control characters."
        ),
    ]

    @Test(arguments: bad) func `a wrong field is named, with what it may be`(fields: String, problem: String)
    {
        #expect(campaign(fields).problem == "400 invalid-field \(problem)")
    }

    @Test func `a name leaves room for the names of its holds`() {
        func ask(_ length: Int) -> Routed {
            let name = String(repeating: "a", count: length)
            return Stage.route(
                "POST", "/v1/namespaces/ci/leases/\(name)/campaign",
                #"{"holderIdentity":"anna","marker":"none","mode":"shared"}"#)
        }
        #expect(ask(231).command != nil)
        #expect(
            ask(232).problem.hasPrefix("400 invalid-field name: The name has 232 bytes; with mode it may"))
    }

    // MARK: Phases, and what is abandoned

    @Test func `a phase is the holder's word`() throws {
        let routed = Stage.lease("phase", #"{"holderIdentity":"anna","fencingToken":17,"phase":"pushing"}"#)
        guard case .phase(let claim, "pushing") = routed.command else { throw Missing() }
        #expect(claim.key == Sample.key && claim.holder == "anna" && claim.token == 17)
        #expect(routed.access?.verb == .run)
    }

    @Test func `to clear is for operators, and has a reason`() throws {
        let routed = Stage.lease("clear-abandoned", #"{"fencingToken":17,"reason":"deleted its images"}"#)
        guard case .clearAbandoned(let clearing) = routed.command else { throw Missing() }
        #expect(clearing.key == Sample.key && clearing.token == 17 && clearing.reason == "deleted its images")
        #expect(routed.access?.verb == .administer)
    }

    @Test(arguments: [
        ("phase", #"{"holderIdentity":"anna","fencingToken":17}"#, "phase: The field phase is required."),
        (
            "phase", #"{"holderIdentity":"anna","fencingToken":17,"phase":"a\nb"}"#,
            "phase: phase has a control character; it may have 1 to 128 bytes without control characters."
        ),
        (
            "phase", #"{"fencingToken":17,"phase":"a"}"#,
            "holderIdentity: The field holderIdentity is required."
        ),
        ("clear-abandoned", #"{"reason":"a"}"#, "fencingToken: The field fencingToken is required."),
        ("clear-abandoned", #"{"fencingToken":1}"#, "reason: The field reason is required."),
        (
            "clear-abandoned", #"{"fencingToken":1,"reason":""}"#,
            "reason: reason is empty: say why, for the history."
        ),
    ]) func `what is missing is said`(verb: String, body: String, problem: String) {
        #expect(Stage.lease(verb, body).problem == "400 invalid-field \(problem)")
    }

    // MARK: Answers

    private static let abandoned = AbandonedHolds(
        holds: [
            AbandonedHold(
                token: 9, holder: "bela", mode: .shared, how: .expired, phase: "pushing",
                reason: "not renewed in time", ended: Sample.ended, work: "publish")
        ], beyond: 2)
    private static let told =
        #""abandoned":[{"fencingToken":9,"holderIdentity":"bela","mode":"shared","end":"expired","#
        + #""phase":"pushing","reason":"not renewed in time","endTime":"2026-11-21T05:00:30.500000Z","#
        + #""work":"publish"}],"abandonedBeyond":2"#

    private static var member: Hold {
        var hold = Sample.hold
        hold.mode = .permits(2)
        hold.phases = [Phase(name: "pushing", at: Sample.ended, revision: 18)]
        return hold
    }

    @Test func `a shared name has its holders`() {
        var record = Sample.record(hold: nil, way: .lock)
        record.abandoned = Self.abandoned
        let view = LeaseView(
            record: record, remaining: nil, lastRenewal: nil, queueLength: 1,
            shared: [SharedHold(hold: Self.member, remaining: .seconds(7), lastRenewal: nil)], sharedCount: 1)
        let text = Stage.elections.lease(view, queue: [], of: Sample.key).text
        #expect(
            text.contains(
                #""held":true,"mode":"permits","permits":2,"holders":[{"holderIdentity":"anna","#
                    + #""fencingToken":17,"mode":"permits","permits":2,"beginTime":"2026-11-21T05:00:00.000000Z","#
                    + #""remaining":7,"lastRenewal":"2026-11-21T05:00:00.000000Z","phase":"pushing","#
                    + #""phaseTime":"2026-11-21T05:00:30.500000Z"}],"holderCount":1,"# + Self.told))
    }

    @Test func `who is elected is told what is abandoned, and which name its lease is of`() {
        var lease = Sample.record(hold: Self.member, way: .lock)
        lease.key = Sample.key.member(17)
        lease.group = "build"
        let election = Election(lease: lease, hold: Self.member, previous: nil, abandoned: Self.abandoned)
        let text = Stage.elections.response(to: .elected(election)).text
        #expect(text.contains(#""name":"build.hold-17","memberOf":"build""#))
        #expect(text.contains(#""mode":"permits","permits":2,"holderIdentity":"anna""#))
        #expect(text.hasSuffix(#""previous":null,"# + Self.told + "}"))
    }

    @Test func `the history has phases`() {
        var record = Sample.history(.expired)
        record.phases = Self.member.phases
        record.mode = .shared
        let text = Stage.elections.history([record]).text
        #expect(
            text.contains(
                #""mode":"shared","phases":[{"phase":"pushing","time":"2026-11-21T05:00:30.500000Z"}]"#))
    }

    @Test func `refusals have both sides, and what there is`() {
        let conflict = Stage.elections.problem(for: .modeConflict(current: .permits(4), asked: .permits(8)))
        #expect(
            conflict.response.problem.hasPrefix(
                "409 mode-conflict: This name is in use with 4 permits, and the request asks for 8 permits."))
        #expect(
            conflict.response.text.contains(
                #""current":{"mode":"permits","permits":4},"asked":{"mode":"permits","permits":8}"#))
        let abandoned = Stage.elections.problem(for: .abandonedHolds(Self.abandoned)).response
        #expect(abandoned.problem.hasPrefix("409 abandoned-holds: 3 holds of this name ended"))
        #expect(abandoned.text.contains(Self.told))
        let reserved = Stage.elections.problem(for: .reserved(Sample.key.member(7))).response
        #expect(reserved.problem.hasPrefix("400 invalid-field name: Names that end in .hold-"))
        #expect(Stage.elections.problem(for: .notAbandoned(token: 7)).response.status == 404)
    }

    @Test func `the object of a shared hold is labelled with its name`() {
        var lease = Sample.record(hold: Self.member, way: .lock)
        lease.key = Sample.key.member(17)
        lease.group = "build"
        let kubernetes = Kubernetes(incarnation: 1, version: "test", settings: Elections.Settings())
        let metadata = kubernetes.object(lease).metadata
        #expect(metadata.labels == ["coordination.baton.dev/name": "build"])
        #expect(metadata.annotations["coordination.baton.dev/phase"] == "pushing")
        #expect(metadata.annotations["coordination.baton.dev/permits"] == "2")
        lease.group = String(repeating: "a", count: 64)
        #expect(kubernetes.object(lease).metadata.labels.isEmpty)
        #expect(kubernetes.object(lease).metadata.annotations["coordination.baton.dev/name"] == lease.group)
    }
}
