import ArgumentParser
import Daemon
import Glibc
import Logging
import ServiceManager

/// The daemon's command line.
struct BatondCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batond",
        abstract: "Keeps leases and done markers, and elects who does the work.",
        discussion: """
            EXAMPLES
              batond --listen 127.0.0.1:7979 --data /var/lib/baton
              batond --config /etc/baton/batond.yaml --set log.level=debug
              batond backup --data /var/lib/baton /backups/baton.db     while it runs
              batond restore --data /var/lib/baton /backups/baton.db    while it doesn't
              batond token create --identity ci-op --role runner --namespace 'ci-op-*'
            """,
        version: batonVersion,
        subcommands: [
            ServeCommand.self, BackupCommand.self, RestoreCommand.self, TokenCommand.self,
        ],
        defaultSubcommand: ServeCommand.self)
}

/// What every subcommand is told of where the data is.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The configuration file; config/batond.yaml explains each setting.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The directory with the data.", valueName: "dir"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "Any setting, by its key in the file; may be given several times.", valueName: "key=value"))
    var set: [String] = []

    /// Read anew each time: file, environment and flags. Who doesn't serve takes the listeners as they are.
    func load(
        listen: [String] = [], environment: [String: String] = Environment.all(), isTLSGiven: Bool = true
    ) throws -> Configuration {
        var overrides: [(key: String, value: String)] = []
        if let data { overrides.append(("data", data)) }
        if !listen.isEmpty { overrides.append(("listen", listen.joined(separator: ","))) }
        for text in set {
            guard let equals = text.firstIndex(of: "=") else {
                throw ValidationError("--set \(text): KEY=VALUE is expected")
            }
            overrides.append((String(text[..<equals]), String(text[text.index(after: equals)...])))
        }
        let path = config ?? environment["BATOND_CONFIG"]
        let file = try path.map { (text: try Environment.read($0), path: $0) }
        return try ConfigurationSources(
            file: file, environment: environment, overrides: overrides, isTLSGiven: isTLSGiven
        ).configuration()
    }
}

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "serve", abstract: "Serve (the default).")

    @Option(
        help: ArgumentHelp(
            "Where to listen: HOST:PORT, [V6]:PORT or unix:PATH; may be given several times.",
            valueName: "address"))
    var listen: [String] = []

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let environment = Environment.all()
        let manager = try ServiceManager.take(environment)
        let isTLSGiven = manager.sockets.contains(where: \.wantsTLS)
        let load = {
            try options.load(listen: listen, environment: environment, isTLSGiven: isTLSGiven)
        }
        let configuration = try load()
        let style = LogStyle(configuration)
        LoggingSystem.bootstrap { _ in LineLog(style) }
        let log = Logger(label: "batond")
        do {
            let daemon = try Daemon(
                configuration, manager: manager, log: log, style: style, reread: load)
            let endedWell = try daemon.run()
            // Its loop may still be in a round: nothing of it goes before the process does.
            withExtendedLifetime(daemon) { Glibc.exit(endedWell ? 0 : 1) }
        } catch {
            log.critical("batond can't start", metadata: ["reason": "\(error)"])
            throw ExitCode(1)
        }
    }
}
