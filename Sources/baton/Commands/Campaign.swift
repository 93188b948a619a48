import ArgumentParser
import Client
import Digest
import Glibc
import JSON
import Supervision

/// `baton campaign`: for scripts that hold a lease across several steps.
struct CampaignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "campaign",
        abstract: "Ask to be elected, wait for it, and print the fencing token.",
        discussion: """
            Whoever calls holds the lease then, and must renew it. If the work is done already, no token is \
            printed: test for that, or use --output env, which sets BATON_OUTCOME to elected or done, and \
            BATON_RESULT_<KEY> for each value of a result. Unless BATON_HOLDER or --holder names a holder, one is made; --output env tells it.

            Examples:
              eval "$(baton campaign import --once -o env)"
              baton renew --every 10s --for $$ &
              …
              baton complete --result digest=$D

              baton campaign registry --also index --holder me    # registry=17, index=18: renew and resign each
              token=$(baton campaign deploy-prod --holder me --wait-timeout 10m)
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case token, env, json }

    @OptionGroup var server: ServerOptions

    @Argument(help: "The name of a lock, or the base of the name.")
    var name: String

    @Option(help: ArgumentHelp("What the work depends on; repeat it.", valueName: "text"))
    var input: [String] = []

    @Flag(help: "The work is done once for this name.")
    var once = false

    @OptionGroup(title: "Several names") var also: AlsoOptions
    @OptionGroup(title: "Sharing") var sharing: ModeOptions

    @Option(help: ArgumentHelp("How this holder calls itself. (BATON_HOLDER)", valueName: "identity"))
    var holder: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long a renewal lasts. (default: \(DurationArgument(RunSettings().duration)))",
            valueName: "time"),
        transform: DurationArgument.read)
    var duration = DurationArgument(RunSettings().duration)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Give up waiting after that long: exit code 124.", valueName: "time"),
        transform: DurationArgument.read)
    var waitTimeout: DurationArgument?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "For how long a server that can't be reached is asked again. (default: \(DurationArgument(RunSettings().unreachableTimeout)))",
            valueName: "time"),
        transform: DurationArgument.read)
    var unreachableTimeout = DurationArgument(RunSettings().unreachableTimeout)

    @Option(
        parsing: .unconditional, help: "Failed attempts before the work has failed for all.",
        transform: wholeNumber)
    var maxAttempts: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Replace the done marker of this revision.", valueName: "revision"),
        transform: wholeNumber)
    var supersedes: Int64?

    @Option(help: ArgumentHelp("A fact for the others to see; repeat it.", valueName: "key=value"))
    var info: [PairArgument] = []

    @Option(name: [.short, .long], help: "What to print.")
    var output = Format.token

    func validate() throws {
        let range = Duration.seconds(1)...Duration.seconds(3_600)
        guard range.contains(duration.value) else {
            throw ValidationError("--duration \(duration) is out of range: 1s to 1h is expected")
        }
        let isOnce = once || !input.isEmpty
        let problem =
            also.problem(with: name, once: isOnce) ?? sharing.problem(once: isOnce, observes: false)
            ?? PairArgument.problem(info, of: "--info")
        if let problem { throw ValidationError(problem) }
        var settings = RunSettings()
        settings.once = isOnce
        sharing.set(&settings)
        let contradictions = settings.contradictions
        if !contradictions.isEmpty { throw ValidationError(contradictions.joined(separator: "\n")) }
        do throws(NameError) { _ = try leaseName() } catch { throw ValidationError(error.description) }
    }

    private func leaseName() throws(NameError) -> String {
        if !input.isEmpty { return try DerivedName.derive(name, inputs: input) }
        try DerivedName.check(name)
        return name
    }

    private func contender() throws -> Contender {
        var settings = RunSettings()
        settings.once = once || !input.isEmpty
        sharing.set(&settings)
        settings.electsOnly = true
        settings.supersedes = supersedes
        settings.duration = duration.value
        settings.waitTimeout = waitTimeout?.value
        settings.unreachableTimeout = unreachableTimeout.value
        // No command has to be stopped in time: the whole duration is the caller's.
        settings.grace = .zero
        let identity = HolderIdentity.here()
        var contender = Contender(
            namespace: server.namespaceName, lease: try leaseName(),
            holder: holder ?? Environment.text("BATON_HOLDER") ?? identity.text,
            campaignID: Random.hex(bytes: 16), settings: settings)
        contender.also = also.names
        contender.inputsDigest = input.isEmpty ? nil : InputsDigest(input).description
        contender.maxAttempts = maxAttempts
        contender.work = sharing.work(of: identity)
        contender.info = identity.info.merging(PairArgument.map(info)) { $1 }
        return contender
    }

    func run() throws {
        let contender = try contender()
        let signals = try SignalSource([SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE])
        let verdict = elect(contender, signals)
        if let text = verdict.text(lease: contender.lease) { Say.line(text) }
        show(verdict, contender)
        throw ExitCode(verdict.exitCode)
    }

    private func elect(_ contender: Contender, _ signals: SignalSource) -> Verdict {
        let courier = Courier(server.transport(), for: contender)
        let progress = Progress(lease: contender.lease)
        var machine = Campaigner(contender.settings, seed: .random(in: .min ... .max))
        var verdict: Verdict?
        func feed(_ event: Campaigner.Event) {
            for effect in machine.apply(event, at: .now) {
                switch effect {
                case .send(let id, let request, let timeout): courier.send(id, request, timeout: timeout)
                case .cancel(let id): courier.cancel(id)
                case .say(let notice): progress.show(notice, at: .now)
                case .finish(let end): verdict = end
                default: break
                }
            }
        }
        feed(.started)
        while verdict == nil {
            let wakeAt = [machine.wakeAt, progress.wakeAt].compactMap(\.self).min()
            courier.wait(until: wakeAt, [signals.descriptor])
            while let number = signals.next() { if number != SIGPIPE { feed(.signalled(number)) } }
            while let event = courier.next() { feed(event) }
            if let due = machine.wakeAt, due <= .now { feed(.timePassed) }
            progress.tick(at: .now)
        }
        progress.clear()
        return verdict!
    }

    /// The token alone; of several names a line for each.
    private static func tokens(_ hold: Hold, _ lease: String) -> String {
        guard !hold.also.isEmpty else { return "\(hold.token)\n" }
        return ([OtherHold(lease, token: hold.token)] + hold.also).map { "\($0.name)=\($0.token)\n" }
            .joined()
    }

    private func show(_ verdict: Verdict, _ contender: Contender) {
        var facts = [
            "BATON_OUTCOME": verdict.name, "BATON_NAMESPACE": contender.namespace,
            "BATON_LEASE": contender.lease, "BATON_HOLDER": contender.holder,
        ]
        switch verdict {
        case .elected(let hold):
            facts["BATON_FENCING_TOKEN"] = String(hold.token)
            facts["BATON_ATTEMPT"] = String(hold.attempt)
            facts["BATON_PREVIOUS_END"] = hold.previous?.end ?? ""
            if !hold.also.isEmpty { facts["BATON_ALSO"] = hold.others }
            if output == .token { Say.result(Self.tokens(hold, contender.lease)) }
        case .done(let marker):
            for (key, value) in marker.result { facts[ResultFile.variable(key)] = value }
            if output == .json { return Say.result(marker.json.prettyText + "\n") }
        default: break
        }
        switch output {
        case .env: Say.result(facts.sorted { $0 < $1 }.map { "export \($0)=\(Shell.quote($1))\n" }.joined())
        case .json: Say.result(JSON.strings(facts).prettyText + "\n")
        case .token: break
        }
    }
}
