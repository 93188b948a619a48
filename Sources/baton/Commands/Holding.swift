import ArgumentParser
import Client
import JSON

/// `baton complete`: the work is done; here is its result.
struct Complete: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "End a hold with a done marker.",
        discussion: """
            It can be repeated: the same token gets the same answer. It may come after the deadline: the \
            server decides, and 75 says that the lease was lost.

            Examples:
              baton complete --result digest=sha256:… --artifact release=release.tar.gz --retention 14d
              baton complete import-1f2e --token 17 --holder me --failed --reason "no such release"
            """)

    @OptionGroup var server: ServerOptions
    @OptionGroup var claim: ClaimOptions
    @OptionGroup var finding: FindingOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "For how long a server that can't be reached is asked again. (default: \(DurationArgument(RunSettings().unreachableTimeout)))",
            valueName: "time"),
        transform: DurationArgument.read)
    var unreachableTimeout = DurationArgument(RunSettings().unreachableTimeout)

    func run() throws {
        let request = claim.contender(server).verb("complete", claim.number, try finding.members())
        let answer = try server.call(request, patience: unreachableTimeout.value)
        Say.line("\(claim.lease): \(answer["marker"]?["outcome"]?.string ?? "completed")")
    }
}

/// What came of a piece of work, for `complete` and `mark`.
struct FindingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A value for the others; repeat it.", valueName: "key=value"))
    var result: [PairArgument] = []

    @Option(help: ArgumentHelp("A file of key=value lines.", valueName: "path"))
    var resultFile: String?

    @OptionGroup var artifacts: ArtifactOptions

    @Flag(help: "The work has failed, for all.")
    var failed = false

    @Option(help: ArgumentHelp("Why.", valueName: "text"))
    var reason: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long the marker is kept: 14d, 336h. (default: for good; of a failure 10 minutes)",
            valueName: "time"), transform: DurationArgument.age)
    var retention: DurationArgument?

    func validate() throws {
        if let problem = PairArgument.problem(result, of: "--result") { throw ValidationError(problem) }
    }

    func members() throws -> [JSON.Member] {
        var members: [JSON.Member] = [.init("outcome", .string(failed ? "Failed" : "Succeeded"))]
        if let reason { members.append(.init("reason", .string(reason))) }
        if let retention { members.append(.init("retention", .number(retention.value.inSeconds))) }
        let results = try results()
        if !results.isEmpty { members.append(.init("result", .strings(results))) }
        let artifacts = try artifacts.read()
        if !artifacts.isEmpty { members.append(.init("artifacts", .array(artifacts.map(\.json)))) }
        return members
    }

    private func results() throws -> [String: String] {
        var results: [String: String] = [:]
        if let resultFile {
            guard let bytes = File.read(resultFile) else {
                throw ValidationError("the result file \(resultFile) can't be read: \(File.lastError)")
            }
            do throws(ResultFile.Malformed) {
                results = try ResultFile.parse(bytes)
            } catch {
                Say.line("the result file \(resultFile) is invalid: \(error.description)")
                throw ExitCode(ExitCodes.badData)
            }
        }
        for pair in result where !ResultFile.isKey(pair.key) {
            throw ValidationError("'\(pair.key)' can't be a key; [A-Za-z_][A-Za-z0-9_-]* is expected")
        }
        return results.merging(PairArgument.map(result)) { $1 }
    }
}

/// `baton resign`: the hold ends without a marker.
struct Resign: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "End a hold without a done marker; the next contender is elected at once.",
        discussion: """
            failed and abandoned count as attempts, released doesn't.

            Examples:
              baton resign
              baton resign import-1f2e --token 17 --holder me --outcome failed --reason "registry is down"
            """)

    enum Outcome: String, ExpressibleByArgument, CaseIterable { case released, failed, abandoned }

    @OptionGroup var server: ServerOptions
    @OptionGroup var claim: ClaimOptions

    @Option(help: "How the hold ended.")
    var outcome = Outcome.released

    @Option(help: ArgumentHelp("Why.", valueName: "text"))
    var reason: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "For how long a server that can't be reached is asked again. (default: \(DurationArgument(.seconds(30))))",
            valueName: "time"),
        transform: DurationArgument.read)
    var unreachableTimeout = DurationArgument(.seconds(30))

    func run() throws {
        var members: [JSON.Member] = [.init("outcome", .string(outcome.rawValue))]
        if let reason { members.append(.init("reason", .string(reason))) }
        let request = claim.contender(server).verb("resign", claim.number, members)
        _ = try server.call(request, patience: unreachableTimeout.value)
        Say.line("\(claim.lease): \(outcome.rawValue)")
    }
}

/// `baton fence`: is this token the present hold's?
struct Fence: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Is this token the present hold's? Exit code 0 yes, 1 no.",
        discussion: """
            It is advice: between the answer and what you do next the lease may end. A guard compares the \
            token within its own write.

            Examples:
              baton fence deploy-prod --token 17 || exit 75
              baton fence        # within `baton run`: is the lease still ours?
            """)

    @OptionGroup var server: ServerOptions

    @Argument(help: ArgumentHelp("The lease. (BATON_LEASE)", valueName: "name"))
    var name: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The fencing token. (BATON_FENCING_TOKEN)", valueName: "number"),
        transform: wholeNumber)
    var token: Int64?

    private var lease: String? { name ?? Environment.text("BATON_LEASE") }
    private var number: Int64? { token ?? Environment.token }

    func validate() throws {
        if lease == nil { throw ValidationError("no lease is named: give its name, or set BATON_LEASE") }
        if number == nil { throw Environment.noToken }
    }

    func run() throws {
        let answer = try server.call(
            HTTPRequest(
                "GET", server.path("leases", lease ?? "", "fence"),
                query: ["token": number.map { String($0) }]))
        if answer["current"]?.bool == true { return }
        let holder = answer["holderIdentity"]?.string
        let now =
            holder.map { "\($0) holds it, token \(answer["fencingToken"]?.integer ?? 0)" }
            ?? "nobody holds it"
        let end = answer["ended"]?["end"]?.string.map { "; that hold ended: \($0)" } ?? ""
        Say.line("token \(number ?? 0) is not the present one of \(lease ?? ""): \(now)\(end)")
        throw ExitCode(1)
    }
}
