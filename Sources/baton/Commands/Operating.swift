import ArgumentParser
import Client
import Digest
import JSON

/// `baton revoke`: an operator ends a hold.
struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "End somebody's hold, as an operator.",
        discussion: """
            It names the token, so that it can't hit a later hold. The holder's command is stopped at its \
            next renewal.

            Example:
              baton revoke deploy-prod --token 17 --reason "the runner is stuck"
            """)

    @OptionGroup var server: ServerOptions
    @Argument(help: "The lease.") var name: String
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The token of the hold to end: see get leases.", valueName: "number"),
        transform: wholeNumber)
    var token: Int64
    @Option(help: ArgumentHelp("Why. The holder and the next one are told.", valueName: "text")) var reason:
        String

    func run() throws {
        let body = JSON.object(["fencingToken": .number(token), "reason": .string(reason)])
        let request = HTTPRequest("POST", server.path("leases", name, "revoke"), body: body)
        let hold = try server.call(request, patience: .seconds(10))["hold"]
        Say.line("\(name): the hold of \(hold?["holderIdentity"]?.string ?? "token \(token)") is revoked")
    }
}

/// `baton mark`: a marker for work that needed no election.
struct Mark: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a done marker for work that needed no election.",
        discussion: """
            A marker never changes: the same one again is a success, a different one an error that says what \
            differs (exit code 79).

            Example:
              baton mark image-amd64 --result digest=sha256:… --artifact sbom=sbom.json
              baton mark image-arm64 --artifact image=sha256:…,73400320
            """)

    @OptionGroup var server: ServerOptions
    @Argument(help: "The name of the marker, or the base of the name.") var name: String
    @Option(help: ArgumentHelp("What the work depended on; repeat it.", valueName: "text")) var input:
        [String] = []
    @OptionGroup var finding: FindingOptions
    @Option(help: ArgumentHelp("Who did it. (BATON_HOLDER)", valueName: "identity")) var holder: String?
    @Option(help: ArgumentHelp("A fact for the others to see; repeat it.", valueName: "key=value"))
    var info: [PairArgument] = []

    func run() throws {
        let identity = HolderIdentity.here()
        let digest = input.isEmpty ? nil : InputsDigest(input)
        let marker: String
        do throws(NameError) {
            try DerivedName.check(name)
            marker =
                try digest.map { digest throws(NameError) in try DerivedName.derive(name, digest) } ?? name
        } catch { throw ValidationError(error.description) }
        let facts = identity.info.merging(PairArgument.map(info)) { $1 }
        var members = [
            JSON.Member(
                "holderIdentity", .string(holder ?? Environment.text("BATON_HOLDER") ?? identity.text))
        ]
        members += try finding.members()
        if let digest { members.append(.init("inputsDigest", .string(digest.description))) }
        if !facts.isEmpty { members.append(.init("info", .strings(facts))) }
        let request = HTTPRequest("PUT", server.path("markers", marker), body: .object(members))
        _ = try server.call(request, patience: .seconds(10))
        Say.result("marker/\(marker)\n")
    }
}

/// `baton key`: the name that `run` derives, without asking any server.
struct Key: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the name that run derives from inputs, and their digest.",
        discussion: """
            One line: the name, a space, the digest. It asks no server.

            Examples:
              read -r name digest < <(baton key release-import --input "$PULLSPEC")
              baton wait "$(baton key release-import --input "$PULLSPEC" -o name)"
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case name, digest, json }

    @Argument(help: "The base of the name.") var name: String
    @Option(help: ArgumentHelp("What the work depends on; repeat it.", valueName: "text")) var input:
        [String] = []
    @Option(name: [.short, .long], help: "Only one of them, or both as JSON.") var output: Format?

    func validate() throws {
        if input.isEmpty { throw ValidationError("there is nothing to derive from: give --input") }
        do throws(NameError) { try DerivedName.check(name) } catch {
            throw ValidationError(error.description)
        }
    }

    func run() throws {
        let digest = InputsDigest(input)
        let derived = try DerivedName.derive(name, digest)
        switch output {
        case .name?: Say.result("\(derived)\n")
        case .digest?: Say.result("\(digest)\n")
        case .json?:
            let both = JSON.object(["name": .string(derived), "digest": .string(digest.description)])
            Say.result(both.prettyText + "\n")
        case nil: Say.result("\(derived) \(digest)\n")
        }
    }
}

/// `baton version`.
struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the version, and the server's if it answers.")

    @OptionGroup var server: ServerOptions

    @Flag(help: "Don't ask the server.")
    var client = false

    func run() throws {
        Say.result("baton \(Baton.version)\n")
        if client { return }
        let status = HTTPRequest("GET", ["status"])
        let answer = try? server.transport().perform(status, timeout: .seconds(2))
        let version = answer?.json?["version"]?.string
        Say.result("batond \(version ?? "(no answer from \(server.endpoint.shown))")\n")
    }
}

/// `baton completions`.
struct Completions: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a completion script for a shell.",
        discussion: """
            Examples:
              baton completions bash > /etc/bash_completion.d/baton
              baton completions zsh > "${fpath[1]}/_baton"
              baton completions fish > ~/.config/fish/completions/baton.fish
            """)

    enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish }

    @Argument(help: "bash, zsh or fish.") var shell: Shell

    func run() throws {
        let kind: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        Say.result(Baton.completionScript(for: kind) + "\n")
    }
}
