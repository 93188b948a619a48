import ArgumentParser
import Client
import Glibc

/// `baton wait`: for markers, without contending.
struct Wait: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Wait until work is done by others, without contending for it.",
        discussion: """
            Waits for all of the markers (or --any of them), fails as soon as one has failed (76), and prints \
            the results as key=value lines, for several markers with the name before each key. When a hold \
            ends without a marker and nobody contends for the work, nobody is doing it: exit code 1, unless \
            --keep-waiting.

            Examples:
              baton wait release-import-1f2e3d4c5b6a --timeout 30m
              baton wait image-amd64 image-arm64 && ./merge.sh
            """)

    @OptionGroup var server: ServerOptions
    @Argument(help: "The markers.") var names: [String]
    @Flag(help: "One of them is enough.") var any = false

    @Option(help: ArgumentHelp("Give up after that long: exit code 124.", valueName: "time"))
    var timeout: DurationArgument?

    @Option(
        help: ArgumentHelp("For how long a server that can't be reached is asked again.", valueName: "time"))
    var unreachableTimeout = DurationArgument(RunSettings().unreachableTimeout)

    @Flag(help: "Wait on when nobody does the work, or when a marker is deleted.")
    var keepWaiting = false

    @Option(name: [.short, .long], help: "json or yaml. (default: key=value lines)")
    var output: OutputFormat?

    func run() throws {
        let until = timeout.map { Moment.now + $0.value }
        let transport = server.transport()
        var silentSince: Moment?
        var backoff: Duration = .milliseconds(250)
        while true {
            let left = until.map { max($0 - Moment.now, .zero) }
            // A plain wait ends by itself before any proxy grows impatient.
            let wait = min(left ?? .seconds(20), .seconds(20))
            let answer = Result { try transport.perform(request(wait), timeout: wait + .seconds(10)) }
            switch try? answer.get() {
            case let response? where response.status < 500 && response.status != 429:
                silentSince = nil
                backoff = .milliseconds(250)
                if try judge(response) { return }
            case let response:
                try unknown(&silentSince, response, answer)
                transport.wait(until: min(Moment.now + backoff, until ?? .init(nanoseconds: .max)))
                backoff = min(backoff * 2, .seconds(5))
            }
            if let until, Moment.now >= until {
                Say.line("gave up waiting for \(names.joined(separator: ", ")): --timeout is over")
                throw ExitCode(ExitCodes.timedOut)
            }
        }
    }

    private func request(_ wait: Duration) -> HTTPRequest {
        let time = "\(max(1, wait.inSeconds.rounded(.up)))s"
        var request = HTTPRequest(
            "GET", server.path("markers"), query: ["require": any ? "any" : "all", "wait": time])
        for name in names { request.addQuery("name", name) }
        return request
    }

    /// True when it is over.
    private func judge(_ response: HTTPResponse) throws -> Bool {
        guard response.status < 300, let json = response.json else {
            let problem = Problem(status: response.status, response.json)
            Say.line(problem.text)
            throw ExitCode(ExitCodes.of(problem))
        }
        let about = json["about"]?.string ?? names.joined(separator: ", ")
        switch json["outcome"]?.string {
        case "done":
            show(json)
            return true
        case "failed":
            let marker = json["markers"]?.array?.first { $0["outcome"]?.string == "Failed" }
            Say.line("\(about) has failed: \(marker?["reason"]?.string ?? "no reason was given")")
            throw ExitCode(ExitCodes.failedElsewhere)
        case let end? where end == "orphaned" || end == "deleted":
            if keepWaiting {
                poll(nil, 0, 1_000)
                return false
            }
            let how = json["last"]?["end"]?.string.map { ": the last hold ended as \($0)" } ?? ""
            Say.line(
                end == "orphaned"
                    ? "nobody is doing \(about)\(how). Run it, or wait on with --keep-waiting"
                    : "the marker of \(about) was deleted")
            throw ExitCode(1)
        default: return false
        }
    }

    private func show(_ json: JSON) {
        switch output {
        case .json?: return Say.result(json.prettyText + "\n")
        case .yaml?: return Say.result(YAML.text(json))
        default: break
        }
        let markers = (json["markers"]?.array ?? []).compactMap { Marker($0) }
        for marker in markers {
            let isAlone = names.count == 1
            let named = marker.result.map { key, value in (isAlone ? key : "\(marker.name).\(key)", value) }
            Say.result(ResultFile.text(Dictionary(uniqueKeysWithValues: named)))
        }
    }

    private func unknown(
        _ since: inout Moment?, _ response: HTTPResponse?, _ answer: Result<HTTPResponse, any Error>
    ) throws {
        var why = response.map { Problem(status: $0.status, $0.json).text } ?? "no answer"
        if case .failure(let error as TransportFailure) = answer { why = error.text }
        if since == nil { Say.line("no answer: \(why); trying again") }
        since = since ?? .now
        guard let since, Moment.now >= since + unreachableTimeout.value else { return }
        Say.line("gave up: \(why)")
        throw ExitCode(ExitCodes.unavailable)
    }
}
