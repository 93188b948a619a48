import Glibc

/// A batond of the benchmark's own: a free port of loopback, a directory of its own.
final class DaemonProcess {
    private let program: String
    private let directory: String
    private let certificate: Certificate?
    private let settings: [String]
    let address: Address
    private(set) var pid: pid_t = 0

    init(
        program: String, directory: String, certificate: Certificate?, settings: [String]
    ) throws(BenchError) {
        self.program = program
        self.directory = directory
        self.certificate = certificate
        self.settings = settings
        var address = try Address.unused()
        address.isEncrypted = certificate != nil
        self.address = address
        try start()
        try awaitReady()
    }

    deinit { kill() }

    /// A figure makes as many names in seconds as a namespace may have in an hour.
    private static let settings = [
        "log.level=warning", "namespace.leases=1000000000", "namespace.markers=1000000000",
        "namespace.bytes=1099511627776",
    ]

    /// Starts it and doesn't wait. Also after `kill`, with the data that is there.
    func start() throws(BenchError) {
        let log = "\(directory).log"
        var all = settings + Self.settings
        if let certificate {
            // Handshakes take their time: the first of a crowd says nothing until the last stands.
            all += ["http.headTime=5m"]
            all += ["tls.certificateFile=\(certificate.path)", "tls.keyFile=\(certificate.keyPath)"]
        }
        let scheme = certificate == nil ? "" : "tls:"
        let arguments =
            [program, "--listen", "\(scheme)\(address.host):\(address.port)", "--data", directory]
            + all.flatMap { ["--set", $0] }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var pointers = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        let code = posix_spawn(&pid, program, &actions, nil, &pointers, environ)
        guard code == 0 else { throw .system(program, code) }
    }

    /// Until it takes connections.
    func awaitReady() throws(BenchError) {
        let end = Clock.now + 30 * Clock.second
        while !accepts {
            var status: Int32 = 0
            if waitpid(pid, &status, WNOHANG) == pid {
                pid = 0
                throw .daemon("batond ended at its start: \(Files.text("\(directory).log") ?? "")")
            }
            guard Clock.now < end else { throw .daemon("batond takes no connections after 30 s") }
            guard interrupted == 0 else { throw .interrupted }
            usleep(500)
        }
    }

    private var accepts: Bool {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        return socket >= 0 && address.connect(socket)
    }

    /// SIGKILL, and gone when this returns.
    func kill() {
        guard pid > 0 else { return }
        Glibc.kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
        pid = 0
    }

    /// Bytes in memory, and those of them that aren't a file's.
    var memory: (resident: Int, anonymous: Int) { (kilobytes("VmRSS"), kilobytes("RssAnon")) }

    /// The most that has been resident since `forgetPeak`.
    var memoryPeak: Int { kilobytes("VmHWM") }

    /// proc_pid_clear_refs(5): "To reset the peak resident set size to the current, write 5."
    func forgetPeak() {
        let file = open("/proc/\(pid)/clear_refs", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = write(file, "5", 1)
        close(file)
    }

    private func kilobytes(_ key: String) -> Int {
        let text = Machine.value(of: key, in: "/proc/\(pid)/status") ?? ""
        return 1024 * (Int(text.prefix { $0 != " " }) ?? 0)
    }

    /// Bytes that it caused to be sent to the disk. proc_pid_io(5); nil where that is not to be read.
    var written: UInt64? { Machine.value(of: "write_bytes", in: "/proc/\(pid)/io").flatMap { UInt64($0) } }

    /// Seconds of processor time that it has used.
    var processorTime: Double {
        // proc_pid_stat(5): fields 14 and 15, counted from the state, which comes behind the name's ")".
        guard let text = Files.text("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return 0 }
        let fields = text[end...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else {
            return 0
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
