import Coordination
import JSON
import Testing

@testable import API

/// Aliases: what is asked, what is answered, byte by byte.
struct AliasRequestTests {
    private static let key = Key(namespace: "ci", name: "latest")
    private static let path = "/v1/namespaces/ci/aliases/latest"

    private static let record = AliasRecord(
        key: key, target: AliasTarget(name: "w-2", revision: 20),
        previous: AliasTarget(name: "w-1", revision: 10), revision: 21, before: 11, created: 11,
        createdAt: Sample.began, movedAt: Sample.ended, how: .set, by: "sa:anna", holder: "anna",
        reason: "release 2")
    private static let json =
        #"{"namespace":"ci","name":"latest","target":"w-2","targetRevision":20,"revision":21,"#
        + #""previous":{"target":"w-1","targetRevision":10},"move":"set","principal":"sa:anna","#
        + #""holderIdentity":"anna","reason":"release 2","moveTime":"2026-11-21T05:00:30.500000Z","#
        + #""createTime":"2026-11-21T05:00:00.000000Z"}"#

    private static func setting(_ body: String) throws -> AliasSetting {
        let routed = Stage.route("PUT", path, body, contentType: "application/json", principal: "sa:anna")
        guard case .alias(.set(let setting))? = routed.command else { throw Wrong(text: routed.problem) }
        return setting
    }

    private struct Wrong: Error { var text: String }

    @Test func `a set says where, and what has to be there`() throws {
        let plain = try Self.setting(#"{"target":"w-2"}"#)
        #expect((plain.key, plain.target, plain.by) == (Self.key, "w-2", "sa:anna"))
        #expect((plain.expect, plain.allowOlder, plain.reason, plain.holder) == (nil, false, nil, nil))
        let full = try Self.setting(
            #"{"target":"w-2","expect":{"target":"w-1"},"allowOlder":true,"reason":"r","holderIdentity":"h"}"#
        )
        #expect(
            (full.expect, full.allowOlder, full.reason, full.holder) == (.target("w-1"), true, "r", "h"))
        #expect(try Self.setting(#"{"target":"w-2","expect":{"absent":true}}"#).expect == .absent)
        #expect(try Self.setting(#"{"target":"w-2","expect":{"revision":7}}"#).expect == .revision(7))
    }

    @Test(arguments: [
        ("{}", "target"), (#"{"target":"W"}"#, "target"), (#"{"target":7}"#, "target"),
        (#"{"target":"w","expect":"w"}"#, "expect"), (#"{"target":"w","expect":{}}"#, "expect"),
        (#"{"target":"w","expect":{"absent":false}}"#, "expect"),
        (#"{"target":"w","expect":{"absent":true,"target":"w"}}"#, "expect"),
        (#"{"target":"w","expect":{"revision":0}}"#, "expect.revision"),
        (#"{"target":"w","expect":{"target":""}}"#, "expect.target"),
        (#"{"target":"w","expect":{"name":"w"}}"#, "expect.name"),
        (#"{"target":"w","allowOlder":1}"#, "allowOlder"), (#"{"target":"w","to":1}"#, "to"),
        (#"{"target":"w","holderIdentity":""}"#, "holderIdentity"),
    ]) func `a wrong set names the field`(body: String, field: String) {
        let answer = Stage.route("PUT", Self.path, body, contentType: "application/json").answer
        #expect(answer?.status == 400)
        #expect(answer?.json["field"]?.string == field)
    }

    @Test func `a rollback names the alias's revision, and a deletion does`() {
        let routed = Stage.route(
            "POST", Self.path + "/rollback", #"{"revision":21,"to":11,"reason":"it crashes"}"#,
            contentType: "application/json", principal: "sa:olga")
        guard case .alias(.rollBack(let rollback))? = routed.command else {
            Issue.record("\(routed.problem)")
            return
        }
        #expect((rollback.key, rollback.revision, rollback.to, rollback.by) == (Self.key, 21, 11, "sa:olga"))
        #expect(rollback.reason == "it crashes")
        let bare = Stage.route("POST", Self.path + "/rollback", "{}", contentType: "application/json")
        #expect(bare.problem == "400 invalid-field revision: The field revision is required.")

        let deleted = Stage.route("DELETE", Self.path + "?revision=21&reason=renamed", principal: "sa:olga")
        guard case .alias(.delete(let deletion))? = deleted.command else {
            Issue.record("\(deleted.problem)")
            return
        }
        #expect((deletion.revision, deletion.by, deletion.reason) == (21, "sa:olga", "renamed"))
        #expect(deleted.command?.isAct == true)
        #expect(Stage.route("DELETE", Self.path).answer?.json["field"]?.string == "revision")
        let long = String(repeating: "x", count: 5_000)
        let refused = Stage.route("DELETE", Self.path + "?revision=21&reason=\(long)").answer
        #expect(refused?.json["field"]?.string == "reason")
    }

    @Test func `a read is a wait that doesn't wait`() {
        let routed = Stage.route("GET", Self.path)
        guard case .alias(.wait(let wait))? = routed.command else {
            Issue.record("\(routed.problem)")
            return
        }
        #expect((wait.key, wait.since, wait.waitUntil) == (Self.key, 0, nil))
        let waiting = Stage.route("GET", Self.path + "?wait=20s&since=21")
        guard case .alias(.wait(let wait))? = waiting.command else {
            Issue.record("\(waiting.problem)")
            return
        }
        #expect((wait.since, wait.waitUntil) == (21, Stage.now.instant + .seconds(20)))
        #expect(waiting.shape?.waits == true)
        #expect(Stage.route("GET", Self.path + "?since=21").answer?.json["field"]?.string == "since")
        #expect(Stage.route("GET", Self.path + "?wait=0s&since=21").shape?.waits == true)
    }

    static let access: [(String, String, Access?)] = [
        ("GET", "aliases", Access(.view, namespace: "ci")),
        ("GET", "aliases/latest", Access(.view, namespace: "ci")),
        ("GET", "aliases/latest/history", Access(.view, namespace: "ci")),
        ("PUT", "aliases/latest", Access(.run, namespace: "ci")),
        ("POST", "aliases/latest/rollback", Access(.run, namespace: "ci")),
        ("DELETE", "aliases/latest?revision=1", Access(.administer, namespace: "ci")),
        ("GET", "resolve/w-", Access(.view, namespace: "ci")),
    ]

    @Test(arguments: access) func `each needs its permission`(method: String, path: String, access: Access?) {
        #expect(Stage.route(method, "/v1/namespaces/ci/\(path)").access == access)
    }

    @Test(arguments: [
        (
            "/v1/namespaces/ci/aliases?prefix=l&limit=2&continue=la",
            ReadQuery.aliases(namespace: "ci", prefix: "l", page: .init(limit: 2, after: "la"))
        ),
        (
            "/v1/namespaces/ci/aliases/latest/history?before=7",
            .aliasHistory(key, before: 7, limit: 100)
        ),
        ("/v1/namespaces/ci/resolve/w-", .resolve(namespace: "ci", "w-")),
        ("/v1/namespaces/ci/resolve/w-1", .resolve(namespace: "ci", "w-1")),
    ]) func `a read is a query`(path: String, query: ReadQuery) {
        #expect(Stage.route("GET", path).query == query)
    }

    @Test func `what is no beginning of a name is none`() {
        for bad in ["W", "w_", "", "w%20"] {
            let answer = Stage.route("GET", "/v1/namespaces/ci/resolve/\(bad)").answer
            #expect(answer?.status == 400 || answer?.status == 404, "\(bad)")
        }
        #expect(Stage.route("GET", "/v1/namespaces/ci/aliases/latest/move").answer?.status == 404)
    }

    // MARK: Answers

    private func answer(_ reply: AliasReply, waits: Bool = false) -> APIResponse {
        Stage.elections.response(to: .alias(reply), shape: AnswerShape(waits: waits))
    }

    @Test func `the answers, byte by byte`() {
        let made = AliasRecord(
            key: Self.key, target: Self.record.target, previous: nil, revision: 21, before: 0, created: 21,
            createdAt: Sample.ended, movedAt: Sample.ended, how: .set, by: nil, holder: nil, reason: nil)
        let new = answer(.moved(made, changed: true))
        #expect(new.status == 201)
        #expect(new.header("Location") == Self.path)
        #expect(new.json["alias"]?["previous"] == .null)
        let moved = answer(.moved(Self.record, changed: true))
        #expect(moved.status == 200)
        #expect(moved.text == #"{"alias":"# + Self.json + #","changed":true}"#)
        #expect(answer(.moved(made, changed: false)).status == 200)
        #expect(answer(.deleted(Self.record)).text == #"{"alias":"# + Self.json + "}")
        let seen = AliasView(key: Self.key, verdict: .moved, record: Self.record)
        #expect(answer(.seen(seen)).text == #"{"alias":"# + Self.json + "}")
        #expect(
            answer(.seen(seen), waits: true).text == #"{"outcome":"moved","alias":"# + Self.json + "}")
        let none = AliasView(key: Self.key, verdict: .waiting, record: nil)
        #expect(
            answer(.seen(none)).problem == "404 not-found: There is no alias latest in namespace ci.")
        #expect(answer(.seen(none), waits: true).status == 202)
        #expect(answer(.seen(none), waits: true).text == #"{"outcome":"waiting","alias":null}"#)
        let gone = AliasView(key: Self.key, verdict: .deleted, record: nil)
        #expect(answer(.seen(gone), waits: true).text == #"{"outcome":"deleted","alias":null}"#)
    }

    @Test func `the history says who, why, from where and to where`() {
        let move = AliasMove(
            key: Self.key, revision: 21, how: .rolledBack, from: AliasTarget(name: "w-2", revision: 20),
            to: nil,
            by: "sa:anna", holder: "anna", reason: "why", at: Sample.ended)
        #expect(
            Stage.elections.aliasHistory([move]).text
                == #"{"items":[{"namespace":"ci","name":"latest","revision":21,"move":"rolled-back","#
                + #""from":{"target":"w-2","targetRevision":20},"to":null,"principal":"sa:anna","#
                + #""holderIdentity":"anna","reason":"why","time":"2026-11-21T05:00:30.500000Z"}]}"#)
        #expect(
            Stage.elections.aliases([Self.record], next: "latest").text
                == #"{"items":["# + Self.json + #"],"continue":"latest"}"#)
    }

    static let refusals: [(Rejection, String)] = [
        (
            .alias(.differs(key, record)),
            "409 alias-differs: The alias latest points at w-2, since revision 21: not what was expected. Read it "
                + "again before you decide what to do."
        ),
        (
            .alias(.differs(key, nil)),
            "409 alias-differs: The alias latest isn't there: not what was expected. Read it again before you "
                + "decide what to do."
        ),
        (
            .alias(.backwards(record, to: AliasTarget(name: "w-1", revision: 10))),
            "409 alias-backwards: w-1 is older (marker revision 10) than w-2 (20), which the alias latest points "
                + "at. Something newer came first; to go back on purpose, roll back, or say allowOlder."
        ),
        (
            .alias(.noTarget(key, isAlias: true)),
            "409 no-target: There is no done marker latest in namespace ci to point at: latest is an alias, and an "
                + "alias points at a done marker only."
        ),
        (
            .alias(.targetGone(key, AliasTarget(name: "w-1", revision: 10), current: 30)),
            "409 no-target: The alias latest can't go back to w-1, marker revision 10: that name's marker is "
                + "another one by now, of revision 30. Name another move of its history, or set it."
        ),
        (
            .alias(.noMove(key, 5)),
            "409 no-target: The history of the alias latest has no move of revision 5 to go back to."
        ),
        (
            .alias(.noPrevious(record)), "409 no-target: The alias latest has pointed at nothing but w-2."
        ),
        (
            .alias(.targetFailed(Sample.marker(.failed))),
            "409 no-target: The work of build failed: no alias is moved to a Failed marker."
        ),
        (
            .aliased(Sample.key, by: ["a", "b", "c", "d", "e"]),
            "409 aliased: The done marker build can't be deleted: the aliases a, b, c and 2 more point at it. Move "
                + "or delete the aliases first."
        ),
        (
            .aliased(Sample.key, by: ["a"]),
            "409 aliased: The done marker build can't be deleted: the alias a points at it. Move or delete the "
                + "alias first."
        ),
    ]

    @Test(arguments: refusals) func `a refusal says what to do`(rejection: Rejection, said: String) {
        #expect(Stage.elections.problem(for: rejection).response.problem == said)
    }

    @Test func `a resolution says how it was found, or what there is`() {
        let elections = Stage.elections
        func resolved(_ resolution: Resolution) -> APIResponse {
            elections.resolution(resolution, of: "w-", in: "ci")
        }
        let marker = Sample.marker()
        #expect(resolved(.name(marker)).json["matched"]?.string == "name")
        #expect(resolved(.prefix(marker)).json["matched"]?.string == "prefix")
        #expect(resolved(.prefix(marker)).json["marker"]?["name"]?.string == "build")
        #expect(resolved(.alias(Self.record, marker)).json["alias"]?["name"]?.string == "latest")
        let many = resolved(.ambiguous(["w-1", "w-2"], count: 100, more: true))
        #expect(
            many.problem
                == #"409 ambiguous: More than 100 done markers in namespace ci begin with "w-". Say more of the name."#
        )
        #expect(many.text.hasSuffix(#""candidates":["w-1","w-2"],"count":100,"more":true}"#))
        #expect(resolved(.nothing).status == 404)
    }
}
