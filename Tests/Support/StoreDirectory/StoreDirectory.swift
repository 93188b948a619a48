import Glibc

/// A directory for a store under test, and what is in it.
public enum StoreDirectory {
    /// A new one below $TMPDIR.
    public static func make() -> String {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array((parent + "/baton-store-XXXXXX").utf8CString)
        return String(cString: mkdtemp(&template))
    }

    /// With all that is in it.
    public static func remove(_ directory: String) {
        guard let entries = opendir(directory) else { return }
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { unlink(directory + "/" + name) }
        }
        closedir(entries)
        rmdir(directory)
    }

    /// What a killed process leaves: its files as the kernel has them.
    public static func copyFiles(from directory: String, to other: String) {
        for name in ["baton.db", "baton.db-wal"] {
            guard let source = fopen(directory + "/" + name, "r") else { continue }
            defer { fclose(source) }
            let target = fopen(other + "/" + name, "w")!
            defer { fclose(target) }
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = fread(&buffer, 1, buffer.count, source)
                if count == 0 { break }
                fwrite(buffer, 1, count, target)
            }
        }
    }
}
