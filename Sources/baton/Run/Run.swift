import ArgumentParser
import Client
import Digest
import Glibc
import Supervision

/// `baton run`: options in, a plan out.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a command as the elected one, or get the result of whoever did.",
        discussion: """
            With --input or --once the work is done once: the first run does it, the others wait and get \
            its result. Without, the name is a lock: one at a time, and each does it; with --shared all who say so \
            at once, with --permits so many.

            The command gets BATON_NAMESPACE, BATON_LEASE, BATON_FENCING_TOKEN, BATON_HOLDER, BATON_ATTEMPT, \
            BATON_PREVIOUS_END, BATON_SERVER, with --also BATON_ALSO ("NAME=TOKEN …"), and BATON_RESULT: a file for key=value lines (keys \
            [A-Za-z_][A-Za-z0-9_-]*; KEY<<END … END for several lines) that become the result. The others \
            get it on standard output, in --result-file, and on $GITHUB_OUTPUT if that is set.

            If the lease is lost, the command and all it started get SIGTERM, and SIGKILL --grace later: all \
            before the lease ends. A signal to baton goes to the command at once, SIGKILL follows after 5s.

            Examples:
              baton run release-import-initial --input "$PULLSPEC" -- ./import.sh
              baton run nightly --once --result-file out.env -- sh -c 'echo digest=$D >> "$BATON_RESULT"'
              baton run deploy-prod --observe -- ./deploy.sh
              baton run image-$GITHUB_RUN_ID --once --artifact image=image.tar -- ./build.sh
              baton run deploy-prod --wait-timeout 30m -- ./deploy.sh
              baton run registry --also index -- ./publish.sh
              baton run downloads --permits 8 -- ./download.sh
              baton run images --shared -- ./push.sh; baton run images --fail-on-abandoned -- ./annotate.sh
              baton run mirror --input "$SRC" --verify 'skopeo inspect docker://$BATON_RESULT_IMAGE' -- ./mirror.sh
            """)

    @OptionGroup var server: ServerOptions
    @OptionGroup(title: "Work") var work: WorkOptions
    @OptionGroup(title: "Several names") var also: AlsoOptions
    @OptionGroup(title: "Sharing") var sharing: ModeOptions
    @OptionGroup(title: "Time") var time: TimeOptions
    @OptionGroup(title: "Results") var results: ResultOptions
    @OptionGroup(title: "Results") var artifacts: ArtifactOptions

    @Argument(
        help: ArgumentHelp(
            "What is to be done: the name of a lock, or the base of the name.", valueName: "name"))
    var name: String

    @Argument(parsing: .postTerminator, help: ArgumentHelp("The command, after --.", valueName: "command"))
    var command: [String] = []

    func validate() throws {
        if command.isEmpty { throw ValidationError("there is no command to run; put it after --") }
        let contradictions = settings.contradictions
        if !contradictions.isEmpty { throw ValidationError(contradictions.joined(separator: "\n")) }
        if !settings.once, !artifacts.artifact.isEmpty {
            throw ValidationError(
                "--artifact is recorded in a done marker, and a lock leaves none: add --once or --input")
        }
        if work.retention != nil, !settings.once {
            throw ValidationError(
                "--retention is of a done marker, and a lock has none: add --once or --input")
        }
        let problem =
            work.problem ?? also.problem(with: name, once: settings.once)
            ?? sharing.problem(once: settings.once, observes: settings.observes)
        if let problem {
            throw ValidationError(problem)
        }
        do { _ = try leaseName } catch let error as NameError { throw ValidationError(error.description) }
    }

    private var inputs: InputsDigest? { work.input.isEmpty ? nil : InputsDigest(work.input) }

    private var leaseName: String {
        get throws {
            if let inputs { return try DerivedName.derive(name, inputs) }
            try DerivedName.check(name)
            return name
        }
    }

    private var settings: RunSettings {
        var settings = RunSettings()
        // With --observe the inputs make the name, and nothing else.
        settings.once = work.once || (!work.input.isEmpty && !work.observe)
        settings.observes = work.observe
        settings.duration = time.duration.value
        settings.renewInterval = time.renewInterval.value
        settings.grace = time.grace.value
        settings.unreachableTimeout = time.unreachableTimeout.value
        settings.waitTimeout = time.waitTimeout?.value
        settings.runAnyway = time.runAnyway
        settings.verifies = work.verify != nil
        settings.trust = work.trust
        sharing.set(&settings)
        return settings
    }

    func run() throws {
        for input in work.input where ImageReference.isMovable(input) {
            Say.line(
                "warning: the input '\(input)' names an image by a tag, and a tag can be moved: the work would "
                    + "be \"done\" with the old content. Give it by digest (…@sha256:…)")
        }
        let identity = HolderIdentity.here()
        var contender = Contender(
            namespace: server.namespaceName, lease: try leaseName, holder: work.holder ?? identity.text,
            campaignID: Random.hex(bytes: 16), settings: settings)
        contender.also = also.names
        contender.inputsDigest = inputs?.description
        contender.maxAttempts = work.maxAttempts
        contender.retention = work.retention?.value
        contender.work = sharing.work(of: identity)
        contender.info = identity.info.merging(["host": Environment.host]) { known, _ in known }
            .merging(PairArgument.map(work.info)) { $1 }
        let plan = RunPlan(
            contender: contender, endpoint: server.endpoint, credentials: server.credentials,
            trust: server.trust, command: command, verification: work.verify,
            artifacts: artifacts.arguments)
        throw ExitCode(try Self.carryOut(plan, results))
    }

    private static func carryOut(_ plan: RunPlan, _ results: ResultOptions) throws -> Int32 {
        let loop: RunLoop
        do throws(SupervisionError) {
            let guardian = try Guardian.start { Orphan.resign(plan, report: $0) }
            // SIGPIPE is taken so that a reader of standard error who leaves doesn't end the run.
            let signals = try SignalSource([SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE])
            loop = RunLoop(plan, guardian, signals)
        } catch {
            Say.line("can't guard a command here: \(error)")
            return 71
        }
        let verdict = loop.run()
        return Aftermath(plan: plan, options: results, hold: loop.hold).settle(verdict)
    }
}
