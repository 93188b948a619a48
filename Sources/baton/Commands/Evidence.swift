import ArgumentParser
import Client
import Glibc
import JSON

/// `baton overlaps`: which holds of one name were there at the same time.
struct Overlaps: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Holds of one name that were there at the same time; exit code 1 if there are any.",
        discussion: """
            An election keeps exclusive holds apart. What overlaps is what was not elected: runs with \
            --observe, and what Kubernetes clients wrote. Shared holds and permits are meant to overlap \
            with each other: they are listed with --include-shared only.

            Writes with a token whose hold was over are listed below, on standard error.

            Examples:
              baton overlaps deploy-prod --since 24h
              baton overlaps --since 7d -o json
            """)

    @OptionGroup var server: ServerOptions

    @Argument(help: "Of this name only; without it, of every name in the namespace.")
    var name: String?

    @OptionGroup var window: WindowOptions

    @Flag(help: "Those that are meant to hold together, too.")
    var includeShared = false

    @Option(
        parsing: .unconditional, help: "At most that many pairs, the latest. (default: all)",
        transform: wholeNumber)
    var limit: Int?

    @Option(name: [.short, .long], help: "The format. (default: a table)")
    var output: OutputFormat?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be 1 or more") }
    }

    func run() throws {
        let found = try found()
        let items = found["items"]?.array ?? []
        let stale = found["staleWrites"]?.array ?? []
        let isTable = output == nil || output == .wide
        if items.isEmpty, isTable {
            Say.line("nothing overlapped since \(found["since"]?.string ?? "then")")
        } else {
            OutputFormat.show(
                found, output,
                names: items.flatMap { $0["holds"]?.array ?? [] }.map {
                    "hold/\($0["fencingToken"]?.integer ?? 0)"
                }
            ) { Listing.overlaps(items, wide: $0) }
        }
        if isTable {
            for write in stale { Say.line(Listing.staleWrite(write)) }
            if found["truncated"]?.bool == true {
                Say.line("there is more than could be looked at: narrow the time")
            }
        }
        if !items.isEmpty { throw ExitCode(1) }
    }

    /// All parts as one. The later ones are asked for the same time as the first.
    private func found() throws -> JSON {
        let path = name.map { server.path("leases", $0, "overlaps") } ?? server.path("overlaps")
        var query = window.query
        query["includeShared"] = includeShared ? "true" : nil
        query["limit"] = limit.map { String(min($0, 1000)) }
        return try server.whole(path, query, limit: limit)
    }
}

/// `baton report`: what became of each name.
struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What became of each name: holds, waits, failures, work that wasn't done twice.",
        discussion: """
            AVOIDED is the time of the holds whose result others waited for and got, once for each of them. \
            WOULD-OVERLAP is of runs with --observe.

            Examples:
              baton report --since 7d
              baton report --since 24h -o yaml
            """)

    @OptionGroup var server: ServerOptions
    @OptionGroup var window: WindowOptions

    @Option(name: [.short, .long], help: "The format. (default: a table)")
    var output: OutputFormat?

    func run() throws {
        var query = window.query
        query["since"] = query["since"] ?? "7d"
        let found = try server.whole(server.path("report"), query, limit: nil)
        let items = found["items"]?.array ?? []
        if items.isEmpty, output == nil || output == .wide {
            return Say.line("nothing happened since \(found["since"]?.string ?? "then")")
        }
        OutputFormat.show(found, output, names: items.map { "lease/\($0["name"]?.string ?? "")" }) {
            Listing.report(items, wide: $0)
        }
    }
}

struct WindowOptions: ParsableArguments {
    @Option(
        parsing: .unconditional, help: ArgumentHelp("From then on: a duration, or a time.", valueName: "24h"))
    var since: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("Up to then. (default: now)", valueName: "1h"))
    var until: String?

    var query: [String: String] {
        var query: [String: String] = [:]
        query["since"] = since
        query["until"] = until
        return query
    }
}

extension ServerOptions {
    /// A history may be long, and the server goes over it when it has time.
    private static let searchTime = Duration.seconds(120)

    /// All parts of an answer as one: the figures of the first, and the items of all.
    fileprivate func whole(_ path: [String], _ query: [String: String], limit: Int?) throws -> JSON {
        var query = query
        var first: JSON?
        var items: [JSON] = []
        var next: String?
        repeat {
            query["continue"] = next
            let part = try call(
                HTTPRequest(
                    "GET", path,
                    query: [
                        "since": query["since"], "until": query["until"],
                        "includeShared": query["includeShared"], "limit": query["limit"],
                        "continue": query["continue"],
                    ]), timeout: Self.searchTime)
            if first == nil {
                first = part
                query["since"] = part["since"]?.string
                query["until"] = part["until"]?.string
            }
            items += part["items"]?.array ?? []
            next = part["continue"]?.string
        } while next != nil && items.count < limit ?? .max
        let members = first?.members ?? []
        return .object(
            members.filter { $0.name != "continue" }.map { member in
                member.name == "items"
                    ? .init("items", .array(Array(items.prefix(limit ?? .max)))) : member
            })
    }
}
