import ArgumentParser
import Client
import Glibc
import JSON

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
        var limited = 0
        while true {
            transport.start(0, request(until), timeout: nil)
            let word = Self.listen(transport, until, heard: { (silentSince, limited) = (nil, 0) })
            transport.cancel(0)
            var pause = Duration.zero
            switch word {
            case .answer(let response): if try judge(response) { return }
            case .again(let delay): pause = delay
            case .over: break
            case .limited(let why, let delay):
                if limited == 0 { Say.line("the server has no room for us yet: \(why); asking again") }
                limited += 1
                silentSince = nil
                pause = max(delay, min(.milliseconds(500) * limited, .seconds(15)))
            case .unknown(let why):
                try unknown(&silentSince, why)
                pause = backoff
            }
            backoff = silentSince == nil ? .milliseconds(250) : min(backoff * 2, .seconds(5))
            transport.wait(until: min(Moment.now + pause, until ?? .init(nanoseconds: .max)))
            if let until, Moment.now >= until {
                Say.line("gave up waiting for \(names.joined(separator: ", ")): --timeout is over")
                throw ExitCode(ExitCodes.timedOut)
            }
        }
    }

    /// What a stream came to.
    private enum Word {
        case answer(HTTPResponse)
        case again(after: Duration)
        case unknown(String)
        /// A limit of the server keeps us from waiting there.
        case limited(String, retryAfter: Duration)
        /// Our own time is over.
        case over
    }

    private static func listen(_ transport: Transport, _ until: Moment?, heard: () -> Void) -> Word {
        while true {
            while let event = transport.next() {
                switch event {
                case .line(_, let line):
                    heard()
                    if let word = word(line) { return word }
                case .finished(_, .success(let response)):
                    let text = Problem(status: response.status, response.json).text
                    if response.status == 429 {
                        return .limited(text, retryAfter: response.retryAfter ?? .seconds(1))
                    }
                    if response.status >= 500 { return .unknown(text) }
                    return response.body.isEmpty ? .again(after: .milliseconds(100)) : .answer(response)
                case .finished(_, .failure(let failure)): return .unknown(failure.text)
                }
            }
            if let until, Moment.now >= until { return .over }
            transport.wait(until: until)
        }
    }

    private static func word(_ line: [UInt8]) -> Word? {
        let json = try? JSON(parsing: line)
        switch json?["type"]?.string {
        case "outcome": return .answer(HTTPResponse(status: 200, body: line))
        case "reconnect": return .again(after: .seconds(json?["retryAfter"]?.double ?? 0.5))
        // A problem's type is its URN, in a stream as elsewhere.
        case let type? where type.hasPrefix("urn:"):
            let problem = Problem(status: 503, json)
            guard problem.status < 500 else { return .unknown(problem.text) }
            return .answer(HTTPResponse(status: problem.status, body: line))
        default: return nil
        }
    }

    private func request(_ until: Moment?) -> HTTPRequest {
        let left = until.map { max($0 - Moment.now, .seconds(1)) } ?? .seconds(3_600)
        let time = "\(Int64(min(left, .seconds(3_600)).inSeconds.rounded(.up)))s"
        var request = HTTPRequest(
            "GET", server.path("markers"), query: ["require": any ? "any" : "all", "wait": time],
            streams: true)
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
        // The type is the line's, not the answer's.
        let json = JSON.object((json.members ?? []).filter { $0.name != "type" })
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

    private func unknown(_ since: inout Moment?, _ why: String) throws {
        if since == nil { Say.line("no answer: \(why); trying again") }
        since = since ?? .now
        guard let since, Moment.now >= since + unreachableTimeout.value else { return }
        Say.line("gave up: \(why)")
        throw ExitCode(ExitCodes.unavailable)
    }
}
