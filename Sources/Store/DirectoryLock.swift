import Glibc

/// The right to be the one daemon of a directory: `flock` on `<directory>/lock`.
///
/// The kernel lets it go when the process ends, however it ends. The file holds the
/// process id for people and messages; it decides nothing.
final class DirectoryLock: @unchecked Sendable {
    private var descriptor: Int32

    init(_ directory: String) throws(StoreError) {
        if mkdir(directory, 0o700) != 0 && errno != EEXIST { throw Files.failure("create \(directory)") }
        descriptor = open(directory + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Files.failure("open \(directory)/lock") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let holder = Self.readPID(descriptor)
            // Not `close`: every property is set, so what is thrown here runs `deinit`, too, and by then
            // the number may be another thread's file.
            release()
            guard code == EWOULDBLOCK else { throw .io(detail: "lock \(directory)", code: 0, errno: code) }
            throw .locked(directory: directory, by: holder)
        }
        let text = "\(getpid())\n"
        ftruncate(descriptor, 0)
        _ = text.utf8.withContiguousStorageIfAvailable { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    private static func readPID(_ descriptor: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }

    func release() {
        guard descriptor >= 0 else { return }
        Glibc.close(descriptor)
        descriptor = -1
    }

    deinit { release() }
}
