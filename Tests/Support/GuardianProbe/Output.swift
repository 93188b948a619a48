import Glibc

/// One line, in one write: the child's own output may come between lines.
func say(_ line: String) {
    let bytes = Array("probe: \(line)\n".utf8)
    _ = write(1, bytes, bytes.count)
}

func exitProbe(_ code: Int32) -> Never { exit(code) }

func setting(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

func contents(of path: String) -> String {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = max(0, read(descriptor, &bytes, bytes.count))
    return String(decoding: bytes[..<count], as: UTF8.self)
}

/// What the guardian does when the probe has died: it notes the report, and which
/// of the processes named in PROBE_PIDS are still alive. A rename makes the note
/// appear whole.
func noteOrphaned(_ report: [UInt8]) {
    let pids = contents(of: setting("PROBE_PIDS") ?? "").split(whereSeparator: \.isWhitespace)
    let alive = pids.compactMap { Int32($0) }.filter { kill($0, 0) == 0 }
    let line = Array("report=\(String(decoding: report, as: UTF8.self)) alive=\(alive)\n".utf8)
    guard let path = setting("PROBE_REPORT") else { return }
    let descriptor = open(path + ".new", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    _ = write(descriptor, line, line.count)
    close(descriptor)
    rename(path + ".new", path)
}
