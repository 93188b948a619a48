import Coordination
import JSON
import Testing

@testable import API

/// Waiting for how a name is held, and for markers by their labels, over HTTP.
struct ConditionTests {
    private static func route(_ query: String, accept: String? = nil) -> Routed {
        Stage.route("GET", "/v1/namespaces/ci/leases/build/wait" + query, accept: accept)
    }

    static let good: [(String, NameCondition)] = [
        ("?condition=idle", .idle), ("?condition=drained", .drained(nil)),
        ("?condition=drained&drained=0", .drained(0)), ("?condition=drained&drained=17", .drained(17)),
        ("?condition=quiet&quiet=10m", .quiet(.minutes(10))),
        ("?condition=quiet&quiet=0.5", .quiet(.milliseconds(500))),
        ("?condition=phase&phase=pushed", .phase("pushed", holder: nil, since: nil)),
        ("?condition=phase&phase=pushed&holder=anna&since=9", .phase("pushed", holder: "anna", since: 9)),
    ]

    @Test(arguments: good) func `a condition is read`(query: String, condition: NameCondition) throws {
        let routed = Self.route(query + "&wait=5s")
        guard case .waitFor(let wait) = routed.command else { throw Missing() }
        #expect(wait.request == 7 && wait.key == Sample.key && wait.condition == condition)
        #expect(wait.waitUntil == Stage.now.instant + .seconds(5))
        #expect(routed.shape == AnswerShape(.plain, waits: true))
    }

    @Test func `a stream waits for an hour unless it is told`() throws {
        let routed = Self.route("?condition=idle", accept: "application/x-ndjson")
        guard case .waitFor(let wait) = routed.command else { throw Missing() }
        #expect(wait.waitUntil == Stage.now.instant + .hours(1))
    }

    static let bad: [(String, String)] = [
        ("", "condition: The query parameter condition is required: idle, drained, quiet, phase."),
        (
            "?condition=empty",
            "condition: condition can't be \"empty\". Allowed: idle, drained, quiet, phase."
        ),
        (
            "?condition=quiet",
            "quiet: The query parameter quiet is required: a duration from 1ms to 30d, such as \"10m\"."
        ),
        (
            "?condition=quiet&quiet=0",
            "quiet: quiet is out of range: it has to be a duration from 1ms to 30d, such as \"10m\"."
        ),
        (
            "?condition=quiet&quiet=721h",
            "quiet: quiet is out of range: it has to be a duration from 1ms to 30d, such as \"10m\"."
        ),
        ("?condition=phase", "phase: The query parameter phase is required."),
        (
            "?condition=phase&phase=",
            "phase: phase can't be \"\". It has to be 1 to 128 bytes without control characters."
        ),
        ("?condition=idle&quiet=1s", "quiet: quiet is not of the condition idle."),
        ("?condition=drained&since=1", "since: since is not of the condition drained."),
        (
            "?condition=drained&drained=x",
            "drained: drained can't be \"x\". It has to be a whole number from 0 to 9007199254740991."
        ),
        (
            "?condition=idle&until=1",
            "until: There is no query parameter \"until\" here. Known: condition, wait, drained, quiet, phase, holder, "
                + "since."
        ),
    ]

    @Test(arguments: bad) func `what is wrong is named`(query: String, problem: String) {
        #expect(Self.route(query).problem == "400 invalid-field " + problem)
    }

    @Test func `a token that has yet to be given`() {
        let problem = Stage.elections.problem(for: .aheadOfTime(99, current: 20)).response.problem
        #expect(
            problem
                == "400 invalid-field drained: No hold has had the token 99 yet: the newest revision is 20. Send what "
                + "the first answer named as \"drained\".")
    }

    // MARK: Answers

    @Test func `an answer says how it stands, and what to ask again`() {
        var view = ConditionView(verdict: .waiting, condition: .drained(17), lease: nil)
        view.left = 2
        let waiting = Stage.elections.response(to: .condition(view), shape: AnswerShape(waits: true))
        #expect(waiting.status == 202 && waiting.headers.contains(.retryAfter(0)))
        #expect(
            waiting.text == #"{"outcome":"waiting","condition":"drained","drained":17,"left":2,"lease":null}"#
        )
        view.verdict = .met
        view.left = 0
        let met = Stage.elections.response(to: .condition(view), shape: AnswerShape(.ndjson))
        #expect(met.status == 200)
        #expect(
            met.text
                == #"{"type":"outcome","outcome":"met","condition":"drained","drained":17,"left":0,"lease":null}"#
                + "\n")
    }

    @Test func `each condition has its own members`() {
        var quiet = ConditionView(verdict: .waiting, condition: .quiet(.minutes(10)), lease: nil)
        quiet.remaining = .milliseconds(1_500)
        #expect(
            String(decoding: Stage.elections.waitingLine(for: quiet), as: UTF8.self)
                == #"{"type":"waiting","outcome":"waiting","condition":"quiet","quiet":600,"remaining":1.5,"lease":null}"#
                + "\n")
        var phase = ConditionView(
            verdict: .orphaned, condition: .phase("pushed", holder: "anna", since: 9), lease: Sample.free)
        phase.hold = Sample.history(.abandoned)
        let json = Stage.elections.response(to: .condition(phase)).json
        #expect(json["outcome"]?.string == "orphaned" && json["phase"]?.string == "pushed")
        #expect(json["holder"]?.string == "anna" && json["since"]?.integer == 9)
        #expect(json["hold"]?["end"]?.string == "abandoned" && json["lease"]?["held"]?.bool == false)
    }

    // MARK: Markers by their labels

    private static func select(_ query: String) -> Routed {
        Stage.route("GET", "/v1/namespaces/ci/markers" + query)
    }

    @Test func `a selection knows its markers by what clients attached`() throws {
        guard
            case .select(let selection, let until, let shape) = Self.select(
                "?selector=build%3D7".replacing("%3D", with: "=") + "&count=3&wait=5s"
            ).action
        else { throw Missing() }
        #expect(selection.count == 3 && until == Stage.now.instant + .seconds(5))
        #expect(shape == AnswerShape(.plain, form: .manyMarkers, waits: true))
        var marker = Sample.marker()
        #expect(!selection.wants(MarkerLabels(of: marker)))
        marker.metadata = Array(#"{"labels":{"build":"7"}}"#.utf8)
        #expect(selection.wants(MarkerLabels(of: marker)) && selection.namespace == "ci")
    }

    @Test(arguments: [
        (
            "?selector=",
            "selector: The query parameter selector is required: labels such as app=web or tier in (a,b)."
        ),
        (
            "?count=2",
            "selector: The query parameter selector is required: labels such as app=web or tier in (a,b)."
        ),
        (
            "?selector= ",
            "selector: \" \" says no label. It has to be labels such as app=web or tier in (a,b)."
        ),
        ("?selector=a=b&count=0", "count: count can't be \"0\". It has to be a whole number from 1 to 1000."),
        (
            "?selector=a=b&require=any",
            "require: There is no query parameter \"require\" here. Known: selector, count, wait."
        ),
    ]) func `a wrong selection is told what is wrong`(query: String, problem: String) {
        #expect(Self.select(query).problem == "400 invalid-field " + problem)
    }

    @Test func `what isn't a selector is shown`() {
        #expect(
            Self.select("?selector=a b").problem.hasPrefix(
                "400 invalid-field selector: \"a b\" is not a label selector: "))
    }
}
