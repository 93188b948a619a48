import Glibc

/// The steps with files that SQLite doesn't do for us.
///
/// Never on a database that this process has open: closing any descriptor of a file
/// drops the locks that SQLite holds on it. https://sqlite.org/howtocorrupt.html: "The
/// close() call on the second file will cause the first thread to lose its lock".
enum Files {
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func size(_ path: String) -> Int64? {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : nil
    }

    /// An empty file for its owner alone: results and identities are nobody else's business. The log gets
    /// the same permissions from SQLite.
    static func create(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("create \(path)") }
        close(descriptor)
    }

    /// Flushes a file, or a directory's entries.
    static func flush(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open \(path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("flush \(path)") }
    }

    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func rename(_ from: String, _ to: String) throws(StoreError) {
        guard Glibc.rename(from, to) == 0 else { throw failure("rename \(from) to \(to)") }
    }

    /// A second name for the file; fails if the name is taken.
    static func link(_ from: String, _ to: String) throws(StoreError) {
        guard Glibc.link(from, to) == 0 else {
            throw errno == EEXIST ? .exists(path: to) : failure("link \(from) to \(to)")
        }
    }

    static func remove(_ path: String) { unlink(path) }

    static func failure(_ what: String) -> StoreError {
        let code = errno
        return .io(detail: "\(what): \(String(cString: strerror(code)))", code: 0, errno: code)
    }
}
