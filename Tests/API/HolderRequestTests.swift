import Coordination
import Testing

@testable import API

/// Renew, complete, resign, revoke.
struct HolderRequestTests {
    static let claim = #""holderIdentity":"anna","fencingToken":17"#

    @Test func `a renewal is a claim`() throws {
        let routed = Stage.route(
            "POST", "/v1/namespaces/ci/leases/build/renew", "{\(Self.claim)}", principal: "sa:ci")
        guard case .renew(let claim) = routed.command else { throw Missing() }
        #expect(claim.request == 7 && claim.key == Sample.key && claim.holder == "anna" && claim.token == 17)
        #expect(claim.principal == "sa:ci")
    }

    @Test func `a completion is a claim and a finding`() throws {
        guard case .complete(let claim, let finding, nil) = Stage.lease("complete", "{\(Self.claim)}").command
        else {
            throw Missing()
        }
        #expect(claim.token == 17)
        #expect(finding == Finding())
        let full = """
            {\(Self.claim),"outcome":"Failed","reason":"two\\nlines","result":{"a":"1","_b-2":""},
             "artifacts":[{"name":"out/x.tar","digest":"\(Sample.digest)","size":0},
                          {"name":"y","digest":"\(Sample.digest)"}]}
            """
        guard case .complete(_, let found, _) = Stage.lease("complete", full).command else { throw Missing() }
        #expect(
            found
                == Finding(
                    outcome: .failed, reason: "two\nlines", result: ["a": "1", "_b-2": ""],
                    artifacts: [
                        Artifact(name: "out/x.tar", digest: Sample.digest, size: 0),
                        Artifact(name: "y", digest: Sample.digest, size: nil),
                    ]))
    }

    @Test(arguments: [
        ("", Resignation.Outcome.released), (#","outcome":"released""#, .released),
        (#","outcome":"failed""#, .failed), (#","outcome":"abandoned""#, .abandoned),
    ]) func `a resignation says how it ended`(field: String, outcome: Resignation.Outcome) throws {
        let routed = Stage.lease("resign", #"{\#(Self.claim)\#(field),"reason":"why"}"#)
        guard case .resign(let claim, let resignation) = routed.command else { throw Missing() }
        #expect(claim.holder == "anna")
        #expect(resignation.outcome == outcome && resignation.reason == "why")
    }

    @Test func `a revocation names token, reason and operator`() throws {
        let routed = Stage.route(
            "POST", "/v1/namespaces/ci/leases/build/revoke", #"{"fencingToken":17,"reason":"stuck"}"#,
            principal: "olga")
        guard case .revoke(let revocation) = routed.command else { throw Missing() }
        #expect(revocation.token == 17 && revocation.reason == "stuck" && revocation.by == "olga")
    }

    static let token = "It has to be a whole number from 1 to 9007199254740991."
    static let artifact = #""name":"a","digest":"\#(Sample.digest)""#
    static let bad: [(String, String, String)] = [
        ("renew", #"{"holderIdentity":"anna"}"#, "fencingToken: The field fencingToken is required."),
        ("renew", #"{"fencingToken":17}"#, "holderIdentity: The field holderIdentity is required."),
        (
            "renew", #"{"holderIdentity":"a","fencingToken":0}"#,
            "fencingToken: fencingToken can't be 0. \(token)"
        ),
        (
            "renew", #"{"holderIdentity":"a","fencingToken":-1}"#,
            "fencingToken: fencingToken can't be -1. \(token)"
        ),
        (
            "renew", #"{"holderIdentity":"a","fencingToken":1.5}"#,
            "fencingToken: fencingToken can't be 1.5. \(token)"
        ),
        (
            "renew", #"{"holderIdentity":"a","fencingToken":9007199254740992}"#,
            "fencingToken: fencingToken can't be 9007199254740992. \(token)"
        ),
        (
            "renew", #"{"holderIdentity":"a","fencingToken":"17"}"#,
            "fencingToken: fencingToken is a string; it has to be a number."
        ),
        (
            "renew", #"{\#(claim),"leaseDuration":"30s"}"#,
            "leaseDuration: There is no field \"leaseDuration\" here. Known: holderIdentity, fencingToken."
        ),
        (
            "complete", #"{\#(claim),"outcome":"succeeded"}"#,
            "outcome: outcome can't be \"succeeded\". Allowed: Succeeded, Failed."
        ),
        (
            "complete", #"{\#(claim),"reason":"\#(String(repeating: "x", count: 1025))"}"#,
            "reason: reason has 1025 bytes; it may have at most 1024 bytes without U+0000."
        ),
        (
            "complete", #"{\#(claim),"reason":"\u0000"}"#,
            "reason: reason has a U+0000; it may have at most 1024 bytes without U+0000."
        ),
        (
            "complete", #"{\#(claim),"result":"x"}"#,
            "result: result is a string; it has to be an object of strings."
        ),
        (
            "complete", #"{\#(claim),"result":{"a":null}}"#,
            "result: result has null under \"a\"; values have to be strings."
        ),
        (
            "complete", #"{\#(claim),"result":{"a=b":"1"}}"#,
            "result: result has the name \"a=b\"; a name has to be a letter or \"_\", then letters, digits, \"_\" and "
                + "\"-\"."
        ),
        (
            "complete", #"{\#(claim),"result":{"k":"\#(String(repeating: "x", count: 65536))"}}"#,
            "result: result has 65537 bytes; it may have names and values of at most 65536 bytes in all."
        ),
        (
            "complete", #"{\#(claim),"artifacts":{}}"#,
            "artifacts: artifacts is an object; it has to be an array of objects."
        ),
        (
            "complete", #"{\#(claim),"artifacts":["x"]}"#,
            "artifacts[0]: artifacts[0] is a string; it has to be an object."
        ),
        (
            "complete", #"{\#(claim),"artifacts":[{\#(artifact)},{"digest":"\#(Sample.digest)"}]}"#,
            "artifacts[1].name: The field artifacts[1].name is required."
        ),
        (
            "complete", #"{\#(claim),"artifacts":[{"name":"a"}]}"#,
            "artifacts[0].digest: The field artifacts[0].digest is required."
        ),
        (
            "complete", #"{\#(claim),"artifacts":[{"name":"a","digest":"md5:1"}]}"#,
            "artifacts[0].digest: artifacts[0].digest is \"md5:1\"; it has to be \"sha256:\" and 64 hexadecimal digits in "
                + "lower case."
        ),
        (
            "complete", #"{\#(claim),"artifacts":[{\#(artifact),"size":-1}]}"#,
            "artifacts[0].size: artifacts[0].size can't be -1. It has to be a whole number from 0 to 9007199254740991."
        ),
        (
            "complete", #"{\#(claim),"artifacts":[{\#(artifact),"url":"x"}]}"#,
            "artifacts[0].url: There is no field \"artifacts[0].url\" here. Known: name, digest, size."
        ),
        (
            "complete", #"{\#(claim),"artifacts":[{\#(artifact)},{\#(artifact)}]}"#,
            "artifacts[1].name: artifacts[1].name comes twice: \"a\"."
        ),
        (
            "resign", #"{\#(claim),"outcome":"Failed"}"#,
            "outcome: outcome can't be \"Failed\". Allowed: released, failed, abandoned."
        ),
        (
            "resign", #"{\#(claim),"result":{}}"#,
            "result: There is no field \"result\" here. Known: holderIdentity, fencingToken, outcome, reason."
        ),
        ("revoke", #"{"fencingToken":17}"#, "reason: The field reason is required."),
        ("revoke", #"{"fencingToken":17,"reason":""}"#, "reason: reason is empty: say why, for the history."),
        ("revoke", #"{"reason":"x"}"#, "fencingToken: The field fencingToken is required."),
        (
            "revoke", #"{\#(claim),"reason":"x"}"#,
            "holderIdentity: There is no field \"holderIdentity\" here. Known: fencingToken, reason."
        ),
    ]

    @Test(arguments: bad) func `a wrong field is named`(verb: String, body: String, problem: String) {
        #expect(Stage.lease(verb, body).problem == "400 invalid-field \(problem)")
    }

    @Test func `there are a thousand artifacts at most`() {
        func body(_ count: Int) -> String {
            let items = (0..<count).map { #"{"name":"\#($0)","digest":"\#(Sample.digest)"}"# }
            return #"{\#(Self.claim),"artifacts":[\#(items.joined(separator: ","))]}"#
        }
        #expect(Stage.lease("complete", body(1000)).command != nil)
        #expect(
            Stage.lease("complete", body(1001)).problem
                == "400 invalid-field artifacts: artifacts has 1001; there may be at most 1000 artifacts.")
    }

    @Test(arguments: ["renew", "complete", "resign", "revoke"]) func `none of them waits`(verb: String) {
        let routed = Stage.route("POST", "/v1/namespaces/ci/leases/build/\(verb)?wait=3s", "{\(Self.claim)}")
        #expect(
            routed.problem
                == "400 invalid-field wait: There is no query parameter \"wait\" here. Known: none.")
    }
}
