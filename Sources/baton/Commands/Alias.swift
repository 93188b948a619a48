import ArgumentParser
import Client
import JSON

/// `baton alias`: names that point at done markers.
struct Alias: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Names that point at done markers: set, get, list, history, rollback, delete.",
        discussion: """
            An alias never goes back to an older marker unless it is told to, and each move is in its history. \
            What it points at can't be deleted.

            Examples:
              baton alias set latest-workers workers-sha-c804cace
              baton alias get latest-workers --target
              baton alias history latest-workers
              baton alias rollback latest-workers --reason "crashes at start"
            """,
        subcommands: [
            AliasSet.self, AliasGet.self, AliasList.self, AliasHistory.self, AliasRollback.self,
            AliasDelete.self,
        ])
}

extension ServerOptions {
    func alias(_ name: String) throws -> JSON {
        let answer = try call(HTTPRequest("GET", path("aliases", name)))
        guard let alias = answer["alias"], alias["revision"]?.integer != nil else {
            Say.line("what answers there doesn't speak Baton's /v1")
            throw ExitCode(ExitCodes.unavailable)
        }
        return alias
    }
}

/// Who moves it, for the history: as others see the run.
struct MoverOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Why, for the history.", valueName: "text")) var reason: String?
    @Option(help: ArgumentHelp("Who does it. (BATON_HOLDER)", valueName: "identity")) var holder: String?

    var members: [JSON.Member] {
        let identity = holder ?? Environment.text("BATON_HOLDER") ?? HolderIdentity.here().text
        return [JSON.Member("holderIdentity", .string(identity))]
            + (reason.map { [JSON.Member("reason", .string($0))] } ?? [])
    }
}

/// What `set` and `rollback` say when it is done.
private func showMove(_ answer: JSON, _ output: OutputFormat?) {
    let alias = answer["alias"] ?? .object([])
    let name = alias["name"]?.string ?? ""
    guard output == nil else {
        return OutputFormat.show(alias, output, names: ["alias/\(name)"]) {
            Listing.aliases([alias], wide: $0, now: wallClock)
        }
    }
    let target = alias["target"]?.string ?? ""
    let before = alias["previous"]?["target"]?.string.map { ", before \($0)" } ?? ""
    let isNew = answer["changed"]?.bool != false
    Say.line(isNew ? "\(name) points at \(target)\(before)" : "\(name) points at \(target) already")
    Say.result("alias/\(name)\n")
}

struct AliasSet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Make an alias, or move it to another marker.",
        discussion: """
            The marker is named by its name, or by a beginning that no other marker's name has. Exit code 77: it \
            isn't what --expect says, or the marker is older than the one that it points at.

            Examples:
              baton alias set latest-workers workers-sha-c804cace
              baton alias set latest-workers workers-sha-c804 --expect workers-sha-1f00 --reason "release 7"
            """)

    @OptionGroup var server: ServerOptions
    @Argument(help: "The alias.") var name: String
    @Argument(help: "The marker, or a beginning of its name.") var marker: String
    @Option(
        help: ArgumentHelp(
            "Only if it points at this marker; absent: only if there is none; revision=N: only if that was its latest move.",
            valueName: "marker"))
    var expect: String?
    @Flag(help: "Even if the marker is older than the one that it points at.") var allowOlder = false
    @OptionGroup var mover: MoverOptions
    @Option(name: [.short, .long], help: "json, yaml, wide or name. (default: name)")
    var output: OutputFormat?

    func validate() throws {
        if let expect, expect.hasPrefix("revision="), expectation(expect) == nil {
            throw ValidationError("--expect revision=N takes a number, and '\(expect)' has none")
        }
    }

    private func expectation(_ text: String) -> JSON? {
        if text == "absent" { return .object(["absent": .bool(true)]) }
        guard text.hasPrefix("revision=") else { return .object(["target": .string(text)]) }
        guard let revision = Int64(text.dropFirst(9)), revision > 0 else { return nil }
        return .object(["revision": .number(revision)])
    }

    func run() throws {
        var members = [JSON.Member("target", .string(try resolved()))] + mover.members
        if let expect = expect.flatMap(expectation) { members.append(.init("expect", expect)) }
        if allowOlder { members.append(.init("allowOlder", .bool(true))) }
        let request = HTTPRequest("PUT", server.path("aliases", name), body: .object(members))
        showMove(try server.call(request, patience: .seconds(10)), output)
    }

    /// The marker's whole name. An alias's is left as it is: the server says why it can't be pointed at.
    private func resolved() throws -> String {
        let answer = try server.call(
            HTTPRequest("GET", server.path("resolve", marker)), patience: .seconds(10))
        if answer["matched"]?.string == "alias" { return marker }
        return answer["marker"]?["name"]?.string ?? marker
    }
}

struct AliasGet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Where an alias points, since when, and who moved it.",
        discussion: """
            With --wait it is shown when it is moved on: exit code 124 if it isn't, 1 if it is deleted.

            Examples:
              baton get marker "$(baton alias get latest-workers --target)" -o json
              baton alias get latest-workers --since 17 --wait 10m --target
            """)

    @OptionGroup var server: ServerOptions
    @Argument(help: "The alias.") var name: String
    @Flag(help: "Only the name of the marker.") var target = false
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Wait for so long until it is there, or moved on.", valueName: "time"),
        transform: DurationArgument.read)
    var wait: DurationArgument?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The revision that is known: wait for a later one.", valueName: "revision"),
        transform: wholeNumber)
    var since: Int64?
    @Option(name: [.short, .long], help: "The format. (default: a table)")
    var output: OutputFormat?

    func validate() throws {
        if since != nil, wait == nil { throw ValidationError("--since is for waiting: give --wait, too") }
        if let since, since < 1 { throw ValidationError("--since must be 1 or more") }
        if target, output != nil { throw ValidationError("--target and --output exclude each other") }
    }

    func run() throws {
        let alias = try wait.map { try waited(until: Moment.now + $0.value) } ?? server.alias(name)
        if target { return Say.result((alias["target"]?.string ?? "") + "\n") }
        OutputFormat.show(alias, output, names: ["alias/\(name)"]) {
            Listing.aliases([alias], wide: $0, now: wallClock)
        }
    }

    private func waited(until deadline: Moment) throws -> JSON {
        while true {
            let left = max(deadline - Moment.now, .zero)
            // Proxies cut silence: so it is asked again and again. What is asked misses nothing.
            let part = "\(Int64(min(left, .seconds(20)).inSeconds.rounded(.up)))s"
            let answer = try server.call(
                HTTPRequest(
                    "GET", server.path("aliases", name),
                    query: ["wait": part, "since": since.map { String($0) }]),
                patience: min(left, .seconds(60)))
            switch answer["outcome"]?.string {
            case "moved"?: return answer["alias"] ?? .object([])
            case "deleted"?:
                Say.line("the alias \(name) was deleted")
                throw ExitCode(1)
            default: break
            }
            if Moment.now >= deadline {
                Say.line("gave up waiting for \(name): --wait is over")
                throw ExitCode(ExitCodes.timedOut)
            }
        }
    }
}

struct AliasList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The aliases of the namespace.")

    @OptionGroup var server: ServerOptions
    @Option(help: ArgumentHelp("Only names that begin so.", valueName: "text")) var prefix: String?
    @Option(name: [.short, .long], help: "The format. (default: a table)")
    var output: OutputFormat?

    func run() throws {
        var query: [String: String] = [:]
        query["prefix"] = prefix
        let items = try server.list(server.path("aliases"), query: query)
        if items.isEmpty, output == nil || output == .wide {
            return Say.line("no aliases in the namespace \(server.namespaceName)")
        }
        OutputFormat.show(
            .object(["items": .array(items)]), output,
            names: items.map { "alias/\($0["name"]?.string ?? "")" }
        ) { Listing.aliases(items, wide: $0, now: wallClock) }
    }
}

struct AliasHistory: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Where an alias pointed, who moved it, when and why.",
        discussion: "Newest first. rollback --to takes the REVISION of a line.")

    @OptionGroup var server: ServerOptions
    @Argument(help: "The alias.") var name: String
    @Option(parsing: .unconditional, help: "At most that many. (default: all)", transform: wholeNumber)
    var limit: Int?
    @Option(name: [.short, .long], help: "The format. (default: a table)")
    var output: OutputFormat?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be 1 or more") }
    }

    func run() throws {
        var moves: [JSON] = []
        var last: Int64?
        while moves.count < limit ?? .max {
            let page = try server.call(
                HTTPRequest(
                    "GET", server.path("aliases", name, "history"),
                    query: [
                        "limit": String(min(100, (limit ?? .max) - moves.count)),
                        "before": last.map { String($0) },
                    ]))
            let items = page["items"]?.array ?? []
            moves += items
            guard let oldest = items.last?["revision"]?.integer, oldest != last else { break }
            last = oldest
        }
        if moves.isEmpty, output == nil || output == .wide {
            return Say.line("the alias \(name) has no history")
        }
        OutputFormat.show(
            .object(["items": .array(moves)]), output,
            names: moves.map { "\(name)/\($0["revision"]?.integer ?? 0)" }
        ) { Listing.aliasMoves(moves, wide: $0) }
    }
}

struct AliasRollback: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Take an alias back to the marker before, or to one of its history.",
        discussion: """
            Twice in a row goes back and forth. Exit code 77: somebody moved it meanwhile.

            Examples:
              baton alias rollback latest-workers --reason "crashes at start"
              baton alias rollback latest-workers --to 42
            """)

    @OptionGroup var server: ServerOptions
    @Argument(help: "The alias.") var name: String
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Where this move of its history had it. (default: the marker before)", valueName: "revision"),
        transform: wholeNumber)
    var to: Int64?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Only if this was its latest move. (default: the one that it has now)", valueName: "revision"),
        transform: wholeNumber)
    var revision: Int64?
    @OptionGroup var mover: MoverOptions
    @Option(name: [.short, .long], help: "json, yaml, wide or name. (default: name)")
    var output: OutputFormat?

    func run() throws {
        let known = try revision ?? server.alias(name)["revision"]?.integer ?? 0
        var members = [JSON.Member("revision", .number(known))] + mover.members
        if let to { members.append(.init("to", .number(to))) }
        let request = HTTPRequest("POST", server.path("aliases", name, "rollback"), body: .object(members))
        showMove(try server.call(request, patience: .seconds(10)), output)
    }
}

struct AliasDelete: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete an alias, as an operator. The marker stays, and so does the alias's history.",
        discussion: "Exit code 77: somebody moved it meanwhile.")

    @OptionGroup var server: ServerOptions
    @Argument(help: "The alias.") var name: String
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Only if this was its latest move. (default: the one that it has now)", valueName: "revision"),
        transform: wholeNumber)
    var revision: Int64?
    @Option(help: ArgumentHelp("Why, for the history.", valueName: "text")) var reason: String?

    func run() throws {
        let known = try revision ?? server.alias(name)["revision"]?.integer ?? 0
        // Not asked again: a second answer would be that it isn't there.
        _ = try server.call(
            HTTPRequest(
                "DELETE", server.path("aliases", name),
                query: ["revision": String(known), "reason": reason]))
        Say.line("the alias \(name) is deleted")
    }
}
