import ArgumentParser
import Client

/// How a lock is shared with others, and what others left of their work.
struct ModeOptions: ParsableArguments {
    @Flag(
        help: "A lock that is held together with others who ask for it so; who doesn't waits for all of them."
    )
    var shared = false

    @Option(
        name: .customLong("permits"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "A lock that so many hold at once. All have to say the same.", valueName: "number"),
        transform: wholeNumber)
    var allPermits: [Int] = []

    @Flag(
        help: ArgumentHelp(
            "Don't begin while others' work may be half done (their holds expired or were abandoned): exit code 80."
        ))
    var failOnAbandoned = false

    @Option(
        help: ArgumentHelp(
            """
            What this work is called in each of its runs: when one of them ends well, what earlier ones left \
            abandoned is cleared. (default with one of the flags above: from the CI system's environment: \
            repository, pipeline, job, branch)
            """, valueName: "identity"))
    var work: String?

    var permits: Int? { allPermits.first }

    func validate() throws {
        for other in allPermits.dropFirst() where other != allPermits[0] {
            throw ValidationError("--permits \(allPermits[0]) and --permits \(other) contradict each other")
        }
        if shared, permits != nil { throw ValidationError("--shared and --permits contradict each other") }
        guard let work else { return }
        let isClean = work.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
        guard (1...253).contains(work.utf8.count), isClean else {
            throw ValidationError("--work must have 1 to 253 bytes and no control characters")
        }
    }

    /// A plain lock is of the work that its name says.
    func work(of identity: HolderIdentity) -> String? {
        work ?? (shared || permits != nil || failOnAbandoned ? identity.work : nil)
    }

    /// What contradicts the way in which the name is used; nil if nothing does.
    func problem(once: Bool, observes: Bool) -> String? {
        guard work != nil else { return nil }
        if observes { return "--observe clears nothing that others left: leave --work out" }
        return once ? "--work is for locks: what is done once has a done marker for that. Leave it out" : nil
    }

    func set(_ settings: inout RunSettings) {
        settings.mode = permits.map { .permits($0) } ?? (shared ? .shared : .exclusive)
        settings.failsOnAbandoned = failOnAbandoned
    }
}
