import ArgumentParser
import Glibc
import Identity

struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make tokens for auth.tokensFile.",
        subcommands: [TokenCreateCommand.self])
}

struct TokenCreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a token: prints its secret, then the line for the file.",
        discussion: """
            The secret is printed once and kept nowhere. The line has its SHA-256 only: append it to the file \
            that auth.tokensFile names, and send batond SIGHUP.

            EXAMPLE
              batond token create --identity ci-op --role runner --namespace 'ci-op-*'
            """)

    @Option(help: "Who will have it; holds and markers carry this name. May have several tokens.")
    var identity: String

    @Option(help: ArgumentHelp("viewer, runner or admin.", valueName: "role"))
    var role: String

    @Option(
        help: ArgumentHelp(
            "A namespace, or a pattern with *; may be given several times.", valueName: "pattern"))
    var namespace: [String]

    func run() throws {
        guard TokenFile.isIdentity(identity) else {
            throw ValidationError("--identity \(identity): it is \(TokenFile.identityRule)")
        }
        guard let role = Role(rawValue: role) else {
            throw ValidationError("--role \(role): is not one of \(TokenFile.roleRule)")
        }
        var namespaces: [Glob] = []
        for pattern in namespace {
            guard let glob = Glob(pattern) else {
                throw ValidationError("--namespace \(pattern): they are \(TokenFile.namespacesRule)")
            }
            if !namespaces.contains(glob) { namespaces.append(glob) }
        }
        guard !namespaces.isEmpty else {
            throw ValidationError("--namespace: at least one is needed; '*' is all of them")
        }
        var generator = SystemRandomNumberGenerator()
        let secret = Secret.make(from: &generator)
        let principal = Principal(identity: identity, role: role, namespaces: namespaces)
        print(secret)
        print(TokenFile.line(TokenTable.Entry(digest: TokenDigest(of: secret), principal: principal)))
        let hint = "The first line is the secret, shown only now. The second is for the file.\n"
        _ = write(2, hint, hint.utf8.count)
    }
}
