import Digest
import Glibc
import Testing

@testable import Client

/// A folder of its own, gone with the test.
final class Folder {
    let path: String

    init() {
        var template = Array("/tmp/baton-artifacts-XXXXXX".utf8CString)
        _ = mkdtemp(&template)
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit {
        for name in names {
            unlink("\(path)/\(name)")
            rmdir("\(path)/\(name)")
        }
        rmdir(path)
    }

    private var names: Set<String> = []

    func at(_ name: String) -> String {
        names.insert(name)
        return "\(path)/\(name)"
    }

    func file(_ name: String, _ text: String) -> String {
        let path = at(name)
        _ = File.write(text, to: path)
        return path
    }
}

@Suite struct `Hashing a file` {
    let folder = Folder()

    @Test(arguments: [0, 1, 55, 56, 63, 64, 65, (1 << 18) - 1, 1 << 18, (1 << 18) + 1, 700_001])
    func `is what our own SHA-256 says, at every edge`(length: Int) throws {
        let text = String(repeating: "baton", count: length / 5) + String(repeating: "x", count: length % 5)
        let hash = try FileHash(folder.file("a", text))
        #expect(hash.size == Int64(length))
        #expect(try hash.digest() == "sha256:" + Hex.encode(SHA256.digest(Array(text.utf8))))
    }

    @Test func `goes on a little at a time`() throws {
        let path = folder.file("a", String(repeating: "x", count: 1 << 20))
        let hash = try FileHash(path)
        var turns = 0
        var digest: String?
        while digest == nil {
            digest = try hash.advance(1 << 18)
            turns += 1
        }
        #expect(turns == 5)
        #expect(try FileHash(path).digest() == digest)
    }

    @Test func `needs a file that is there`() {
        #expect(fault(folder.at("nothing"))?.kind == .missing)
        #expect(fault(folder.file("a", "") + "/inside")?.kind == .missing)
        symlink("gone", folder.at("link"))
        #expect(fault(folder.at("link"))?.kind == .missing)
    }

    /// A pipe would be waited for; the test would hang.
    @Test func `needs a file, and says what it found instead`() {
        mkfifo(folder.at("pipe"), 0o600)
        mkdir(folder.at("folder"), 0o700)
        #expect(
            fault(folder.at("pipe"))?.text == "\(folder.path)/pipe is a pipe, and only a file can be hashed")
        #expect(
            fault(folder.at("folder"))?.text
                == "\(folder.path)/folder is a directory, and only a file can be hashed")
        #expect(fault("/dev/zero")?.text == "/dev/zero is a device, and only a file can be hashed")
    }

    @Test func `says what can't be read`() {
        symlink("loop", folder.at("loop"))
        #expect(fault(folder.at("loop"))?.kind == .unreadable)
        let closed = folder.file("closed", "x")
        chmod(closed, 0)
        // The superuser reads everything.
        if geteuid() != 0 { #expect(fault(closed)?.kind == .unreadable) }
    }

    @Test func `follows a link to a file`() throws {
        symlink(folder.file("a", "x"), folder.at("link"))
        #expect(try FileHash(folder.at("link")).digest() == FileHash(folder.at("a")).digest())
    }

    static let changes: [(String, String, @Sendable (String) -> Void)] = [
        ("appended to", "grown beyond", { _ = File.append("more", to: $0) }),
        ("truncated", "it had 600000 bytes, and has 300000", { truncate($0, 300_000) }),
        (
            "written to at the same size", "written to",
            { path in
                let descriptor = open(path, O_WRONLY)
                pwrite(descriptor, "y", 1, 0)
                // Whatever the clock of the file system is.
                var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
                futimens(descriptor, &times)
                close(descriptor)
            }
        ),
        (
            "replaced", "another file took its place",
            { path in
                _ = File.write(String(repeating: "y", count: 600_000), to: path + ".new")
                rename(path + ".new", path)
            }
        ),
        ("removed", "another file took its place", { unlink($0) }),
    ]

    @Test(arguments: changes.indices) func `notices a file that changes while it is read`(index: Int) throws {
        let (_, said, change) = Self.changes[index]
        let path = folder.file("a", String(repeating: "x", count: 600_000))
        let hash = try FileHash(path)
        #expect(try hash.advance(1 << 18) == nil)
        change(path)
        let fault = #expect(throws: ArtifactFault.self) { try hash.digest() }
        #expect(fault?.kind == .changed)
        #expect(fault?.text.contains(said) == true)
    }

    @Test func `several are read one after the other, and the first fault names its artifact`() throws {
        let known = Artifact(name: "b", digest: "sha256:0")
        let path = folder.file("a", "x")
        let read = try ArtifactReader.all([.file(name: "a", path: path), .known(known)])
        #expect(read.map(\.name) == ["a", "b"])
        #expect(read[0].size == 1)
        #expect(read[1] == known)
        let fault = #expect(throws: ArtifactFault.self) {
            try ArtifactReader.all([.file(name: "a", path: path), .file(name: "c", path: folder.at("no"))])
        }
        #expect(fault?.text == "the artifact 'c': \(folder.path)/no isn't there")
    }

    private func fault(_ path: String) -> ArtifactFault? {
        do throws(ArtifactFault) { _ = try FileHash(path).digest() } catch { return error }
        return nil
    }
}
