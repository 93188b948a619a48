import Coordination
import Testing

@testable import API

/// Paths, methods, permissions, media types: what is decided before a body is read.
struct RouteTests {
    static let access: [(String, String, Access?)] = [
        ("POST", "leases/build/campaign", Access(.run, namespace: "ci")),
        ("POST", "leases/build/renew", Access(.run, namespace: "ci")),
        ("POST", "leases/build/complete", Access(.run, namespace: "ci")),
        ("POST", "leases/build/resign", Access(.run, namespace: "ci")),
        ("POST", "leases/build/revoke", Access(.administer, namespace: "ci")),
        ("GET", "leases", Access(.view, namespace: "ci")),
        ("GET", "leases/build", Access(.view, namespace: "ci")),
        ("HEAD", "leases/build", Access(.view, namespace: "ci")),
        ("GET", "history", Access(.view, namespace: "ci")),
        ("GET", "leases/build/history", Access(.view, namespace: "ci")),
        ("GET", "leases/build/overlaps", Access(.view, namespace: "ci")),
        ("GET", "overlaps", Access(.view, namespace: "ci")),
        ("GET", "report", Access(.view, namespace: "ci")),
        ("GET", "leases/build/fence?token=1", Access(.view, namespace: "ci")),
        ("GET", "leases/build/wait?condition=idle", Access(.view, namespace: "ci")),
        ("GET", "markers", Access(.view, namespace: "ci")),
        ("GET", "markers?name=a", Access(.view, namespace: "ci")),
        ("GET", "markers/build", Access(.view, namespace: "ci")),
        ("PUT", "markers/build", Access(.run, namespace: "ci")),
        ("DELETE", "markers/build?revision=1", Access(.administer, namespace: "ci")),
        ("OPTIONS", "leases", nil),
    ]

    @Test(arguments: access) func `each request says what permission it needs, right or wrong`(
        method: String, path: String, access: Access?
    ) {
        #expect(Stage.route(method, "/v1/namespaces/ci/\(path)").access == access)
        if method != "OPTIONS" {
            let wrong = path + (path.contains("?") ? "&x=1" : "?x=1")
            #expect(Stage.route(method, "/v1/namespaces/ci/\(wrong)").access == access)
        }
    }

    @Test func `the daemon's own state is for viewers, its probes for everybody`() {
        #expect(Stage.route("GET", "/v1/status").access == Access(.view, namespace: nil))
        #expect(Stage.route("GET", "/readyz").access == nil)
        #expect(Stage.route("GET", "/livez").access == nil)
    }

    @Test(arguments: [
        ("/v1/status", ReadQuery.status), ("/v1/namespaces/ci", .namespace("ci")),
        ("/readyz", .ready(verbose: false)),
        ("/livez?verbose=1", .live(verbose: true)), ("/readyz?verbose", .ready(verbose: true)),
        ("/metrics", .metrics),
        ("/v1/namespaces/ci/leases/build", .lease(Sample.key)),
        (
            "/v1/namespaces/ci/leases",
            .leases(namespace: "ci", prefix: "", held: nil, page: .init(limit: 100))
        ),
        (
            "/v1/namespaces/ci/leases?prefix=rel-&held=true&limit=7&continue=rel-a",
            .leases(namespace: "ci", prefix: "rel-", held: true, page: .init(limit: 7, after: "rel-a"))
        ),
        (
            "/v1/namespaces/ci/leases?held=false&limit=1000",
            .leases(namespace: "ci", prefix: "", held: false, page: .init(limit: 1000))
        ),
        (
            "/v1/namespaces/ci/markers?prefix=a.&limit=1",
            .markers(namespace: "ci", prefix: "a.", page: .init(limit: 1))
        ),
        ("/v1/namespaces/ci/history", .history(namespace: "ci", name: nil, before: nil, limit: 100)),
        (
            "/v1/namespaces/ci/leases/build/history?before=17&limit=2",
            .history(namespace: "ci", name: "build", before: 17, limit: 2)
        ),
        ("/v1/namespaces/ci/leases/build/fence?token=17", .fence(Sample.key, 17)),
        (
            "/v1/namespaces/ci/leases/build/overlaps?since=7d&until=1h&includeShared=true&limit=2&continue=4",
            .overlaps(
                OverlapsQuery(
                    namespace: "ci", name: "build", window: window(7 * 86_400, 3600), includesShared: true,
                    skip: 4,
                    limit: 2))
        ),
        (
            "/v1/namespaces/ci/overlaps",
            .overlaps(
                OverlapsQuery(
                    namespace: "ci", name: nil, window: window(86_400, 0), includesShared: false, skip: 0,
                    limit: 100))
        ),
        (
            // What lies ahead isn't known.
            "/v1/namespaces/ci/report?since=2h&until=2099-01-01T00:00:00Z&continue=a",
            .report(
                ReportQuery(namespace: "ci", window: window(7200, 0), page: .init(limit: 100, after: "a")))
        ),
    ]) func `a read is a query`(path: String, query: ReadQuery) {
        #expect(Stage.route("GET", path).query == query)
        #expect(Stage.route("HEAD", path).query == query)
    }

    /// So many seconds ago.
    private static func window(_ since: Int64, _ until: Int64) -> TimeWindow {
        let now = Stage.now.wall.microseconds
        return TimeWindow(
            since: Timestamp(microseconds: now - since * 1_000_000),
            until: Timestamp(microseconds: now - until * 1_000_000))
    }

    static let limit = "It has to be a whole number from 1 to 1000."
    static let revision = "a whole number from 1 to 9007199254740991"
    static let badReads: [(String, String)] = [
        ("leases?limit=0", "400 invalid-field limit: limit can't be \"0\". \(limit)"),
        ("leases?limit=1001", "400 invalid-field limit: limit can't be \"1001\". \(limit)"),
        ("leases?limit=", "400 invalid-field limit: limit can't be \"\". \(limit)"),
        ("leases?limit=-1", "400 invalid-field limit: limit can't be \"-1\". \(limit)"),
        ("leases?limit=1&limit=1", "400 invalid-field limit: The query gives \"limit\" more than once."),
        ("leases?held=yes", "400 invalid-field held: held can't be \"yes\". Allowed: true, false."),
        (
            "leases?prefix=A",
            "400 invalid-field prefix: \"A\" can't begin a name. A prefix is at most 253 of a-z, 0-9, \"-\" and \".\"."
        ),
        (
            "leases?continue=-",
            "400 invalid-field continue: \"-\" is not a place in this list. Send what the last part gave."
        ),
        (
            "leases?colour=red",
            "400 invalid-field colour: There is no query parameter \"colour\" here. "
                + "Known: prefix, held, limit, continue."
        ),
        ("leases/build?x", "400 invalid-field x: There is no query parameter \"x\" here. Known: none."),
        (
            "leases/build/fence",
            "400 invalid-field token: The query parameter token is required: \(revision)."
        ),
        (
            "leases/build/fence?token=0",
            "400 invalid-field token: token can't be \"0\". It has to be \(revision)."
        ),
        (
            "leases/build/fence?token=1e3",
            "400 invalid-field token: token can't be \"1e3\". It has to be \(revision)."
        ),
        (
            "leases/build/fence?token=9007199254740992",
            "400 invalid-field token: token can't be \"9007199254740992\". It has to be \(revision)."
        ),
        (
            "overlaps?since=soon",
            "400 invalid-field since: \"soon\" is not a time. since has to be a time such as "
                + "\"2026-11-21T05:00:00Z\", or how long ago, such as \"24h\"."
        ),
        (
            "report?since=1h&until=2h",
            "400 invalid-field since: since is 2026-11-21T04:01:02.123456Z, not before until, "
                + "2026-11-21T03:01:02.123456Z: nothing is in between."
        ),
        (
            "overlaps?continue=a",
            "400 invalid-field continue: continue can't be \"a\". It has to be "
                + "a whole number from 0 to 100000."
        ),
        ("history?before=x", "400 invalid-field before: before can't be \"x\". It has to be \(revision)."),
        (
            "markers?wait=1s",
            "400 invalid-field wait: wait is for waiting, and that needs what to wait for: ?name=a&name=b, or ?selector=a%3Db."
        ),
        (
            "markers?require=any",
            "400 invalid-field require: require is for waiting, and that needs what to wait for: "
                + "?name=a&name=b, or ?selector=a%3Db."
        ),
    ]

    @Test(arguments: badReads) func `a wrong read is told what is wrong`(path: String, problem: String) {
        #expect(Stage.route("GET", "/v1/namespaces/ci/\(path)").problem == problem)
    }

    @Test(arguments: [
        "/", "/v1", "/v1/", "/v2/status", "/v1/status/", "/v1/namespaces", "/v1/namespaces/ci/",
        "/v1/namespaces/ci/",
        "/v1/namespaces/ci/locks", "/v1/namespaces/ci/leases/", "/v1/namespaces/ci/leases/build/",
        "/v1/namespaces/ci/leases/build/steal", "/v1/namespaces/ci/leases/build/campaign/x",
        "/v1/namespaces/ci/markers/build/x", "//v1/status",
    ]) func `nothing is at other paths`(path: String) {
        // An empty name is a name that breaks the rule.
        let expected = path.hasSuffix("leases/") ? "400 invalid-field name" : "404 not-found"
        #expect(Stage.route("GET", path).problem.hasPrefix(expected))
        #expect(Stage.route("GET", path).access == Access(.view, namespace: nil))
    }

    @Test func `a bad name is told the rule`() {
        #expect(
            Stage.route("GET", "/v1/namespaces/CI/leases").problem
                == "400 invalid-field namespace: The path's namespace \"CI\" is not valid. It has to be a DNS-1123 "
                + "label: 1 to 63 of a-z, 0-9 and \"-\", beginning and ending with a letter or digit.")
        #expect(
            Stage.route("POST", "/v1/namespaces/ci/leases/a_b/renew").problem
                == "400 invalid-field name: The path's name \"a_b\" is not valid. It has to be a DNS-1123 subdomain: "
                + "at most 253 of a-z, 0-9, \"-\" and \".\"; each part between dots begins and ends with a letter "
                + "or digit.")
    }

    @Test(arguments: [
        ("GET", "/v1/namespaces/ci/leases/build/campaign", "POST, OPTIONS"),
        ("PUT", "/v1/namespaces/ci/leases/build/renew", "POST, OPTIONS"),
        ("POST", "/v1/namespaces/ci/leases", "GET, HEAD, OPTIONS"),
        ("PATCH", "/v1/namespaces/ci/markers/build", "GET, HEAD, PUT, DELETE, OPTIONS"),
        ("TRACE", "/v1/status", "GET, HEAD, OPTIONS"),
    ]) func `a method that is not possible gets 405 and the ones that are`(
        method: String, path: String, allow: String
    ) {
        let refused = Stage.route(method, path).answer
        #expect(
            refused?.problem
                == "405 method-not-allowed: \"\(method)\" is not possible here. Allowed: \(allow).")
        #expect(refused?.header("Allow") == allow)
        let options = Stage.route("OPTIONS", path).answer
        #expect(options?.status == 204)
        #expect(options?.header("Allow") == allow)
        #expect(options?.body == [])
    }

    @Test(arguments: ["get", "BREW", "PROPFIND"])
    func `a method that nothing knows gets 501`(_ method: String) {
        #expect(
            Stage.route(method, "/v1/status").problem
                == "501 not-implemented: \"\(method)\" is not implemented.")
        #expect(Stage.route(method, "/nowhere").problem.hasPrefix("501 "))
    }

    @Test func `OPTIONS of the server as a whole tells every method`() {
        let options = Stage.elections.route(
            APIRequest(
                method: "OPTIONS", path: [], query: [], accept: nil, contentType: nil, body: []),
            as: 7, at: Stage.now
        ).answer
        #expect(options?.status == 204)
        #expect(options?.header("Allow") == "GET, HEAD, POST, PUT, DELETE, OPTIONS")
    }

    @Test func `what can't be answered as asked gets 406`() {
        let page = Stage.route("GET", "/v1/status", accept: "text/html")
        #expect(
            page.problem == "406 not-acceptable: Accept is \"text/html\"; here answers are application/json.")
        let stream = Stage.lease("campaign", #"{"holderIdentity":"anna"}"#, accept: "text/event-stream")
        #expect(
            stream.problem
                == "406 not-acceptable: Accept is \"text/event-stream\"; here answers are application/json "
                + "or application/x-ndjson.")
        let renewal = Stage.lease(
            "renew", #"{"holderIdentity":"anna","fencingToken":1}"#, accept: "application/x-ndjson")
        #expect(renewal.answer?.status == 406)
        #expect(Stage.route("GET", "/readyz", accept: "text/plain").query == .ready(verbose: false))
    }

    @Test func `what a client sent is shown harmless and short`() {
        #expect(quoted("a\u{1B}[31m\n") == #""a\u{1b}[31m\u{a}""#)
        #expect(quoted(String(repeating: "x", count: 90)) == "\"" + String(repeating: "x", count: 80) + "\"…")
    }
}
