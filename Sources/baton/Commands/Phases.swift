import ArgumentParser
import Client
import JSON

/// `baton phase`: where a hold is in its work.
struct PhaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phase",
        abstract: "Say where a hold is in its work, for all to see.",
        discussion: """
            It is kept with the history, and `baton wait --phase` waits for it. With one word that is the phase, \
            and the lease is the one that `baton run` set in BATON_LEASE.

            Examples:
              baton phase pushing        # within `baton run`
              baton phase images pushed --token 17 --holder me
            """)

    @OptionGroup var server: ServerOptions

    @Argument(help: ArgumentHelp("The lease (BATON_LEASE), and the phase.", valueName: "name> <phase"))
    var words: [String]

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The fencing token of the hold. (BATON_FENCING_TOKEN)", valueName: "number"),
        transform: wholeNumber)
    var token: Int64?

    @Option(help: ArgumentHelp("The holder identity of the hold. (BATON_HOLDER)", valueName: "identity"))
    var holder: String?

    private var lease: String? { words.count > 1 ? words[0] : Environment.text("BATON_LEASE") }
    private var number: Int64? { token ?? Environment.token }
    private var identity: String? { holder ?? Environment.text("BATON_HOLDER") }

    func validate() throws {
        guard (1...2).contains(words.count), let phase = words.last, !phase.isEmpty else {
            throw ValidationError("a phase is expected, with the lease before it: baton phase [NAME] PHASE")
        }
        if lease == nil { throw ValidationError("no lease is named: give its name, or set BATON_LEASE") }
        if number == nil { throw Environment.noToken }
        if identity == nil { throw ValidationError("no holder: give --holder, or set BATON_HOLDER") }
    }

    func run() throws {
        let contender = Contender(
            namespace: server.namespaceName, lease: lease ?? "", holder: identity ?? "", campaignID: "",
            settings: RunSettings())
        let request = contender.verb("phase", number ?? 0, [.init("phase", .string(words.last ?? ""))])
        _ = try server.call(request, patience: .seconds(30))
    }
}

/// `baton clear-abandoned`: an operator has looked after half-done work.
struct ClearAbandoned: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clear-abandoned",
        abstract: "Say that the half-done work of an abandoned hold is looked after.",
        discussion: """
            It names the hold's token, and can be repeated. A run of the same work (--work) that ends well \
            clears what earlier ones left by itself.

            Example:
              baton clear-abandoned images --token 17 --reason "its images are deleted"
            """)

    @OptionGroup var server: ServerOptions
    @Argument(help: "The lease.") var name: String
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The token of the abandoned hold: see describe lease.", valueName: "number"),
        transform: wholeNumber)
    var token: Int64
    @Option(help: ArgumentHelp("Why, for the audit record.", valueName: "text")) var reason: String

    func run() throws {
        let body = JSON.object(["fencingToken": .number(token), "reason": .string(reason)])
        let request = HTTPRequest("POST", server.path("leases", name, "clear-abandoned"), body: body)
        let hold = try server.call(request, patience: .seconds(10))["cleared"]
        Say.line("\(name): the hold of \(hold?["holderIdentity"]?.string ?? "token \(token)") is cleared")
    }
}
