import JSON
import Testing

@testable import Client

@Suite struct `Durations as text` {
    @Test(arguments: [
        ("90", 90_000), ("90s", 90_000), ("45m", 2_700_000), ("1h30m", 5_400_000), ("250ms", 250),
        ("1.5s", 1_500), ("0", 0), ("1d", 86_400_000), ("1m0.5s", 60_500), ("0.25", 250), ("2h5s", 7_205_000),
    ])
    func `are read`(text: String, milliseconds: Int) {
        #expect(DurationText.parse(text) == .milliseconds(milliseconds))
    }

    @Test(arguments: [
        "", " 1s", "1 s", "-1s", "+1s", "1x", "s", "1s1s", "1s1m", "1.5m1s", ".5s", "1.s", "1e3", "ms",
        "1m30",
        "9999999999999s", "40000d", "١s",
    ])
    func `or refused`(text: String) { #expect(DurationText.parse(text) == nil) }

    @Test(arguments: [
        (0, "0s"), (250, "250ms"), (1_000, "1s"), (1_500, "1.5s"), (73_100, "73s"), (119_999, "119s"),
        (120_000, "2m"), (5_400_000, "1h30m"), (90_061_000, "1d1h"), (-5, "0s"),
    ])
    func `are shown in two units`(milliseconds: Int, text: String) {
        #expect(DurationText.show(.milliseconds(milliseconds)) == text)
    }
}

@Suite struct `Result files` {
    static func parse(_ text: String) throws -> [String: String] { try ResultFile.parse(Array(text.utf8)) }

    @Test(
        arguments: [
            ("", [:]), ("a=b\n", ["a": "b"]), ("a=b", ["a": "b"]), ("a=b=c\n", ["a": "b=c"]),
            ("a=\n", ["a": ""]),
            ("a= b \n", ["a": " b "]), ("\n\na=1\n\nb-c=2\n", ["a": "1", "b-c": "2"]),
            ("_x9=1\r\n", ["_x9": "1"]),
            ("a<<E\n1\n\n2\nE\nb=3\n", ["a": "1\n\n2", "b": "3"]), ("a<<E\nE\n", ["a": ""]),
            ("a=x<<y\n", ["a": "x<<y"]), ("a<<E=F\nv=1\nE=F\n", ["a": "v=1"]),
            ("n=caf\u{e9}\n", ["n": "caf\u{e9}"]),
        ] as [(String, [String: String])])
    func `are read`(text: String, result: [String: String]) throws {
        #expect(try Self.parse(text) == result)
    }

    @Test(arguments: [
        ("a\n", 1), ("a=1\nb c=2\n", 2), ("=1\n", 1), ("9a=1\n", 1), ("a=1\na=2\n", 2), ("a<<E\n1\n", 1),
        ("a<<\n\n", 1), ("\u{e9}=1\n", 1), ("-a=1\n", 1), (" a=1\n", 1), ("a.b=1\n", 1),
    ])
    func `or refused, with the line`(text: String, line: Int) throws {
        let error = #expect(throws: ResultFile.Malformed.self) { try Self.parse(text) }
        #expect(error?.line == line)
    }

    @Test func `have a limit and must be UTF-8`() {
        let most = String(repeating: "x", count: ResultFile.bytesMax - 1)
        #expect(throws: Never.self) { try Self.parse("a=\(most)\n") }
        #expect(throws: ResultFile.Malformed.self) { try Self.parse("a=\(most)x\n") }
        #expect(throws: ResultFile.Malformed.self) { try ResultFile.parse([0x61, 0x3d, 0xff, 0x0a]) }
    }

    @Test func `what is written is read again`() throws {
        let result = ["a": "1", "b": "x\ny", "c": "", "d": "k<<E\nE\n", "e": "=", "f": "a\r\nb"]
        #expect(try Self.parse(ResultFile.text(result)) == result)
        #expect(try Self.parse(ResultFile.heredocs(result)) == result)
    }

    @Test func `a delimiter that stands in the value isn't used`() {
        var tries = ["EVIL", "EVIL", "GOOD"][...]
        let text = ResultFile.heredocs(["a": "1\nEVIL\nb=injected"], delimiter: { tries.popFirst() ?? "" })
        #expect(text == "a<<GOOD\n1\nEVIL\nb=injected\nGOOD\n")
    }

    @Test(arguments: [("digest", "BATON_RESULT_DIGEST"), ("a-b.c", "BATON_RESULT_A_B_C")])
    func `keys have variables`(key: String, variable: String) {
        #expect(ResultFile.variable(key) == variable)
    }

    @Test func `delimiters are random`() {
        let many = Set((0..<100).map { _ in Random.delimiter() })
        #expect(many.count == 100)
        #expect(many.allSatisfy { $0.count == 38 })
    }
}

@Suite struct `Settings` {
    @Test func `the defaults are sound and survive some 70 s`() {
        let settings = RunSettings()
        #expect(settings.contradictions.isEmpty)
        #expect(settings.survivableOutage == .milliseconds(73_100))
    }

    @Test(arguments: [
        (15, 10, 5, "outage"), (16, 10, 5, "outage"), (90, 90, 5, "outage"), (90, 10, 80, "outage"),
        (0, 10, 5, "shortest"), (4_000, 10, 5, "longest"), (90, 0, 5, "renew-interval"),
    ])
    func `that leave no time are refused`(duration: Int, interval: Int, grace: Int, word: String) {
        var settings = RunSettings()
        settings.duration = .seconds(duration)
        settings.renewInterval = .seconds(interval)
        settings.grace = .seconds(grace)
        #expect(settings.contradictions.contains { $0.contains(word) })
    }

    @Test(arguments: [(17, 10, 5), (4, 1, 1), (3_600, 10, 5), (90, 10, 0)])
    func `that leave some are taken`(duration: Int, interval: Int, grace: Int) {
        var settings = RunSettings()
        settings.duration = .seconds(duration)
        settings.renewInterval = .seconds(interval)
        settings.grace = .seconds(grace)
        #expect(settings.contradictions.isEmpty)
    }

    @Test func `a lock has no marker to judge`() {
        var settings = RunSettings()
        settings.once = false
        settings.verifies = true
        settings.trust = ["*"]
        #expect(settings.contradictions.count == 2)
    }
}

@Suite struct `Small grammars` {
    @Test(
        arguments: [
            ("http://127.0.0.1:7979", "http://127.0.0.1:7979", nil),
            ("https://b.example/x/", "https://b.example/x", nil),
            ("unix:/run/baton.sock", "http://localhost", "/run/baton.sock"),
            ("unix:///run/b", "http://localhost", "/run/b"),
            ("http://[::1]:1", "http://[::1]:1", nil),
        ] as [(String, String, String?)])
    func `servers are read`(text: String, base: String, path: String?) {
        #expect(Endpoint(text)?.base == base)
        #expect(Endpoint(text)?.socketPath == path)
    }

    @Test(arguments: [
        "", "127.0.0.1:7979", "ftp://x", "http://", "http:///x", "unix:run", "http://a b", "http://a?b",
        "http://u:p@h", "unix:/" + String(repeating: "x", count: 107),
    ])
    func `or refused`(text: String) { #expect(Endpoint(text) == nil) }

    @Test(arguments: [
        ("quay.io/openshift-release-dev/ocp-release:4.18.1-x86_64", true), ("quay.io/a/b", true),
        ("localhost/x:y", true), ("reg:5000/a:1", true), ("docker://quay.io/a:1", true),
        ("quay.io/a/b@sha256:0123", false), ("quay.io/a:1@sha256:0123", false), ("https://x.y/z:1", false),
        ("v1.2.3", false), ("a/b", false), ("README.md:3", false), ("./x/y", false), ("", false),
        ("2026.11/notes of a day", false),
    ])
    func `images that a tag names are seen`(input: String, isMovable: Bool) {
        #expect(ImageReference.isMovable(input) == isMovable)
    }

    @Test(arguments: [
        ("ci-main", "ci-*", true), ("ci-main", "*", true), ("", "*", true), ("ci", "ci-*", false),
        ("abc", "a?c", true),
        ("abc", "abc", true), ("abc", "ab", false), ("aXbXc", "a*b*c", true), ("aab", "*ab", true),
        ("a", "", false),
    ])
    func `patterns match whole strings`(text: String, pattern: String, matches: Bool) {
        #expect(Pattern.matches(text, pattern) == matches)
    }

    @Test func `a shell reads back what was quoted`() {
        #expect(Shell.quote("it's $HOME") == "'it'\\''s $HOME'")
    }

    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-21T05:01:02.123456Z", 1_795_237_262),
            ("2024-02-29T23:59:59Z", 1_709_251_199),
        ] as [(String, Int64)])
    func `times are read`(text: String, seconds: Int64) { #expect(WallTime.seconds(text) == seconds) }

    @Test func `targets are encoded`() {
        let request = HTTPRequest("GET", ["namespaces", "a b/ü"], query: ["x": "1&2", "y": nil])
        #expect(request.target == "/v1/namespaces/a%20b%2F%C3%BC?x=1%262")
    }
}

@Suite struct `JSON as YAML` {
    @Test func `has the same meaning`() throws {
        let json = try JSON(
            parsing: Array(
                #"{"a":"yes","b":[{"c":1,"d":["x"]},2],"e":{},"f":"it: \n","g":{"h":null},"i":"1"}"#.utf8))
        let text = """
            a: "yes"
            b:
            - c: 1
              d:
              - x
            - 2
            e: {}
            f: "it: \\n"
            g:
              h: null
            i: "1"

            """
        #expect(YAML.text(json) == text)
    }
}
