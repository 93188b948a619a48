import ArgumentParser
import Client

struct WorkOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What the work depends on; repeat it. The name gets a hash of all of them, in this order.",
            valueName: "text"))
    var input: [String] = []

    @Flag(help: "Do it once for this name, without inputs.")
    var once = false

    @Flag(
        help: "Don't be elected: run at once, whoever else does, and record when. See baton overlaps.")
    var observe = false

    @Option(
        help: ArgumentHelp(
            """
            A shell command that judges a result before it is accepted: it finds the result in the file \
            $BATON_RESULT and each value in $BATON_RESULT_<KEY>. When it fails, the work is done again.
            """, valueName: "command"))
    var verify: String?

    @Option(
        help: ArgumentHelp(
            """
            Accept only markers whose authenticated completer matches (* and ?); repeat it. Others' are \
            taken as if --verify had failed.
            """, valueName: "pattern"))
    var trust: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long the done marker is kept: 14d, 336h. (default: for good)", valueName: "time"),
        transform: DurationArgument.age)
    var retention: DurationArgument?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Failed attempts before the work has failed for all. (server's default: 5)"),
        transform: wholeNumber)
    var maxAttempts: Int?

    @Option(
        help: ArgumentHelp(
            "How this run calls itself. (default: from the CI system's environment, with a random end)",
            valueName: "identity"))
    var holder: String?

    @Option(help: ArgumentHelp("A fact for the others to see; repeat it.", valueName: "key=value"))
    var info: [PairArgument] = []

    var problem: String? {
        if let maxAttempts, !(1...1_000).contains(maxAttempts) {
            return "--max-attempts \(maxAttempts) is out of range: 1 to 1000 is expected"
        }
        if let retention, !(Duration.seconds(1)...(.seconds(10 * 365 * 86_400))).contains(retention.value) {
            return "--retention is out of range: 1s to 3650d is expected"
        }
        if observe, maxAttempts != nil { return "--observe has no attempts: leave --max-attempts out" }
        if let problem = PairArgument.problem(info, of: "--info") { return problem }
        guard let holder else { return nil }
        let isClean = holder.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
        return (1...253).contains(holder.utf8.count) && isClean
            ? nil : "--holder must have 1 to 253 bytes and no control characters"
    }
}

struct TimeOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Give up waiting for others after that long: exit code 124.", valueName: "time"),
        transform: DurationArgument.read)
    var waitTimeout: DurationArgument?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long a renewal of the lease lasts. (default: \(DurationArgument(RunSettings().duration)))",
            valueName: "time"),
        transform: DurationArgument.read)
    var duration = DurationArgument(RunSettings().duration)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How often it is renewed. (default: \(DurationArgument(RunSettings().renewInterval)))",
            valueName: "time"),
        transform: DurationArgument.read)
    var renewInterval = DurationArgument(RunSettings().renewInterval)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Between SIGTERM and SIGKILL when the lease is lost. (default: \(DurationArgument(RunSettings().grace)))",
            valueName: "time"),
        transform: DurationArgument.read)
    var grace = DurationArgument(RunSettings().grace)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "For how long a server that can't be reached is asked again, before and after the work. (default: \(DurationArgument(RunSettings().unreachableTimeout)))",
            valueName: "time"), transform: DurationArgument.read)
    var unreachableTimeout = DurationArgument(RunSettings().unreachableTimeout)

    @Flag(help: "Then run the command without the lease. (Without it: exit code 69.)")
    var runAnyway = false
}

struct ResultOptions: ParsableArguments {
    enum Format: String, ExpressibleByArgument, CaseIterable { case env, json, yaml, name, none }

    @Option(
        help: ArgumentHelp("Write the result there as key=value lines, whoever did it.", valueName: "path"))
    var resultFile: String?

    @Option(
        help: ArgumentHelp(
            "Write there as JSON how the run ended: a command may use our exit codes too.", valueName: "path")
    )
    var outcomeFile: String?

    @Option(
        name: [.short, .long],
        help: "How standard output gets the result when somebody else did it.")
    var output = Format.env
}
