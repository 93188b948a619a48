import Coordination
import JSON
import Testing

@testable import API

/// Every answer, letter by letter: clients of other languages depend on each.
struct AnswerTests {
    static let uid = "01234567-89ab-8cde-bc00-000000000003"
    static let lease =
        #"{"namespace":"ci","name":"build","uid":"\#(uid)","revision":17,"marker":"once","held":true,"mode":"exclusive","#
        + #""holderIdentity":"anna","campaignID":"c1","fencingToken":17,"leaseDuration":30,"remaining":27.1,"#
        + #""beginTime":"2026-11-21T05:00:00.000000Z","lastRenewal":"2026-11-21T05:00:30.500000Z","attempt":2,"#
        + #""info":{"url":"https://ci/1"},"maxAttempts":5,"failures":1,"transitions":4,"queueLength":2,"last":null}"#
    static let previous =
        #"{"fencingToken":9,"holderIdentity":"bela","end":"expired","endTime":"2026-11-21T05:00:30.500000Z"}"#
    static let free =
        #"{"namespace":"ci","name":"build","uid":"\#(uid)","revision":17,"marker":"once","held":false,"#
        + #""maxAttempts":5,"failures":1,"transitions":4,"queueLength":0,"last":\#(previous)}"#
    static let marker =
        #"{"namespace":"ci","name":"build","revision":20,"outcome":"Succeeded","result":{"a":"1","b":"2"},"#
        + #""artifacts":[{"name":"out.tar","digest":"\#(Sample.digest)","size":12}],"inputsDigest":"\#(Sample.digest)","#
        + #""holderIdentity":"anna","fencingToken":17,"attempt":2,"info":{},"#
        + #""startTime":"2026-11-21T05:00:00.000000Z","endTime":"2026-11-21T05:00:30.500000Z"}"#
    static let failed =
        marker.replacing(#""Succeeded","#, #""Failed","reason":"boom","#).replacing(
            "500000Z\"}", "500000Z\",\"retention\":600}")
    static func hold(_ end: String) -> String {
        #"{"namespace":"ci","name":"build","fencingToken":17,"marker":"once","holderIdentity":"anna","attempt":2,"#
            + #""info":{},"mode":"exclusive","beginTime":"2026-11-21T05:00:00.000000Z","endTime":"2026-11-21T05:00:30.500000Z","#
            + #""end":"\#(end)","reason":"so it is"}"#
    }

    static let election = Election(lease: Sample.record(), hold: Sample.hold, previous: Sample.previous)
    static let elected =
        #"{"outcome":"elected","fencingToken":17,"attempt":2,"maxAttempts":5,"lease":"#
        + lease.replacing(#""remaining":27.1"#, #""remaining":30"#).replacing("00:30.5", "00:00.0")
        .replacing(#""queueLength":2"#, #""queueLength":0"#) + #","previous":\#(previous)}"#
    static let standing = Standing(
        reason: .sameIdentityHolds, lease: Sample.view, position: 1, queueLength: 2)
    static let waiting =
        #"{"outcome":"waiting","reason":"SameIdentityHolds","position":1,"queueLength":2,"lease":\#(lease)}"#

    static let answers: [(Reply, Int, String)] = [
        (.elected(election), 200, elected),
        (.settled(Sample.marker()), 200, #"{"outcome":"done","marker":\#(marker)}"#),
        (.settled(Sample.marker(.failed)), 200, #"{"outcome":"failed","marker":\#(failed)}"#),
        (.waiting(standing), 202, waiting),
        (.renewed(Sample.view), 200, #"{"lease":\#(lease)}"#),
        (
            .completed(Sample.history(.completed), Sample.marker()), 200,
            #"{"marker":\#(marker),"hold":\#(hold("completed"))}"#
        ),
        (.completed(Sample.history(.completed), nil), 200, #"{"marker":null,"hold":\#(hold("completed"))}"#),
        (.ended(Sample.history(.abandoned)), 200, #"{"hold":\#(hold("abandoned"))}"#),
        (.marked(Sample.marker(), new: true), 201, #"{"marker":\#(marker)}"#),
        (.marked(Sample.marker(), new: false), 200, #"{"marker":\#(marker)}"#),
        (.unmarked(Sample.marker()), 200, #"{"marker":\#(marker)}"#),
    ]

    @Test(arguments: answers) func `an answer is these letters`(reply: Reply, status: Int, text: String) {
        let answer = Stage.elections.response(to: reply)
        #expect(answer.text == text)
        #expect(answer.status == status)
        #expect(answer.header("Content-Type") == "application/json")
        #expect(answer.header("Cache-Control") == "no-store")
        #expect(answer.header("Retry-After") == (status == 202 ? "0" : nil))
        #expect(answer.header("Location") == (status == 201 ? "/v1/namespaces/ci/markers/build" : nil))
    }

    static let other = Key(namespace: "ci", name: "other")
    static let one = AnswerShape(form: .oneMarker, waits: true)
    static let many = AnswerShape(form: .manyMarkers)
    static let waits: [(MarkersView, AnswerShape, Int, String)] = [
        (
            MarkersView(verdict: .done, markers: [Sample.marker()], missing: []), one, 200,
            #"{"outcome":"done","marker":\#(marker)}"#
        ),
        (
            MarkersView(verdict: .failed, markers: [Sample.marker(.failed)], missing: []), one, 200,
            #"{"outcome":"failed","marker":\#(failed)}"#
        ),
        (
            MarkersView(verdict: .waiting, markers: [], missing: [Sample.key]), one, 202,
            #"{"outcome":"waiting"}"#
        ),
        (
            MarkersView(
                verdict: .orphaned, markers: [], missing: [Sample.key], about: Sample.key,
                last: Sample.previous),
            one, 200, #"{"outcome":"orphaned","last":\#(previous)}"#
        ),
        (
            MarkersView(verdict: .deleted, markers: [], missing: [Sample.key], about: Sample.key), one, 200,
            #"{"outcome":"deleted"}"#
        ),
        (
            MarkersView(verdict: .done, markers: [Sample.marker()], missing: []), many, 200,
            #"{"outcome":"done","markers":[\#(marker)],"missing":[]}"#
        ),
        (
            MarkersView(verdict: .waiting, markers: [Sample.marker()], missing: [other]), many, 202,
            #"{"outcome":"waiting","markers":[\#(marker)],"missing":["other"]}"#
        ),
        (
            MarkersView(
                verdict: .orphaned, markers: [], missing: [other], about: other, last: Sample.previous), many,
            200,
            #"{"outcome":"orphaned","markers":[],"missing":["other"],"about":"other","last":\#(previous)}"#
        ),
    ]

    @Test(arguments: waits) func `a wait ends with these letters`(
        view: MarkersView, shape: AnswerShape, status: Int, text: String
    ) {
        let answer = Stage.elections.response(to: .markers(view), shape: shape)
        #expect(answer.text == text)
        #expect(answer.status == status)
    }

    @Test func `a marker that isn't there and isn't waited for is not found`() {
        let view = MarkersView(verdict: .waiting, markers: [], missing: [Sample.key])
        let answer = Stage.elections.response(to: .markers(view), shape: AnswerShape(form: .oneMarker))
        #expect(
            answer.problem
                == "404 not-found: There is no done marker build in namespace ci. To wait for it, add ?wait=20s."
        )
    }

    @Test func `a hold that nobody has renewed yet counts from its beginning`() {
        var view = Sample.view
        view.lastRenewal = nil
        let lease = Stage.elections.response(to: .renewed(view)).json["lease"]
        #expect(lease?["lastRenewal"] == lease?["beginTime"])
    }

    @Test func `one lease comes with its queue`() {
        let queue = [
            ContenderView(holder: "cora", campaignID: "c3", present: true, since: Sample.ended),
            ContenderView(holder: "dora", campaignID: nil, present: false, since: Sample.ended),
        ]
        #expect(
            Stage.elections.lease(Sample.view, queue: queue, of: Sample.key).text
                == Self.lease.dropLast()
                + #","queue":[{"holderIdentity":"cora","campaignID":"c3","mode":"exclusive","present":true,"since":"2026-11-21T05:00:30.500000Z"},"#
                + #"{"holderIdentity":"dora","mode":"exclusive","present":false,"since":"2026-11-21T05:00:30.500000Z"}]}"#
        )
        #expect(
            Stage.elections.lease(Sample.free, queue: [], of: Sample.key).text == Self.free.dropLast()
                + #","queue":[]}"#)
        #expect(
            Stage.elections.lease(nil, queue: [], of: Sample.key).problem
                == "404 not-found: There is no lease build in namespace ci.")
    }

    @Test func `lists say where they go on`() {
        #expect(
            Stage.elections.leases([Sample.view, Sample.free], next: "build").text
                == #"{"items":[\#(Self.lease),\#(Self.free)],"continue":"build"}"#)
        #expect(Stage.elections.leases([], next: nil).text == #"{"items":[]}"#)
        #expect(Stage.elections.markers([Sample.marker()], next: nil).text == #"{"items":[\#(Self.marker)]}"#)
        #expect(
            Stage.elections.history([Sample.history(.expired), Sample.history()]).text
                == #"{"items":[\#(Self.hold("expired")),"#
                + #"{"namespace":"ci","name":"build","fencingToken":17,"marker":"once","holderIdentity":"anna","#
                + #""attempt":2,"info":{},"mode":"exclusive","beginTime":"2026-11-21T05:00:00.000000Z"}]}"#)
    }

    @Test func `a list's part ends when it is long, and says where to go on`() {
        var settings = Elections.Settings()
        settings.listBytes = 1
        let elections = Elections(settings: settings, incarnation: 0x0123_4567_89ab_cdef)
        #expect(
            elections.leases([Sample.view, Sample.free], next: nil).text
                == #"{"items":[\#(Self.lease)],"continue":"build"}"#)
        #expect(elections.markers([Sample.marker()], next: nil).text == #"{"items":[\#(Self.marker)]}"#)
    }

    @Test func `a part of the audit record says where the next one begins`() {
        var settings = Elections.Settings()
        settings.listBytes = 1
        let elections = Elections(settings: settings, incarnation: 1)
        var entry = AuditEntry(.revoke, .done, at: Timestamp(microseconds: 0), reason: "hangs")
        entry.revision = 9
        entry.origin = Origin(requestID: "r-1", identity: nil, address: "::1")
        entry.token = 7
        let shown =
            #"{"revision":9,"time":"1970-01-01T00:00:00.000000Z","verb":"revoke","outcome":"done","#
            + #""requestID":"r-1","address":"::1","reason":"hangs","fencingToken":7,"count":1}"#
        #expect(elections.audit([entry, entry], next: nil).text == #"{"items":[\#(shown)],"before":9}"#)
        #expect(elections.audit([entry], next: 4).text == #"{"items":[\#(shown)],"before":4}"#)
        #expect(elections.audit([], next: nil).text == #"{"items":[]}"#)
    }

    @Test func `a fence tells the present token, and how the other ended`() {
        let elections = Stage.elections
        #expect(
            elections.fence(17, current: Sample.view, ended: nil).text
                == #"{"current":true,"fencingToken":17,"holderIdentity":"anna","remaining":27.1}"#)
        #expect(
            elections.fence(9, current: Sample.view, ended: Sample.history(.expired)).text
                == #"{"current":false,"fencingToken":17,"holderIdentity":"anna","remaining":27.1,"ended":\#(Self.hold("expired"))}"#
        )
        #expect(
            elections.fence(17, current: Sample.free, ended: Sample.history(.expired)).text
                == #"{"current":false,"fencingToken":null,"ended":\#(Self.hold("expired"))}"#)
        #expect(
            elections.fence(17, current: nil, ended: nil).text == #"{"current":false,"fencingToken":null}"#)
    }

    @Test func `the daemon's state is told`() {
        var status = DaemonStatus(
            version: "1.0", revision: 20, durableRevision: 19, startTime: Sample.began, uptime: .seconds(62),
            holds: 1,
            contenders: 2, waiters: 3, degraded: nil)
        status.counters.commits = 4
        status.counters.journalBytes = 5
        let text =
            #"{"version":"1.0","revision":20,"durableRevision":19,"incarnation":"0123456789abcdef","#
            + #""startTime":"2026-11-21T05:00:00.000000Z","uptime":62,"holds":1,"contenders":2,"waiters":3,"ready":"#
        let counters =
            #","counters":{"commits":4,"commands":0,"renewals":0,"failedCommits":0,"connections":0,"requests":0,"#
            + #""walBytes":0,"journalBytes":5}}"#
        #expect(Stage.elections.status(status).text == text + "true" + counters)
        status.degraded = "NoSpace"
        #expect(Stage.elections.status(status).text == text + #"false,"degraded":"NoSpace""# + counters)
        #expect(Stage.elections.ready(degraded: nil).status == 200)
        #expect(Stage.elections.ready(degraded: "NoSpace").text == "not ready: NoSpace\n")
        #expect(Stage.elections.ready(degraded: "NoSpace").status == 503)
        #expect(Stage.elections.live.text == "ok\n")
    }

    @Test func `a verbose probe has each check in a line, and is well only if all are`() {
        let well = Stage.elections.probe([ProbeCheck("loop"), ProbeCheck("store")])
        #expect((well.status, well.text) == (200, "[+]loop ok\n[+]store ok\n"))
        let ill = Stage.elections.probe([ProbeCheck("loop"), ProbeCheck("store", trouble: "NoSpace: full")])
        #expect((ill.status, ill.text) == (503, "[+]loop ok\n[-]store NoSpace: full\n"))
    }

    @Test func `metrics have the type of their format`() {
        let answer = Stage.elections.metrics(Array("a 1\n".utf8))
        #expect(answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
    }
}

extension String {
    /// FoundationEssentials has one; the tests need no more than this.
    func replacing(_ old: String, _ new: String) -> String {
        var result = ""
        var rest = self[...]
        while let first = rest.first {
            if rest.hasPrefix(old) {
                result += new
                rest = rest.dropFirst(old.count)
            } else {
                result.append(first)
                rest = rest.dropFirst()
            }
        }
        return result
    }
}
