import Coordination
import JSON
import Testing

@testable import API

/// Overlaps and reports, letter by letter.
@Suite struct EvidenceTests {
    private static func time(_ seconds: Int64) -> Timestamp { Timestamp(microseconds: seconds * 1_000_000) }
    private static let window = TimeWindow(since: time(0), until: time(100))
    private static let begin = #"{"namespace":"ci","#
    private static let span =
        #""since":"1970-01-01T00:00:00.000000Z","until":"1970-01-01T00:01:40.000000Z""#

    private static func hold(_ token: FencingToken, from: Int64, to: Int64?) -> HoldRecord {
        var hold = HoldRecord(
            key: Sample.key, token: token, way: .lock, holder: "anna", campaignID: nil, principal: nil,
            attempt: 1, info: [:], began: time(from))
        hold.mode = .observe
        hold.end = to.map { HoldRecord.End(how: .resigned, reason: nil, by: nil, at: time($0), revision: 99) }
        return hold
    }

    /// The overlap of two, as the sweep finds it.
    private static func overlap() -> Overlap? {
        var first = hold(3, from: 10, to: 40)
        first.phases = [
            Phase(name: "a", at: time(11), revision: 4), Phase(name: "b", at: time(15), revision: 5),
            Phase(name: "c", at: time(25), revision: 6), Phase(name: "d", at: time(30), revision: 7),
        ]
        var sweep = OverlapSweep(window)
        var found: Overlap?
        sweep.add(first) { found = $0 }
        sweep.add(hold(6, from: 20, to: 30)) { found = $0 }
        return found
    }

    private static func query(skip: Int = 0) -> OverlapsQuery {
        OverlapsQuery(
            namespace: "ci", name: "build", window: window, includesShared: false, skip: skip, limit: 1)
    }

    @Test func `an overlap has both holds, and where they were`() throws {
        var found = OverlapsFound()
        found.items = [try #require(Self.overlap())]
        found.count = 2
        found.length = .milliseconds(12_500)
        let text = Stage.elections.overlaps(found, for: Self.query()).text
        let pair = try #require(try JSON(parsing: Array(text.utf8))["items"]?.array?.first)
        #expect(pair["overlap"]?.integer == 10 && pair["name"]?.string == "build")
        #expect(pair["from"]?.string == "1970-01-01T00:00:20.000000Z")
        let holds = try #require(pair["holds"]?.array)
        #expect(holds.map { $0["fencingToken"]?.integer } == [3, 6])
        #expect(
            holds[0]["phasesDuring"]?.array?.map(\.string) == ["b", "c"] && holds[1]["phasesDuring"] == nil)
        #expect(holds.allSatisfy { $0["mode"]?.string == "observe" })
        let head =
            #"{"namespace":"ci","name":"build",\#(Self.span),"count":2,"overlap":12.5,"truncated":false,"#
        #expect(text.hasPrefix(head) && text.hasSuffix(#","staleWrites":[],"continue":"1"}"#))
    }

    @Test func `the last part says nothing of a next one, and none is an empty list`() {
        let none =
            #"{"namespace":"ci","name":"build",\#(Self.span),"count":2,"overlap":0,"truncated":false,"items":[],"#
            + #""staleWrites":[]}"#
        var found = OverlapsFound()
        found.count = 2
        #expect(Stage.elections.overlaps(found, for: Self.query(skip: 2)).text == none)
    }

    @Test func `a stale write tells whose token it was and who held then`() throws {
        var entry = AuditEntry(.complete, .refused, at: Self.time(7), reason: "hold-ended")
        (entry.name, entry.token, entry.holder, entry.count) = ("build", 3, "anna", 2)
        entry.details = ["end": "expired", "currentHolder": "bela"]
        var found = OverlapsFound()
        found.staleWrites = [entry]
        #expect(
            Stage.elections.overlaps(found, for: Self.query()).text.hasSuffix(
                #""staleWrites":[{"time":"1970-01-01T00:00:07.000000Z","name":"build","verb":"complete","#
                    + #""fencingToken":3,"holderIdentity":"anna","end":"expired","currentHolder":"bela","count":2}]}"#
            ))
    }

    @Test func `a report's row is these letters`() {
        var sheet = ReportSheet(Self.window, limit: 10)
        sheet.add(Self.hold(6, from: 20, to: 30))
        sheet.add(Self.hold(3, from: 10, to: 25))
        let query = ReportQuery(namespace: "ci", window: Self.window, page: .init(limit: 10))
        #expect(
            Stage.elections.report(sheet.page.rows, next: nil, isTruncated: false, for: query).text
                == Self.begin + Self.span
                + #","truncated":false,"items":[{"name":"build","holds":0,"held":0,"#
                + #""attempts":0,"failures":0,"takeovers":0,"waits":{"elected":{"count":0,"time":0},"#
                + #""settled":{"count":0,"time":0}},"avoided":{"count":0,"time":0},"observed":2,"#
                + #""wouldHaveOverlapped":{"count":1,"time":5}}]}"#)
        #expect(
            Stage.elections.report([], next: "build", isTruncated: true, for: query).text
                == Self.begin + Self.span + #","truncated":true,"items":[],"continue":"build"}"#)
    }

    @Test func `observing needs no marker, and has nothing to do with what is abandoned`() {
        for (fields, field) in [
            (#""mode":"observe""#, "mode"), (#""mode":"observe","marker":"none","work":"x""#, "work"),
            (#""mode":"observe","marker":"none","failOnAbandoned":true"#, "failOnAbandoned"),
            (#""mode":"observe","marker":"none","permits":3"#, "permits"),
            (#""mode":"observe","marker":"none","maxAttempts":3"#, "maxAttempts"),
            (#""mode":"observe","marker":"none","also":["x"]"#, "also"),
        ] {
            let routed = CampaignRequestTests.campaign("{\"holderIdentity\":\"anna\",\(fields)}")
            #expect(routed.problem.contains("invalid-field \(field):"), "\(fields)")
        }
    }
}
