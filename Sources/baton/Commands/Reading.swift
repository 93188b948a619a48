import ArgumentParser
import Client
import Glibc
import JSON

/// `baton get`: leases and markers, as kubectl users expect it.
struct Get: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List leases or markers.",
        discussion: """
            A marker is found by its name, by an alias, or by a beginning that no other marker's name has.

            Examples:
              baton get leases
              baton get leases --held -o wide
              baton get marker release-import-1f2e3d4c5b6a -o yaml
              baton get markers --prefix release- -o name
            """)

    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case leases, lease, markers, marker
        static var allValueStrings: [String] { ["leases", "markers"] }
        var isLease: Bool { self == .leases || self == .lease }
        var collection: String { isLease ? "leases" : "markers" }
        /// A marker is found by an alias and by a beginning of its name, too.
        var lookup: String { isLease ? "leases" : "resolve" }
        var singular: String { isLease ? "lease" : "marker" }
        /// A lease is answered as it is; a marker comes with what its wait came to.
        func record(in answer: JSON) -> JSON { isLease ? answer : answer["marker"] ?? answer }
    }

    @OptionGroup var server: ServerOptions
    @Argument(help: "leases or markers.") var kind: Kind
    @Argument(help: "Only these.") var names: [String] = []

    @Option(help: ArgumentHelp("Only names that begin so.", valueName: "text"))
    var prefix: String?

    @Flag(help: "Only leases that are held.")
    var held = false

    @Option(name: [.short, .long], help: "The format. (default: a table)")
    var output: OutputFormat?

    func run() throws {
        var code: Int32 = 0
        var items: [JSON] = []
        if names.isEmpty {
            var query: [String: String] = [:]
            query["prefix"] = prefix
            query["held"] = held ? "true" : nil
            items = try server.list(server.path(kind.collection), query: query)
        }
        // As kubectl: what is there is shown, and what isn't there is an error.
        for name in names {
            do { items.append(try one(name)) } catch let error as ExitCode {
                code = max(code, error.rawValue)
            }
        }
        show(items)
        if code != 0 { throw ExitCode(code) }
    }

    private func one(_ name: String) throws -> JSON {
        kind.record(in: try server.call(HTTPRequest("GET", server.path(kind.lookup, name))))
    }

    private func show(_ items: [JSON]) {
        if items.isEmpty, output == nil || output == .wide {
            guard names.isEmpty else { return }
            return Say.line("no \(kind.collection) in the namespace \(server.namespaceName)")
        }
        let whole = names.count == 1 && items.count == 1 ? items[0] : .object(["items": .array(items)])
        OutputFormat.show(
            whole, output, names: items.map { "\(kind.singular)/\($0["name"]?.string ?? "")" }
        ) { wide in
            kind.isLease
                ? Listing.leases(items, wide: wide, now: wallClock)
                : Listing.markers(items, wide: wide, now: wallClock)
        }
    }
}

/// `baton describe`: one record, and what happened to it.
struct Describe: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show all of one lease or marker, and its last holds.",
        discussion: """
            Examples:
              baton describe lease deploy-prod
              baton describe marker release-import-1f2e3d4c5b6a
            """)

    @OptionGroup var server: ServerOptions
    @Argument(help: "lease or marker.") var kind: Get.Kind
    @Argument var name: String

    func run() throws {
        let answer = try server.call(HTTPRequest("GET", server.path(kind.lookup, name)))
        let record = kind.record(in: answer)
        let name = record["name"]?.string ?? name
        Say.result(Listing.description(record))
        // A marker that was put has no lease, and no holds.
        let history = HTTPRequest("GET", server.path("leases", name, "history"), query: ["limit": "10"])
        guard let response = try? server.transport().perform(history, timeout: RunSettings.requestTimeout),
            response.status < 300, let holds = response.json?["items"]?.array, !holds.isEmpty
        else { return }
        Say.result("Last holds:\n" + Listing.holds(holds, wide: false).text)
    }
}

/// `baton history`: who held what, when, and why it ended.
struct History: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Who held it, when, and why it ended; of one lease or of the namespace.",
        discussion: """
            Newest first. Examples:
              baton history deploy-prod
              baton history --limit 20 -o wide
            """)

    @OptionGroup var server: ServerOptions
    @Argument(help: "A lease; without one, all of the namespace.") var name: String?

    @Option(parsing: .unconditional, help: "At most that many. (default: all)", transform: wholeNumber)
    var limit: Int?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Only holds with a smaller token.", valueName: "token"),
        transform: wholeNumber)
    var before: Int64?

    @Option(name: [.short, .long], help: "The format. (default: a table)")
    var output: OutputFormat?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be 1 or more") }
    }

    func run() throws {
        let path = name.map { server.path("leases", $0, "history") } ?? server.path("history")
        var holds: [JSON] = []
        var last = before
        while holds.count < limit ?? .max {
            let page = try server.call(
                HTTPRequest(
                    "GET", path,
                    query: [
                        "limit": String(min(100, (limit ?? .max) - holds.count)),
                        "before": last.map { String($0) },
                    ]))
            let items = page["items"]?.array ?? []
            holds += items
            guard let oldest = items.last?["fencingToken"]?.integer, oldest != last else { break }
            last = oldest
        }
        if holds.isEmpty, output == nil || output == .wide { return Say.line("nobody has held it yet") }
        OutputFormat.show(
            .object(["items": .array(holds)]), output,
            names: holds.map { "\($0["name"]?.string ?? "")/\($0["fencingToken"]?.integer ?? 0)" }
        ) { Listing.holds(holds, wide: $0) }
    }
}

/// `baton status`: how the server is.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "How the server is. Exit code 0 ready, 1 not ready, 69 no answer.",
        discussion: """
            Examples:
              baton status
              baton status -o json
            """)

    @OptionGroup var server: ServerOptions

    @Option(name: [.short, .long], help: "json or yaml. (default: for people)")
    var output: OutputFormat?

    func run() throws {
        let answer = try server.call(HTTPRequest("GET", ["status"]))
        switch output {
        case .json?: Say.result(answer.prettyText + "\n")
        case .yaml?: Say.result(YAML.text(answer))
        default: Say.result("Server: \(server.endpoint.shown)\n" + Listing.description(answer))
        }
        if answer["ready"]?.bool == false { throw ExitCode(1) }
    }
}

/// `baton quota`: what a namespace has of what it may have.
struct Quota: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What the namespace has, and what it may have.",
        discussion: """
            Markers that holds under way may still leave are reserved, and count.

            Examples:
              baton quota -n ci
              baton quota -o json
            """)

    @OptionGroup var server: ServerOptions

    @Option(name: [.short, .long], help: "json or yaml. (default: a table)")
    var output: OutputFormat?

    func run() throws {
        let answer = try server.call(HTTPRequest("GET", ["namespaces", server.namespaceName]))
        OutputFormat.show(answer, output, names: [server.namespaceName]) { _ in Listing.quota(answer) }
    }
}
