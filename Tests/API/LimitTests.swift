import Coordination
import JSON
import Testing

@testable import API

@Suite struct LimitTests {
    @Test(arguments: [
        (Interval.milliseconds(1), "1"), (.milliseconds(1_000), "1"), (.milliseconds(1_001), "2"),
        (.seconds(90), "90"),
    ]) func `who asks too often is told to wait for whole seconds`(wait: Interval, seconds: String) {
        let answer = Stage.elections.response(tooFast: 50, wait: wait)
        #expect(answer.status == 429)
        #expect(answer.header("Retry-After") == seconds)
        #expect(answer.json["setting"]?.string == "rate.perSecond")
        #expect(answer.json["limit"] == .number(JSONNumber(50)))
    }

    @Test func `a connection too many is told which limit it is`() {
        let answer = Stage.elections.response(shed: "http.connections", limit: 7)
        #expect(answer.status == 503)
        #expect(answer.header("Retry-After") == "1")
        #expect(answer.header("Content-Type") == "application/problem+json")
        #expect(answer.json["reason"]?.string == "Connections")
        #expect(answer.json["setting"]?.string == "http.connections")
        #expect(answer.json["limit"] == .number(JSONNumber(7)))
    }

    @Test func `a namespace shows what it has of what it may have`() {
        let settings = CoreSettings(
            namespaceWaitersMax: 1, namespaceLeasesMax: 2, namespaceMarkersMax: 3, namespaceBytesMax: 4,
            namespaceAliasesMax: 10)
        let usage = NamespaceUsage(leases: 5, markers: 6, reserved: 7, bytes: 8)
        let answer = Stage.elections.namespace("ci", usage, aliases: 11, waiters: 9, limits: settings)
        #expect(
            String(decoding: answer.body, as: UTF8.self)
                == #"{"namespace":"ci","leases":{"used":5,"limit":2},"#
                + #""markers":{"used":6,"reserved":7,"limit":3},"bytes":{"used":8,"limit":4},"aliases":{"used":11,"limit":10},"#
                + #""waiters":{"used":9,"limit":1}}"#)
    }

    @Test func `no two limits share a setting`() {
        #expect(Set(Bound.allCases.map(\.setting)).count == Bound.allCases.count)
    }
}
