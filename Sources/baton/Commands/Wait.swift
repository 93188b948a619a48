import ArgumentParser
import Client
import Glibc
import JSON

/// `baton wait`: for markers, or for how a name is held, without contending.
struct Wait: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Wait until work is done by others, or until nobody is at it, without contending.",
        discussion: """
            For markers (--done): waits for all of them (or --any), fails as soon as one has failed (76), and \
            prints the results as key=value lines, for several markers with the name before each key. When a \
            hold ends without a marker and nobody contends for the work, nobody is doing it: exit code 1, \
            unless --keep-waiting.

            For how a name is held: --idle, --drained, --quiet or --phase. None of these is a lock: when it is \
            told, it may be over. After a restart of the server --quiet waits longer, never shorter.

            Exit codes: 0 it is so; 76 a marker has failed; 1 nobody does it, or it was deleted; 124 --timeout \
            is over; 69 the server can't be reached.

            Examples:
              baton wait release-import-1f2e3d4c5b6a --timeout 30m
              baton wait image-amd64 image-arm64 && ./merge.sh
              baton wait --done -l build=4711 --count 40
              baton wait images --drained --timeout 1h && ./annotate.sh
              baton wait images --phase pushed --holder "$PUBLISHER"
            """)

    @OptionGroup var server: ServerOptions
    @Argument(help: "The markers, or the lease.") var names: [String] = []
    @OptionGroup(title: "What for") var goals: GoalOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Give up after that long: exit code 124.", valueName: "time"),
        transform: DurationArgument.read)
    var timeout: DurationArgument?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "For how long a server that can't be reached is asked again. (default: \(DurationArgument(RunSettings().unreachableTimeout)))",
            valueName: "time"),
        transform: DurationArgument.read)
    var unreachableTimeout = DurationArgument(RunSettings().unreachableTimeout)

    @Flag(help: "Wait on when nobody does the work, or when it is deleted.")
    var keepWaiting = false

    @Option(name: [.short, .long], help: "json or yaml. (default: key=value lines)")
    var output: OutputFormat?

    func validate() throws { _ = try goals.goal(names) }

    func run() throws {
        let goal = try goals.goal(names)
        let progress = Progress(lease: names.joined(separator: ", "))
        var carried: [String: String] = [:]
        let stream = WaitStream(
            transport: server.transport(), timeout: timeout?.value,
            patience: unreachableTimeout.value)
        do {
            try stream.listen(
                { goal.request(server, names, left: $0, carrying: carried) },
                heard: { line in
                    for name in ["drained", "since"] {
                        if let number = line[name]?.integer { carried[name] = String(number) }
                    }
                    guard line["type"]?.string == "waiting" else { return }
                    progress.show(.waiting(Waiting(line, until: goal.sentence(names))), at: .now)
                },
                tick: {
                    progress.tick(at: .now)
                    return progress.wakeAt
                }, judge: { try judge($0, goal, progress) })
        } catch WaitStream.End.timedOut {
            progress.clear()
            Say.line("gave up waiting until \(goal.sentence(names)): --timeout is over")
            throw ExitCode(ExitCodes.timedOut)
        } catch WaitStream.End.unavailable(let why) {
            progress.clear()
            Say.line("gave up: \(why)")
            throw ExitCode(ExitCodes.unavailable)
        }
    }

    /// True when it is over.
    private func judge(_ response: HTTPResponse, _ goal: WaitGoal, _ progress: Progress) throws -> Bool {
        guard response.status < 300, let json = response.json else {
            progress.clear()
            let problem = Problem(status: response.status, response.json)
            Say.line(problem.text)
            throw ExitCode(ExitCodes.of(problem))
        }
        let outcome = json["outcome"]?.string
        if outcome == "waiting" { return false }
        progress.clear()
        let about = json["about"]?.string ?? names.joined(separator: ", ")
        switch outcome {
        case "done":
            show(json)
            return true
        case "met":
            if output == nil { Say.line(goal.sentence(names)) } else { show(json) }
            return true
        case "failed":
            let marker = json["markers"]?.array?.first { $0["outcome"]?.string == "Failed" }
            let name = json["about"]?.string ?? marker?["name"]?.string ?? about
            Say.line("\(name) has failed: \(marker?["reason"]?.string ?? "no reason was given")")
            throw ExitCode(ExitCodes.failedElsewhere)
        case let end? where end == "orphaned" || end == "deleted":
            if keepWaiting {
                poll(nil, 0, 1_000)
                return false
            }
            Say.line(Self.end(end, json, goal, about))
            throw ExitCode(1)
        default: return false
        }
    }

    private static func end(_ end: String, _ json: JSON, _ goal: WaitGoal, _ about: String) -> String {
        let last = json["last"]?["end"]?.string ?? json["hold"]?["end"]?.string
        let how = last.map { ": the last hold ended as \($0)" } ?? ""
        switch (end, goal) {
        case ("orphaned", .phase(let phase, let holder)):
            return "\(holder ?? "the holder") of \(about) has ended without being \(phase)\(how)"
        case ("orphaned", _): return "nobody is doing \(about)\(how). Run it, or wait on with --keep-waiting"
        case (_, .markers): return "the marker of \(about) was deleted"
        default: return "the namespace of \(about) is being deleted"
        }
    }

    private func show(_ json: JSON) {
        // The type is the line's, not the answer's.
        let json = JSON.object((json.members ?? []).filter { $0.name != "type" })
        switch output {
        case .json?: return Say.result(json.prettyText + "\n")
        case .yaml?: return Say.result(YAML.text(json))
        default: break
        }
        let markers = (json["markers"]?.array ?? []).compactMap { Marker($0) }
        for marker in markers {
            let isAlone = names.count == 1
            let named = marker.result.map { key, value in (isAlone ? key : "\(marker.name).\(key)", value) }
            Say.result(ResultFile.text(Dictionary(uniqueKeysWithValues: named)))
        }
    }
}
