import ArgumentParser
import Client
import Glibc
import JSON

extension ServerOptions {
    /// One request and its answer; a refusal or a silent server ends the program
    /// with a sentence and the exit code that it has.
    ///
    /// - Parameter patience: for how long what is unknown is asked again. Every
    ///   write of a holder can be: the server gives its first answer again.
    /// - Parameter code: the exit code of a refusal.
    func call(
        _ request: HTTPRequest, patience: Duration = .zero, timeout: Duration = RunSettings.requestTimeout,
        code: (Problem) -> Int32 = ExitCodes.of
    ) throws -> JSON {
        let deadline = Moment.now + patience
        let transport = transport()
        while true {
            let why: String
            var isLimit = false
            switch Result(catching: { () throws(TransportFailure) in
                try transport.perform(request, timeout: timeout)
            }) {
            case .success(let response) where response.status < 500 && response.status != 429:
                return try accept(response, to: request, code)
            case .success(let response):
                why = Problem(status: response.status, response.json).text
                isLimit = response.status == 429
            case .failure(let failure): why = failure.text
            }
            guard Moment.now < deadline else {
                guard isLimit else { throw unavailable(why) }
                Say.line(why)
                throw ExitCode(ExitCodes.unavailable)
            }
            poll(nil, 0, 500)
        }
    }

    private func accept(
        _ response: HTTPResponse, to request: HTTPRequest, _ code: (Problem) -> Int32
    ) throws -> JSON {
        if response.status < 300, let json = response.json { return json }
        if response.status < 400 {
            throw unavailable("what answers there doesn't speak Baton's /v1 (HTTP \(response.status))")
        }
        let problem = Problem(status: response.status, response.json)
        Say.line(problem.text)
        if problem.kind == "marker-differs", let ours = request.body, let theirs = problem.json?["marker"] {
            for sentence in MarkerDifference.sentences(ours, theirs) { Say.line("  \(sentence)") }
        }
        if problem.kind == "ambiguous" { Self.show(candidates: problem.json) }
        throw ExitCode(code(problem))
    }

    /// The names that it could be.
    private static func show(candidates json: JSON?) {
        let names = json?["candidates"]?.array?.compactMap(\.string) ?? []
        for name in names { Say.line("  \(name)") }
        let more = (json?["count"]?.integer ?? 0) - Int64(names.count)
        if more > 0 { Say.line("  and \(more)\(json?["more"]?.bool == true ? " or more" : "") others") }
    }

    private func unavailable(_ why: String) -> ExitCode {
        Say.line("\(why). Check that batond runs, and --server or BATON_SERVER")
        return ExitCode(ExitCodes.unavailable)
    }

    /// All pages of a list.
    func list(_ path: [String], query: [String: String] = [:]) throws -> [JSON] {
        var items: [JSON] = []
        var next: String?
        repeat {
            let page = try call(
                HTTPRequest(
                    "GET", path,
                    query: [
                        "prefix": query["prefix"], "held": query["held"], "limit": query["limit"],
                        "before": query["before"], "continue": next,
                    ]))
            items += page["items"]?.array ?? []
            next = page["continue"]?.string
        } while next != nil && query["limit"] == nil
        return items
    }

    func path(_ parts: String...) -> [String] { ["namespaces", namespaceName] + parts }
}

/// Whose hold it is: flags, or what `baton campaign -o env` said and `baton run` sets.
struct ClaimOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The lease. (BATON_LEASE)", valueName: "name"))
    var name: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The fencing token of the hold. (BATON_FENCING_TOKEN)", valueName: "number"),
        transform: wholeNumber)
    var token: Int64?

    @Option(help: ArgumentHelp("The holder identity of the hold. (BATON_HOLDER)", valueName: "identity"))
    var holder: String?

    func validate() throws {
        if leaseName == nil { throw ValidationError("no lease is named: give its name, or set BATON_LEASE") }
        if fencingToken == nil { throw Environment.noToken }
        if identity == nil { throw ValidationError("no holder: give --holder, or set BATON_HOLDER") }
    }

    private var leaseName: String? { name ?? Environment.text("BATON_LEASE") }
    private var fencingToken: Int64? {
        token ?? Environment.token
    }
    private var identity: String? { holder ?? Environment.text("BATON_HOLDER") }

    /// After validation all three are there.
    var lease: String { leaseName ?? "" }
    var number: Int64 { fencingToken ?? 0 }

    func contender(_ server: ServerOptions) -> Contender {
        Contender(
            namespace: server.namespaceName, lease: lease, holder: identity ?? "", campaignID: "",
            settings: RunSettings())
    }
}

enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case json, yaml, wide, name

    /// JSON and YAML say all that the server said.
    static func show(
        _ whole: JSON, _ format: OutputFormat?, names: @autoclosure () -> [String],
        table: (_ wide: Bool) -> Table
    ) {
        switch format {
        case .json?: Say.result(whole.prettyText + "\n")
        case .yaml?: Say.result(YAML.text(whole))
        case .name?: Say.result(names().map { $0 + "\n" }.joined())
        case .wide?: Say.result(table(true).text)
        case nil: Say.result(table(false).text)
        }
    }
}

/// Seconds since 1970, for ages.
var wallClock: Int64 { Int64(time(nil)) }
