import CLinux
import Glibc
import Testing

@testable import Supervision

/// Tests with real processes: one after the other, since some time them and some
/// fill the machine.
@Suite(.serialized) enum Processes {}

/// A probe that plays baton: a process with its own guardian, and its output.
final class Play {
    let pid: Int32
    let folder: String
    private let output: Int32
    private(set) var text = ""
    private var hasEnded = false

    /// Steps are those of the probe, with `$FOLDER` for `folder`, where it has the
    /// files `pids` and `report`, and `script` if there is to be one.
    init(
        _ steps: [String], input: String = "/dev/null", script: String? = nil, ignoring: String? = nil,
        onTerminal: Bool = false,
        setup: (inout posix_spawn_file_actions_t) -> Void = { _ in }
    ) throws {
        var template = Array("/tmp/supervision-XXXXXX".utf8CString)
        let folder = String(cString: mkdtemp(&template))
        self.folder = folder
        if let script { write(script, to: "\(folder)/script") }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        let theirs: Int32?
        (output, theirs) = onTerminal ? try Self.openTerminal(&actions) : try Self.openPipe(input, &actions)
        setup(&actions)
        let words = steps.map { $0.replacing("$FOLDER", with: folder) }
        let ignored = ignoring.map { ["/bin/sh", "-c", "trap '' \($0); exec \"$0\" \"$@\""] } ?? []
        pid = try Self.start(ignored + [Self.probe] + words, folder, &actions)
        posix_spawn_file_actions_destroy(&actions)
        if let theirs { close(theirs) }
    }

    private static func openPipe(
        _ input: String, _ actions: inout posix_spawn_file_actions_t
    ) throws -> (Int32, Int32?) {
        // Not a pipe: that is CLOEXEC only afterwards, and another test may spawn between.
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        return (ends[0], ends[1])
    }

    /// The leader of a session that opens a terminal gets it as its controlling one.
    private static func openTerminal(_ actions: inout posix_spawn_file_actions_t) throws -> (Int32, Int32?) {
        // Swift sees neither posix_openpt(3) nor its kin: pts(4), ioctl_tty(2).
        let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var number: Int32 = 0
        let unlock: UInt = 0x4004_5431  // TIOCSPTLCK
        let tell: UInt = 0x8004_5430  // TIOCGPTN
        try #require(ioctl(master, unlock, &number) == 0 && ioctl(master, tell, &number) == 0)
        let path = "/dev/pts/\(number)"
        for number: Int32 in 0...1 { posix_spawn_file_actions_addopen(&actions, number, path, O_RDWR, 0) }
        return (master, nil)
    }

    /// Typed on its terminal.
    func type(_ keys: String) { _ = Glibc.write(output, keys, keys.utf8.count) }

    private static func start(
        _ arguments: [String], _ folder: String, _ actions: inout posix_spawn_file_actions_t
    ) throws -> Int32 {
        let environment = ["PROBE_PIDS=\(folder)/pids", "PROBE_REPORT=\(folder)/report"]
        let argv = arguments.map { strdup($0) } + [nil]
        let envp = environment.map { strdup($0) } + [nil]
        defer { for string in argv + envp { free(string) } }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        // A session of its own: nothing that is signalled here reaches the tests.
        // Whoever runs the tests may ignore signals: a shell's `&` does. And the
        // thread that this runs on blocks nearly all.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let newSession: Int16 = 0x80  // POSIX_SPAWN_SETSID, which Swift doesn't see
        posix_spawnattr_setflags(
            &attributes, newSession | Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var pid: Int32 = -1
        let error = posix_spawn(&pid, arguments[0], &actions, &attributes, argv, envp)
        try #require(error == 0, "\(arguments[0]): \(String(cString: strerror(error)))")
        return pid
    }

    /// The probe is built beside the tests.
    private static let probe: String = {
        var path = [UInt8](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &path, path.count)
        let tests = String(decoding: path[..<max(0, count)], as: UTF8.self)
        return tests.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/guardian-probe"
    }()

    deinit {
        kill(pid, SIGKILL)
        if !hasEnded { waitpid(pid, nil, 0) }
        close(output)
        for name in ["pids", "report", "report.new", "script"] { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    // MARK: What it printed

    /// Reads until a line holds that; the line, or a failure after the deadline.
    @discardableResult
    func line(_ wanted: String, within seconds: Double = 10, _ place: SourceLocation = #_sourceLocation)
        throws
        -> String
    {
        let deadline = BootClock.after(.seconds(seconds))
        var from = text.startIndex
        while true {
            let lines = text[from...].split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            if let line = lines.first(where: { $0.contains(wanted) }) { return String(line) }
            from = lines.last?.endIndex ?? from
            try #require(readSome(until: deadline), "no '\(wanted)' in:\n\(text)", sourceLocation: place)
        }
    }

    /// All of it, when nobody holds the pipe any more.
    func rest(within seconds: Double = 10, _ place: SourceLocation = #_sourceLocation) throws -> String {
        let deadline = BootClock.after(.seconds(seconds))
        while readSome(until: deadline) {}
        try #require(BootClock.now < deadline, "the output doesn't end:\n\(text)", sourceLocation: place)
        return text
    }

    /// False at the end, and after the deadline.
    private func readSome(until deadline: UInt64) -> Bool {
        var entry = pollfd(descriptor: output)
        let now = BootClock.now
        guard now < deadline, poll(&entry, 1, Int32((deadline - now) / 1_000_000) + 1) > 0,
            let bytes = Descriptor.read(output), !bytes.isEmpty
        else { return false }
        text += String(decoding: bytes.filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
        return true
    }

    // MARK: Its processes

    func signal(_ number: Int32) { kill(pid, number) }

    /// Continues it after its step `stop`.
    func goOn() throws {
        try eventually("stopped") { contents("/proc/\(pid)/stat").contains(") T ") }
        kill(pid, SIGCONT)
    }

    /// The probe's own end.
    func wait() -> Int32 {
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        hasEnded = true
        return status
    }

    func guardian() throws -> Int32 {
        let line = try line("probe: guardian ")
        return try #require(Int32(line.split(separator: " ").last ?? ""))
    }

    func file(_ name: String) -> String { contents("\(folder)/\(name)") }

    /// The processes that wrote their pid, once there are that many.
    func pids(_ count: Int) throws -> [Int32] {
        var pids: [Int32] = []
        try eventually("\(count) pids") {
            pids = file("pids").split(separator: "\n").compactMap { Int32($0) }
            return pids.count >= count
        }
        return pids
    }
}

func contents(_ path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while let piece = Descriptor.read(descriptor), !piece.isEmpty { bytes += piece }
    return String(decoding: bytes, as: UTF8.self)
}

/// A program in one go: none is run while it is open for writing (ETXTBSY).
func write(_ script: String, to path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o700)
    _ = Glibc.write(descriptor, script, script.utf8.count)
    close(descriptor)
}

/// Asks again every few milliseconds until it is so, or the deadline fails it.
func eventually(
    _ what: @autoclosure () -> String, within seconds: Double = 10,
    _ place: SourceLocation = #_sourceLocation,
    _ condition: () throws -> Bool
) throws {
    let deadline = BootClock.after(.seconds(seconds))
    while try !condition() {
        try #require(BootClock.now < deadline, "\(what()): not within \(seconds) s", sourceLocation: place)
        poll(nil, 0, 5)
    }
}

func isAlive(_ pid: Int32) -> Bool {
    // A zombie answers kill(2) until it is reaped; its command line is empty.
    kill(pid, 0) == 0 && !contents("/proc/\(pid)/cmdline").isEmpty
}
