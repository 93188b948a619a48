import Coordination
import Testing

@testable import API

struct MarkerRequestTests {
    static func route(_ method: String, _ rest: String, _ body: String = "", accept: String? = nil) -> Routed
    {
        Stage.route(method, "/v1/namespaces/ci/markers" + rest, body, accept: accept, principal: "sa:ci")
    }

    @Test func `a marker is put`() throws {
        let body =
            #"{"holderIdentity":"anna","result":{"a":"1"},"inputsDigest":"\#(Sample.digest)","info":{"b":"2"}}"#
        guard case .mark(let marking) = Self.route("PUT", "/build", body).command else { throw Missing() }
        #expect(marking.request == 7 && marking.key == Sample.key && marking.holder == "anna")
        #expect(marking.finding == Finding(result: ["a": "1"]))
        #expect(
            marking.inputsDigest == Sample.digest && marking.principal == "sa:ci"
                && marking.info == ["b": "2"])
    }

    @Test func `a marker of a revision is deleted`() throws {
        guard case .unmark(let unmarking) = Self.route("DELETE", "/build?revision=20").command else {
            throw Missing()
        }
        #expect(unmarking.request == 7 && unmarking.key == Sample.key && unmarking.revision == 20)
    }

    @Test(
        arguments: [
            ("", nil, nil), ("?wait=20s", nil, 20), ("?wait=1h", nil, 25),
            ("?wait=1h", "application/x-ndjson", 3600),
        ] as [(String, String?, Int64?)])
    func `one marker is waited for`(query: String, accept: String?, seconds: Int64?) throws {
        let routed = Self.route("GET", "/build" + query, accept: accept)
        guard case .wait(let wait) = routed.command else { throw Missing() }
        #expect(wait.request == 7 && wait.keys == [Sample.key] && wait.require == .all)
        #expect(wait.waitUntil == seconds.map { Stage.now.instant + .seconds($0) })
        let format: AnswerFormat = accept == nil ? .plain : .ndjson
        #expect(routed.shape == AnswerShape(format, form: .oneMarker, waits: seconds != nil))
    }

    @Test func `several are waited for`() throws {
        let routed = Self.route("GET", "?name=a&name=b.c&require=any&wait=5s")
        guard case .wait(let wait) = routed.command else { throw Missing() }
        #expect(wait.keys.map { $0.name } == ["a", "b.c"] && wait.require == .any)
        #expect(wait.waitUntil == Stage.now.instant + .seconds(5))
        #expect(routed.shape == AnswerShape(.plain, form: .manyMarkers, waits: true))
    }

    @Test func `HEAD never streams`() {
        #expect(Self.route("HEAD", "/build", accept: "application/x-ndjson, */*").shape?.format == .plain)
    }

    static let bad: [(String, String, String, String)] = [
        ("PUT", "/build", "{}", "holderIdentity: The field holderIdentity is required."),
        (
            "PUT", "/build", #"{"holderIdentity":"a","fencingToken":1}"#,
            "fencingToken: There is no field \"fencingToken\" here. Known: holderIdentity, outcome, reason, result, "
                + "artifacts, inputsDigest, info, retention."
        ),
        (
            "PUT", "/build?wait=1s", #"{"holderIdentity":"a"}"#,
            "wait: There is no query parameter \"wait\" here. Known: none."
        ),
        (
            "DELETE", "/build", "",
            "revision: The query parameter revision is required: a whole number from 1 to 9007199254740991."
        ),
        (
            "DELETE", "/build?revision=x", "",
            "revision: revision can't be \"x\". It has to be a whole number from 1 to 9007199254740991."
        ),
        ("GET", "?name=a&name=a", "", "name: The query has the name \"a\" twice."),
        (
            "GET", "?name=A", "",
            "name: The name \"A\" is not valid. It has to be a DNS-1123 subdomain: at most 253 of a-z, 0-9, \"-\" and "
                + "\".\"; each part between dots begins and ends with a letter or digit."
        ),
        ("GET", "?name=a&require=most", "", "require: require can't be \"most\". Allowed: all, any."),
        (
            "GET", "?name=a&prefix=b", "",
            "prefix: There is no query parameter \"prefix\" here. Known: name, require, wait."
        ),
        ("GET", "?name=a&wait=1s&wait=1s", "", "wait: The query gives \"wait\" more than once."),
        (
            "GET", "?" + (0..<101).map { "name=n\($0)" }.joined(separator: "&"), "",
            "name: The query has 101 names; there may be at most 100 names."
        ),
    ]

    @Test(arguments: bad) func `a wrong request is told what is wrong`(
        method: String, rest: String, body: String, problem: String
    ) {
        #expect(Self.route(method, rest, body).problem == "400 invalid-field \(problem)")
    }
}
