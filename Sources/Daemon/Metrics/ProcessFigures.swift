import Glibc

/// What Linux knows of this process, under the names that Prometheus' own clients use.
struct ProcessFigures {
    /// Seconds, in user and in kernel mode.
    var cpu: Double
    /// Bytes.
    var resident: Int?
    /// Nil when not even a directory can be opened.
    var openDescriptors: Int?
    var descriptorsMax: UInt64?

    static func read() -> ProcessFigures {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        var limit = rlimit()
        let hasLimit = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        return ProcessFigures(
            cpu: seconds(usage.ru_utime) + seconds(usage.ru_stime), resident: residentBytes(),
            openDescriptors: countDescriptors(), descriptorsMax: hasLimit ? UInt64(limit.rlim_cur) : nil)
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }

    /// proc(5), /proc/pid/statm: the second number is the resident set, in pages.
    private static func residentBytes() -> Int? {
        guard let file = fopen("/proc/self/statm", "re") else { return nil }
        defer { fclose(file) }
        var text = [CChar](repeating: 0, count: 128)
        guard fgets(&text, 128, file) != nil else { return nil }
        let fields = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// proc(5), /proc/pid/fd: "Since Linux 6.2, [st_size] contains the number of open file descriptors".
    /// Before, it is 0, and they have to be counted, which for ten thousand connections holds up the loop
    /// for milliseconds.
    private static func countDescriptors() -> Int? {
        var status = stat()
        if stat("/proc/self/fd", &status) == 0, status.st_size > 0 { return Int(status.st_size) }
        return listDescriptors()
    }

    private static func listDescriptors() -> Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // Not ".", not "..", and not the directory itself.
        return count - 3
    }
}
