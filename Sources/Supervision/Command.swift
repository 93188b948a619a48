/// What to run. Exactly this: nothing is added to the environment, nothing of
/// baton's own is inherited but the standard streams.
public struct Command: Sendable, Equatable {
    /// The program and its arguments. A program without a slash is looked for in
    /// the `PATH` of `environment`, as env(1) does.
    public var arguments: [String]
    public var environment: [String: String]
    /// nil: baton's own.
    public var workingDirectory: String?

    public init(arguments: [String], environment: [String: String], workingDirectory: String? = nil) {
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
    }
}

extension Command {
    /// The paths to try, in this order. execvp(3): a name with a slash is a path;
    /// an empty piece of PATH is the working directory.
    var candidates: [String] {
        let program = arguments.first ?? ""
        if program.isEmpty || program.utf8.contains(UInt8(ascii: "/")) { return [program] }
        let path = environment["PATH"] ?? "/bin:/usr/bin"
        return path.split(separator: ":", omittingEmptySubsequences: false).map {
            $0.isEmpty ? program : "\($0)/\(program)"
        }
    }

    /// Why this can't be handed to execve(2), which ends strings at a NUL.
    var defect: String? {
        if arguments.isEmpty { return "there is no program to run" }
        let strings = arguments + environment.map { "\($0.key)=\($0.value)" } + [workingDirectory ?? ""]
        if let broken = strings.first(where: { $0.utf8.contains(0) }) {
            return "a NUL in '\(broken.prefix { $0 != "\0" })…'"
        }
        if let name = environment.keys.first(where: { $0.isEmpty || $0.utf8.contains(UInt8(ascii: "=")) }) {
            return "'\(name)' can't be the name of an environment variable"
        }
        return nil
    }

    /// The form in which a command goes to the guardian: strings that end with NUL.
    var image: [UInt8] {
        let variables = environment.map { "\($0.key)=\($0.value)" }.sorted()
        let strings = [workingDirectory ?? "", String(arguments.count)] + arguments + variables
        return strings.flatMap { Array($0.utf8) + [0] }
    }

    init?(image: [UInt8]) {
        var strings = image.split(separator: 0, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard strings.popLast() == "", strings.count >= 2, let count = Int(strings[1]), count > 0,
            strings.count >= 2 + count
        else { return nil }
        let pairs = strings[(2 + count)...].compactMap { variable -> (String, String)? in
            guard let sign = variable.utf8.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            return (
                String(variable[..<sign]), String(variable[variable.utf8.index(after: sign)...])
            )
        }
        self.init(
            arguments: Array(strings[2..<(2 + count)]),
            environment: Dictionary(pairs) { first, _ in first },
            workingDirectory: strings[0].isEmpty ? nil : strings[0])
    }
}
