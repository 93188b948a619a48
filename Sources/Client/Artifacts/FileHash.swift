import COpenSSL
import Digest
import Glibc

/// Hashes one file, some bytes at a time: a run renews its lease in between.
///
/// A digest of a file that is being written proves nothing, and can't always be told: a
/// writer who is quicker than the file system's clock, or sets the time back, isn't seen.
/// What is seen: another size, another time of change, another file under the path.
///
/// OpenSSL's SHA-256 and not our own: it uses the processor's instructions. 1 GiB took it
/// 0.5 s of processor time, coreutils' sha256sum 1.9 s, and ours 4.4 s. libcurl has loaded it already.
public final class FileHash {
    /// How much `advance` reads: a moment's work also for a slow disk.
    public static let stride = 4 << 20

    private let path: String
    private let descriptor: Int32
    private let context: OpaquePointer
    private let before: stat
    private var position: Int64 = 0
    private var chunk: [UInt8] = []

    /// Only a regular file: what comes out of a pipe or a device is gone when it is hashed.
    public init(_ path: String) throws(ArtifactFault) {
        self.path = path
        // Looked at before it is opened: opening a pipe waits, and opening a device may do something.
        var seen = stat()
        guard stat(path, &seen) == 0 else { throw Self.fault(path) }
        try Self.demandFile(seen, path)
        let opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard opened >= 0 else { throw Self.fault(path) }
        if fstat(opened, &seen) != 0 {
            let fault = Self.fault(path)
            close(opened)
            throw fault
        }
        descriptor = opened
        before = seen
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("OpenSSL has no SHA-256")
        }
        self.context = context
        try Self.demandFile(seen, path)
    }

    deinit {
        close(descriptor)
        EVP_MD_CTX_free(context)
    }

    /// In bytes, at the beginning.
    public var size: Int64 { Int64(before.st_size) }

    /// Reads on. The digest at the end, nil before.
    public func advance(_ bytes: Int = stride) throws(ArtifactFault) -> String? {
        if chunk.isEmpty { chunk = [UInt8](repeating: 0, count: 1 << 18) }
        let end = position + Int64(bytes)
        while position < end {
            let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Self.fault(path) }
            if count == 0 { return try finish() }
            guard EVP_DigestUpdate(context, chunk, count) == 1 else {
                preconditionFailure("OpenSSL's SHA-256 refuses bytes")
            }
            position += Int64(count)
            // A file that grows as fast as it is read has no end.
            if position > size { throw changed("it has grown beyond its \(size) bytes") }
        }
        return nil
    }

    private func finish() throws(ArtifactFault) -> String {
        var after = stat()
        guard fstat(descriptor, &after) == 0 else { throw Self.fault(path) }
        if position != size || after.st_size != before.st_size {
            throw changed("it had \(size) bytes, and has \(after.st_size)")
        }
        let isSameTime =
            after.st_mtim.tv_sec == before.st_mtim.tv_sec && after.st_mtim.tv_nsec == before.st_mtim.tv_nsec
        guard isSameTime else { throw changed("it was written to") }
        guard stat(path, &after) == 0, after.st_ino == before.st_ino, after.st_dev == before.st_dev else {
            throw changed("another file took its place")
        }
        var digest = [UInt8](repeating: 0, count: SHA256.digestBytes)
        guard EVP_DigestFinal_ex(context, &digest, nil) == 1 else {
            preconditionFailure("OpenSSL's SHA-256 has no end")
        }
        return "sha256:" + Hex.encode(digest)
    }

    /// All of it at once.
    public func digest() throws(ArtifactFault) -> String {
        while true { if let digest = try advance() { return digest } }
    }

    // MARK: Faults

    private func changed(_ how: String) -> ArtifactFault {
        ArtifactFault(.changed, "\(path) changed while it was read: \(how). Wait for whoever writes it")
    }

    /// By errno.
    private static func fault(_ path: String) -> ArtifactFault {
        if errno == ENOENT || errno == ENOTDIR { return ArtifactFault(.missing, "\(path) isn't there") }
        return ArtifactFault(.unreadable, "\(path) can't be read: \(File.lastError)")
    }

    private static func demandFile(_ status: stat, _ path: String) throws(ArtifactFault) {
        let kind: String
        switch status.st_mode & S_IFMT {
        case S_IFREG: return
        case S_IFDIR: kind = "a directory"
        case S_IFIFO: kind = "a pipe"
        case S_IFSOCK: kind = "a socket"
        default: kind = "a device"
        }
        throw ArtifactFault(.notAFile, "\(path) is \(kind), and only a file can be hashed")
    }
}
