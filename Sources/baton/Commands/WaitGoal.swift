import ArgumentParser
import Client
import JSON

/// What `baton wait` waits for.
enum WaitGoal: Equatable {
    case markers(any: Bool)
    /// So many markers with these labels.
    case selected(String, count: Int)
    case idle, drained
    case quiet(Duration)
    case phase(String, holder: String?)

    /// The request, and what the first answer named of it: so that nothing is missed between two.
    func request(
        _ server: ServerOptions, _ names: [String], left: String, carrying carried: [String: String]
    ) -> HTTPRequest {
        switch self {
        case .markers(let any):
            var request = HTTPRequest(
                "GET", server.path("markers"), query: ["require": any ? "any" : "all", "wait": left],
                streams: true)
            for name in names { request.addQuery("name", name) }
            return request
        case .selected(let selector, let count):
            return HTTPRequest(
                "GET", server.path("markers"),
                query: ["selector": selector, "count": String(count), "wait": left], streams: true)
        case .idle: return condition(server, names, "idle", ["wait": left])
        case .drained:
            return condition(server, names, "drained", ["drained": carried["drained"], "wait": left])
        case .quiet(let duration):
            return condition(
                server, names, "quiet", ["quiet": "\(duration.inSeconds)", "wait": left])
        case .phase(let phase, let holder):
            return condition(
                server, names, "phase",
                ["phase": phase, "holder": holder, "since": carried["since"], "wait": left])
        }
    }

    private func condition(
        _ server: ServerOptions, _ names: [String], _ condition: String,
        _ query: KeyValuePairs<String, String?>
    ) -> HTTPRequest {
        var request = HTTPRequest("GET", server.path("leases", names[0], "wait"), query: query, streams: true)
        request.addQuery("condition", condition)
        return request
    }

    /// `images is drained`: when it is so, and what one waits for.
    func sentence(_ names: [String]) -> String {
        let all = names.joined(separator: ", ")
        return switch self {
        case .markers(_) where names.count == 1: "\(all) is done"
        case .markers(let any): any ? "one of \(all) is done" : "\(all) are done"
        case .selected(let selector, let count):
            count == 1 ? "a marker with \(selector) is done" : "\(count) markers with \(selector) are done"
        case .idle: "nobody holds \(all)"
        case .drained: "the holds of \(all) have ended"
        case .quiet(let duration): "\(all) was quiet for \(DurationText.show(duration))"
        case .phase(let phase, let holder): "\(holder ?? "a holder") of \(all) is \(phase)"
        }
    }
}

/// The flags that say it.
struct GoalOptions: ParsableArguments {
    @Flag(help: "The work is done: markers say so. (the default)") var done = false
    @Flag(help: "All of the markers. (the default)") var all = false
    @Flag(help: "One of them is enough.") var any = false
    @Option(
        name: [.customShort("l"), .long],
        help: ArgumentHelp("Markers with these labels.", valueName: "selector"))
    var selector: String?
    @Option(
        parsing: .unconditional, help: ArgumentHelp("So many of them. (default: 1)", valueName: "number"),
        transform: wholeNumber) var count: Int?
    @Flag(help: "Nobody holds the name.") var idle = false
    @Flag(help: "Every hold that there is now has ended; new ones don't matter.") var drained = false
    @Option(
        parsing: .unconditional, help: ArgumentHelp("No hold began or ended for so long.", valueName: "time"),
        transform: DurationArgument.read)
    var quiet: DurationArgument?
    @Option(help: ArgumentHelp("A hold is in this phase, or has passed it.", valueName: "phase"))
    var phase: String?
    @Option(help: ArgumentHelp("The hold of this holder.", valueName: "identity")) var holder: String?

    func goal(_ names: [String]) throws -> WaitGoal {
        let conditions = [idle, drained, quiet != nil, phase != nil].count { $0 }
        let isMarkers = done || all || any || selector != nil || count != nil
        guard conditions < 2, !(conditions == 1 && isMarkers) else {
            throw ValidationError(
                "one thing at a time: --done (with --all, --any, or -l and --count), --idle, --drained, --quiet or "
                    + "--phase")
        }
        if holder != nil, phase == nil { throw ValidationError("--holder is for --phase") }
        if conditions == 1 { return try condition(names) }
        if all, any { throw ValidationError("--all and --any contradict each other") }
        guard let selector else {
            if count != nil { throw ValidationError("--count is for -l") }
            if names.isEmpty { throw ValidationError("nothing to wait for: give the markers' names, or -l") }
            return .markers(any: any)
        }
        if selector.utf8.allSatisfy({ $0 == UInt8(ascii: " ") }) {
            throw ValidationError("-l needs labels, such as build=7: it was given '\(selector)'")
        }
        guard names.isEmpty, !any, !all else {
            throw ValidationError(
                "-l stands for the names: with it there are none, and neither --all nor --any")
        }
        guard (1...1_000).contains(count ?? 1) else {
            throw ValidationError("--count \(count ?? 1) is out of range: 1 to 1000 is expected")
        }
        return .selected(selector, count: count ?? 1)
    }

    private func condition(_ names: [String]) throws -> WaitGoal {
        guard names.count == 1 else { throw ValidationError("one name is expected: a lease's") }
        if idle { return .idle }
        if drained { return .drained }
        if let quiet {
            guard (Duration.milliseconds(1)...(.seconds(30 * 86_400))).contains(quiet.value) else {
                throw ValidationError("--quiet \(quiet) is out of range: 1ms to 30d is expected")
            }
            return .quiet(quiet.value)
        }
        guard let phase, !phase.isEmpty else { throw ValidationError("--phase needs a phase's name") }
        return .phase(phase, holder: holder)
    }
}
