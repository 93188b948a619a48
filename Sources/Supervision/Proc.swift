import Glibc

/// What /proc tells about processes.
enum Proc {
    /// The children of a process, all its threads' together. Empty when it is gone.
    ///
    /// proc(5) on /proc/PID/task/TID/children: it "may omit some children" unless
    /// they are stopped; whoever walks it walks again until nothing is new.
    static func children(of pid: Int32) -> [Int32] {
        threads(of: pid).flatMap { thread in
            contents("/proc/\(pid)/task/\(thread)/children")
                .split(separator: UInt8(ascii: " "))
                .compactMap { Int32(String(decoding: $0, as: UTF8.self)) }
        }
    }

    /// The file above needs CONFIG_PROC_CHILDREN; nearly every kernel has it.
    static let listsChildren = access("/proc/self/task/\(getpid())/children", F_OK) == 0

    /// Whether /proc is there and counts as we do. In a container that shows the
    /// host's /proc, its numbers name other processes: nobody may be killed by them.
    static var isOurs: Bool {
        let link = [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            count = max(0, readlink("/proc/self", buffer.baseAddress!, buffer.count))
        }
        return Int32(String(decoding: link, as: UTF8.self)) == getpid()
    }

    /// The slower way: every process of the machine, by its parent.
    static func childrenByParent() -> [Int32: [Int32]] {
        var table: [Int32: [Int32]] = [:]
        for pid in numbers(in: "/proc") {
            // "PID (NAME) STATE PPID …": the name may hold anything, even ')'.
            let stat = contents("/proc/\(pid)/stat")
            guard let end = stat.lastIndex(of: UInt8(ascii: ")")) else { continue }
            let fields = stat[(end + 1)...].split(separator: UInt8(ascii: " "))
            guard fields.count > 1, let parent = Int32(String(decoding: fields[1], as: UTF8.self)) else {
                continue
            }
            table[parent, default: []].append(pid)
        }
        return table
    }

    /// The caller's own; none without /proc.
    static var threadCount: Int { numbers(in: "/proc/self/task").count }

    private static func threads(of pid: Int32) -> [Int32] { numbers(in: "/proc/\(pid)/task") }

    /// The entries of a directory that are numbers.
    static func numbers(in path: String) -> [Int32] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var numbers: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let number = Int32(name) { numbers.append(number) }
        }
        return numbers
    }

    private static func contents(_ path: String) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while let piece = Descriptor.read(descriptor), !piece.isEmpty { bytes += piece }
        return bytes
    }
}

enum Descriptor {
    /// Some bytes, none at the end, nil when there are none at the moment.
    static func read(_ descriptor: Int32) -> [UInt8]? {
        while true {
            var failed: Int32 = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: 4_096) { buffer, count in
                let got = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                failed = got < 0 ? errno : 0
                count = max(0, got)
            }
            if failed == EINTR { continue }
            return failed == 0 ? bytes : nil
        }
    }
}
