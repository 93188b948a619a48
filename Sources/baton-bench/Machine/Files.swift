import Glibc

/// The little of a file system that a benchmark needs.
enum Files {
    static func text(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = read(file, &part, part.count)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(contentsOf: part[..<count])
        }
    }

    static func write(_ text: String, to path: String) throws(BenchError) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw .system(path, errno) }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard Glibc.write(file, bytes, bytes.count) == bytes.count else { throw .system(path, errno) }
    }

    /// A new directory of our own. `TMPDIR`, else /var/tmp: /tmp is often in memory, where a flush is free.
    static func temporaryDirectory() throws(BenchError) -> String {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp"
        var path = Array("\(parent)/baton-bench.XXXXXX".utf8CString)
        guard mkdtemp(&path) != nil else { throw .system("mkdtemp \(parent)", errno) }
        return String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func remove(_ path: String) {
        for name in names(in: path) { remove("\(path)/\(name)") }
        if unlink(path) != 0 { rmdir(path) }
    }

    private static func names(in path: String) -> [String] {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, let directory = opendir(path)
        else {
            return []
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// "ext4", "xfs", "tmpfs"; of the mount that has the longest path in common.
    static func system(of path: String) -> String {
        guard let real = realpath(path, nil) else { return "unknown" }
        defer { free(real) }
        let path = String(cString: real)
        var best = (length: -1, type: "unknown")
        for line in (text("/proc/self/mountinfo") ?? "").split(separator: "\n") {
            // proc_pid_mountinfo(5): the fifth field is the mount point; behind " - " comes the type.
            let fields = line.split(separator: " ")
            guard fields.count > 6, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count else {
                continue
            }
            let point = String(fields[4])
            let isAbove = point == "/" || path == point || path.hasPrefix(point + "/")
            if isAbove, point.utf8.count >= best.length {
                best = (point.utf8.count, String(fields[dash + 1]))
            }
        }
        return best.type
    }
}
