import Coordination
import JSON
import Testing

@testable import API

/// Retention and pruning: what is asked, what is answered, byte by byte.
@Suite struct RetentionRequestTests {
    private static func route(_ body: String, method: String = "POST") -> Routed {
        Stage.route(method, "/v1/namespaces/ci/prune", body, principal: "sa:ci")
    }

    private static func query(_ body: String) -> PruneQuery? {
        guard case .prune(let query) = route(body).action else { return nil }
        return query
    }

    @Test func `a pruning says which, and takes an operator`() throws {
        let full = try #require(
            Self.query(
                #"{"olderThan":"14d","keepLast":3,"name":"w-*","labels":"tier=base","keep":["cache","r-*"],"#
                    + #""dryRun":true,"limit":7,"continue":"5/w-1/9/w-7"}"#))
        #expect(full.namespace == "ci" && full.olderThan == .hours(336) && full.keepLast == 3)
        #expect(
            full.name == "w-*" && full.labels?.description == "tier=base" && full.keep == ["cache", "r-*"])
        #expect(full.isDryRun && full.limit == 7)
        let place = try #require(full.from)
        #expect(place.after == .init(ended: Timestamp(microseconds: 5), name: "w-1"))
        #expect(place.newestFrom == .init(ended: Timestamp(microseconds: 9), name: "w-7"))
        #expect(place.text == "5/w-1/9/w-7")
        let least = try #require(Self.query(#"{"keepLast":0}"#))
        #expect(!least.isDryRun && least.limit == 200 && least.from == nil && least.keep.isEmpty)
        #expect(Self.route(#"{"keepLast":0}"#).access == Access(.administer, namespace: "ci"))
    }

    @Test(arguments: [
        (#"{}"#, "olderThan"), (#"{"dryRun":true}"#, "olderThan"), (#"{"olderThan":"x"}"#, "olderThan"),
        (#"{"olderThan":-1}"#, "olderThan"), (#"{"olderThan":"4000d"}"#, "olderThan"),
        (#"{"keepLast":-1}"#, "keepLast"), (#"{"keepLast":1.5}"#, "keepLast"),
        (#"{"keepLast":1,"name":""}"#, "name"), (#"{"keepLast":1,"name":"A"}"#, "name"),
        (#"{"keepLast":1,"name":["a"]}"#, "name"), (#"{"keepLast":1,"keep":"a"}"#, "keep"),
        (#"{"keepLast":1,"keep":[1]}"#, "keep"), (#"{"keepLast":1,"keep":["a?"]}"#, "keep"),
        (#"{"keepLast":1,"labels":"a in"}"#, "labels"), (#"{"keepLast":1,"labels":""}"#, "labels"),
        (#"{"keepLast":1,"labels":"  "}"#, "labels"), (#"{"keepLast":1,"limit":201}"#, "limit"),
        (#"{"keepLast":1,"continue":""}"#, "continue"), (#"{"keepLast":1,"continue":"x/a"}"#, "continue"),
        (#"{"keepLast":1,"continue":"1/a/2"}"#, "continue"),
        (#"{"keepLast":1,"continue":"1/A"}"#, "continue"),
        (#"{"keepLast":1,"all":true}"#, "all"),
    ])
    func `what is wrong is named`(_ body: String, _ field: String) throws {
        guard case .answer(let response) = Self.route(body).action else {
            Issue.record("\(body) was taken")
            return
        }
        let problem = try JSON(parsing: response.body)
        #expect(response.status == 400)
        #expect(problem["field"]?.string == field)
    }

    @Test func `the answer has each with its reason`() throws {
        let query = try #require(Self.query(#"{"olderThan":"14d"}"#))
        let at = Sample.ended
        let items = [
            PruneItem(name: "a", revision: 1, ended: at, kept: nil),
            PruneItem(name: "b", revision: 2, ended: at, kept: .aliased(["latest"])),
        ]
        let next = PrunePlace(after: .init(ended: Timestamp(microseconds: 5), name: "b"), newestFrom: nil)
        let text = String(
            decoding: Elections(incarnation: 1).pruned(items, of: query, next: next).body, as: UTF8.self)
        #expect(
            text
                == #"{"dryRun":false,"pruned":1,"kept":1,"items":["#
                + #"{"name":"a","revision":1,"endTime":"2026-11-21T05:00:30.500000Z","action":"prune"},"#
                + #"{"name":"b","revision":2,"endTime":"2026-11-21T05:00:30.500000Z","action":"keep","#
                + #""reason":"Aliased","detail":"aliased by latest","aliases":["latest"]}],"continue":"5/b"}"#
        )
    }

    @Test func `a marker is given its retention as it is made`() throws {
        let path = "/v1/namespaces/ci/markers/build"
        let put = Stage.route("PUT", path, #"{"holderIdentity":"anna","retention":"14d"}"#)
        guard case .mark(let marking)? = put.command else { throw Missing() }
        #expect(marking.retention == .hours(336))
        let claim = #""holderIdentity":"anna","fencingToken":17"#
        guard
            case .complete(_, _, let retention)? = Stage.lease("complete", "{\(claim),\"retention\":90}")
                .command
        else { throw Missing() }
        #expect(retention == .seconds(90))
        for wrong in [#""0s""#, "0.5", #""3651d""#, "true", "null"] {
            let routed = Stage.lease("complete", "{\(claim),\"retention\":\(wrong)}")
            guard case .answer(let response) = routed.action else {
                Issue.record("\(wrong) was taken")
                continue
            }
            #expect(response.status == 400)
        }
    }
}
