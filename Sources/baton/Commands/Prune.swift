import ArgumentParser
import Client
import JSON

/// `baton prune`: old markers go.
struct Prune: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Delete done markers that have been kept long enough, as an operator.",
        discussion: """
            Nothing goes that is held, waited for or aliased, that a policy of the server protects, or whose own \
            retention isn't over. --dry-run says what would go, and why each of the others stays.

            Examples:
              baton prune --older-than 14d --keep cache --dry-run
              baton prune --keep-last 20 --name 'workers-sha-*'
            """)

    @OptionGroup var server: ServerOptions
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Only markers whose work ended longer ago: 14d, 336h.", valueName: "time"),
        transform: DurationArgument.age)
    var olderThan: DurationArgument?
    @Option(
        parsing: .unconditional, help: ArgumentHelp("The newest so many stay.", valueName: "count"),
        transform: wholeNumber)
    var keepLast: Int?
    @Option(help: ArgumentHelp("Only names that match; * stands for any characters.", valueName: "pattern"))
    var name: String?
    @Option(
        name: [.customShort("l"), .customLong("selector")],
        help: ArgumentHelp("Only markers with such labels.", valueName: "selector"))
    var selector: String?
    @Option(help: ArgumentHelp("A name, or a pattern of names, that stays; repeat it.", valueName: "name"))
    var keep: [String] = []
    @Flag(help: "Say what would go and why the others stay, and delete nothing.")
    var dryRun = false
    @Option(name: [.short, .long], help: "json, yaml, wide or name. (default: a table)")
    var output: OutputFormat?

    func validate() throws {
        if olderThan == nil, keepLast == nil {
            throw ValidationError(
                "without --older-than or --keep-last all markers would go: give one of them")
        }
        if let keepLast, keepLast < 0 {
            throw ValidationError("--keep-last \(keepLast) is out of range: 0 or more is expected")
        }
    }

    func run() throws {
        var items: [JSON] = []
        var counts = (pruned: 0, kept: 0)
        var next: String?
        repeat {
            let request = HTTPRequest("POST", server.path("prune"), body: .object(members(next)))
            // Again, if it has to be: what has gone can't go twice.
            let part = try server.call(request, patience: .seconds(10))
            counts.pruned += Int(part["pruned"]?.integer ?? 0)
            counts.kept += Int(part["kept"]?.integer ?? 0)
            items += part["items"]?.array ?? []
            next = part["continue"]?.string
        } while next != nil
        show(items)
        let verb = dryRun ? "would go" : "went"
        Say.line(
            "\(counts.pruned) \(counts.pruned == 1 ? "marker" : "markers") \(verb), \(counts.kept) "
                + (counts.kept == 1 ? "stays" : "stay"))
    }

    private func members(_ next: String?) -> [JSON.Member] {
        var members: [JSON.Member] = []
        if let olderThan { members.append(.init("olderThan", .number(olderThan.value.inSeconds))) }
        if let keepLast { members.append(.init("keepLast", .number(Int64(keepLast)))) }
        if let name { members.append(.init("name", .string(name))) }
        if let selector { members.append(.init("labels", .string(selector))) }
        if !keep.isEmpty { members.append(.init("keep", .array(keep.map { .string($0) }))) }
        if dryRun { members.append(.init("dryRun", .bool(true))) }
        if let next { members.append(.init("continue", .string(next))) }
        return members
    }

    private func show(_ items: [JSON]) {
        if items.isEmpty, output == nil || output == .wide { return }
        OutputFormat.show(
            .object(["items": .array(items)]), output,
            names: items.filter { $0["action"]?.string == "prune" }.map {
                "marker/\($0["name"]?.string ?? "")"
            }
        ) { Listing.pruned(items, wide: $0, now: wallClock) }
    }
}
