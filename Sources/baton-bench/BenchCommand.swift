import ArgumentParser
import Glibc

struct BenchOptions: ParsableArguments {
    @Option(help: "Seconds for each figure that is measured over time.")
    var seconds = 5.0

    @Option(help: ArgumentHelp("Only these figures, by name, with commas between.", valueName: "names"))
    var only: String?

    @Option(
        name: .customLong("clients"),
        help: ArgumentHelp("How many clients once and lock play, with commas between.", valueName: "numbers"))
    var crowds = "16,64,256"

    var clients: [Int] { crowds.split(separator: ",").compactMap { Int($0) } }

    @Option(help: "How many watch, in watches.")
    var watchers = 1000

    @Option(help: "Changes a second, in watches.")
    var changes = 200

    @Option(help: "How many markers there are, in retention.")
    var markers = 1_000_000

    @Flag(help: "One second for each figure, one repetition, no crowds above 1,000: to see that it works.")
    var quick = false

    @Option(
        help: ArgumentHelp("The batond to measure. Default: the one beside this program.", valueName: "path"))
    var batond: String?

    @Option(
        help: ArgumentHelp(
            "A running daemon to measure. Figures that need one of their own are left out.", valueName: "url")
    )
    var server: String?

    @Flag(help: "Over TLS: a daemon with a certificate of its own, or with --server https://HOST:PORT.")
    var tls = false

    @Flag(help: "List the figures and stop.")
    var list = false

    var daemonPath: String {
        if let batond { return batond }
        let own = (try? FileLink.target(of: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return String(own[..<(own.lastIndex(of: "/") ?? own.startIndex)]) + "/batond"
    }

    func validate() throws {
        guard seconds > 0 else { throw ValidationError("--seconds has to be above 0") }
        guard server == nil || batond == nil else {
            throw ValidationError("--server and --batond exclude each other")
        }
        guard server == nil || tls == (server?.hasPrefix("https://") ?? false) else {
            throw ValidationError("--tls and an https:// server belong together")
        }
        guard !clients.isEmpty, clients.count == crowds.split(separator: ",").count, clients.min()! > 0 else {
            throw ValidationError("--clients \(crowds): numbers above 0 are expected")
        }
        guard markers > 1 else { throw ValidationError("--markers has to be above 1") }
        guard watchers > 0, changes > 0 else {
            throw ValidationError("--watchers and --changes have to be above 0")
        }
        _ = try figures()
    }

    func figures() throws -> [Figure] {
        guard let only else { return Figure.all }
        return try only.split(separator: ",").map { name in
            guard let figure = Figure.all.first(where: { $0.name == name }) else {
                let names = Figure.all.map(\.name).joined(separator: ", ")
                throw ValidationError("--only \(name): there is no such figure; there are \(names)")
            }
            return figure
        }
    }
}

/// Measures; judges nothing. A slow machine gives other figures, not a failure.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "baton-bench",
        abstract: "The figures of batond, measured here and now.",
        discussion: """
            Starts a batond of its own in a directory of its own, plays its clients on one thread, and \
            prints a line for each figure, beside what other servers did on a machine of the same kind. \
            docs/benchmarks.md says what each figure means.
            """)

    @OptionGroup var options: BenchOptions

    func run() throws {
        if options.list {
            for figure in Figure.all { Report.fact(figure.name, figure.about) }
            return
        }
        watchInterruptions()
        let directory = try Files.temporaryDirectory()
        defer { Files.remove(directory) }
        let bench = Bench(options, directory: directory)
        Report.fact("machine", "\(Machine.cores) cores, \(Machine.processor), \(Machine.memoryGiB) GiB")
        Report.fact("", "\(Machine.kernel), \(Files.system(of: directory)), load \(Machine.load)")
        let own = "its own, on loopback\(options.tls ? " with TLS" : ""), everything durable"
        Report.fact("daemon", options.server ?? own)
        Report.note("baseline: NAME FIGURE = Rx means that batond does R times as well")
        var failed = false
        for figure in try options.figures() {
            Report.heading(figure.about)
            do {
                try figure.measure(bench)
            } catch BenchError.interrupted {
                throw ExitCode(130)
            } catch BenchError.skipped(let reason) {
                Report.fact(figure.name, "left out: \(reason)")
            } catch {
                Report.fact(figure.name, "not measured: \(error)")
                failed = true
            }
        }
        if failed { throw ExitCode(1) }
    }
}

enum FileLink {
    static func target(of path: String) throws(BenchError) -> String {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = bytes.withUnsafeMutableBytes {
            readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
        }
        guard count > 0 else { throw .system(path, errno) }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
