import Glibc

/// What the figures were measured on.
enum Machine {
    static var cores: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }

    static var kernel: String {
        var name = utsname()
        uname(&name)
        return string(&name.sysname) + " " + string(&name.release) + " " + string(&name.machine)
    }

    private static func string<Tuple>(_ field: inout Tuple) -> String {
        withUnsafeBytes(of: &field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    static var processor: String { value(of: "model name", in: "/proc/cpuinfo") ?? "unknown processor" }

    static var memoryGiB: Int {
        sysconf(Int32(_SC_PHYS_PAGES)) / 1024 * sysconf(Int32(_SC_PAGESIZE)) / (1024 * 1024)
    }

    /// Seconds of processor time that this process has taken, in all its threads.
    static var ownProcessorTime: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    static var load: String {
        Files.text("/proc/loadavg")?.split(separator: " ").first.map(String.init) ?? "?"
    }

    /// The text behind the first "key:" of a file of /proc.
    static func value(of key: String, in path: String) -> String? {
        guard let line = Files.text(path)?.split(separator: "\n").first(where: { $0.hasPrefix(key) }),
            let colon = line.firstIndex(of: ":")
        else { return nil }
        return String(line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" })
    }

    /// Raises the limit of open descriptors as far as it goes; the daemon inherits it.
    static func raiseDescriptorLimit(to wanted: Int) -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 0 }
        // The superuser may go above the hard limit.
        for hard in [max(limit.rlim_max, rlim_t(wanted)), limit.rlim_max] {
            var raised = rlimit(rlim_cur: hard, rlim_max: hard)
            if setrlimit(resource, &raised) == 0 { return Int(clamping: hard) }
        }
        return Int(clamping: limit.rlim_cur)
    }
}
