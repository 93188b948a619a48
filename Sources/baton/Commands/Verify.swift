import ArgumentParser
import Client
import Digest
import JSON

/// `baton verify`: is this file what its marker says?
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Is this file what its done marker says? Exit code 0 yes, 79 no.",
        discussion: """
            The size is compared first: a truncated download is found without hashing it. 78 says that there \
            is no such marker or artifact, 66 that the file can't be read, 76 that the work has failed. Of \
            several files the first of 79, 78 and 66 that applies.

            Without a name for it, FILE is the marker's only artifact, or the one that is called as it is.

            Examples:
              baton verify image-4711 image.tar || download-again
              baton verify image-4711 image=image.tar sbom=sbom.json
              baton verify image-4711 --artifact image 'a=b.tar'
            """)

    @OptionGroup var server: ServerOptions
    @Argument(help: "The marker, or the base of its name.") var name: String
    @Argument(help: ArgumentHelp("FILE, or NAME=FILE for each of several.", valueName: "file"))
    var files: [String]

    @Option(help: ArgumentHelp("What the work depended on; repeat it.", valueName: "text"))
    var input: [String] = []

    @Option(help: ArgumentHelp("Which artifact the one FILE is.", valueName: "name"))
    var artifact: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "For how long a server that can't be reached is asked again. (default: \(DurationArgument(.seconds(30))))",
            valueName: "time"),
        transform: DurationArgument.read)
    var unreachableTimeout = DurationArgument(.seconds(30))

    @Option(name: [.short, .long], help: "json or yaml. (default: a line for each file)")
    var output: OutputFormat?

    func validate() throws { _ = try pairs() }

    /// Files and what they are to be.
    private func pairs() throws -> [(artifact: String?, path: String)] {
        if artifact != nil || (files.count == 1 && !files[0].contains("=")) {
            guard files.count == 1 else {
                throw ValidationError("--artifact names one file; give several as NAME=FILE")
            }
            return [(artifact, files[0])]
        }
        return try files.map { text in
            do throws(ArtifactArgument.Malformed) {
                let pair = try ArtifactArgument.split(text)
                return (pair.name, pair.value)
            } catch { throw ValidationError(error.text) }
        }
    }

    private var markerName: String {
        get throws {
            do throws(NameError) {
                if !input.isEmpty { return try DerivedName.derive(name, InputsDigest(input)) }
                try DerivedName.check(name)
                return name
            } catch { throw ValidationError(error.description) }
        }
    }

    func run() throws {
        let answer = try server.call(
            HTTPRequest("GET", server.path("markers", try markerName)), patience: unreachableTimeout.value
        ) { $0.kind == "not-found" ? ExitCodes.noMarker : ExitCodes.of($0) }
        guard let marker = Marker(answer["marker"] ?? answer) else {
            Say.line("what answers there has no such marker")
            throw ExitCode(ExitCodes.noMarker)
        }
        guard marker.succeeded else {
            Say.line("\(marker.name) has failed: \(marker.reason ?? "no reason was given")")
            throw ExitCode(ExitCodes.failedElsewhere)
        }
        let checks = try pairs().map { FileCheck($0.path, as: $0.artifact, in: marker) }
        show(checks, marker)
        let codes = Set(checks.map(\.exitCode))
        let worst = [ExitCodes.differs, ExitCodes.noMarker, ExitCodes.noInput].first(where: codes.contains)
        if let worst { throw ExitCode(worst) }
    }

    private func show(_ checks: [FileCheck], _ marker: Marker) {
        let isPlain = output == nil || output == .wide
        for check in checks {
            if check.verdict != .matches {
                Say.line(check.text)
            } else if isPlain {
                Say.result(check.text + "\n")
            }
        }
        if isPlain { return }
        let whole = JSON.object([
            "marker": .string(marker.name), "revision": .number(marker.revision),
            "matches": .bool(checks.allSatisfy { $0.verdict == .matches }),
            "files": .array(checks.map(\.json)),
        ])
        OutputFormat.show(whole, output, names: ["marker/\(marker.name)"]) { _ in Table([], rows: []) }
    }
}
