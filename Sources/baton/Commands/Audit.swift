import ArgumentParser
import Client
import JSON

/// `baton audit`: who did what as an operator, and who was refused what.
struct Audit: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Operators' acts, refusals, and the daemon's starts and stops; for admins.",
        discussion: """
            Newest first. A refusal that was repeated within a minute is one line with its count.

            Examples:
              baton audit --since 24h
              baton audit -n release --verb revoke -o wide
              baton audit --identity ci-op -o json
            """)

    @OptionGroup var server: ServerOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Only entries since then: a duration, or a time.", valueName: "24h"))
    var since: String?
    @Option(parsing: .unconditional, help: ArgumentHelp("Only entries of before then.", valueName: "1h"))
    var until: String?
    @Option(help: ArgumentHelp("Only of this lease or marker.", valueName: "name"))
    var name: String?
    @Option(help: ArgumentHelp("Only of who authenticated so.", valueName: "identity"))
    var identity: String?
    @Option(help: ArgumentHelp("Only this: revoke, mark, unmark, campaign, start…", valueName: "verb"))
    var verb: String?
    @Option(parsing: .unconditional, help: "At most that many. (default: all)", transform: wholeNumber)
    var limit: Int?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Only entries of a smaller revision.", valueName: "revision"),
        transform: wholeNumber)
    var before: Int64?

    @Option(name: [.short, .long], help: "The format. (default: a table)")
    var output: OutputFormat?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be 1 or more") }
    }

    func run() throws {
        let items = try entries()
        if items.isEmpty, output == nil || output == .wide { return Say.line("nothing of that is recorded") }
        OutputFormat.show(
            .object(["items": .array(items)]), output,
            names: items.map { "audit/\($0["revision"]?.integer ?? 0)" }
        ) { Listing.audit(items, wide: $0) }
    }

    /// A page may be empty and still not be the last: it says where to go on.
    private func entries() throws -> [JSON] {
        var items: [JSON] = []
        var next = before
        repeat {
            let page = try server.call(
                HTTPRequest(
                    "GET", ["audit"],
                    query: [
                        // The namespace of BATON_NAMESPACE is for work; here only an explicit one narrows.
                        "namespace": server.namespace, "name": name, "identity": identity, "verb": verb,
                        "since": since, "until": until, "before": next.map { String($0) },
                        "limit": String(min(1000, (limit ?? .max) - items.count)),
                    ]))
            items += page["items"]?.array ?? []
            next = page["before"]?.integer
        } while next != nil && items.count < limit ?? .max
        return items
    }
}
