import Glibc

/// Tells the manager how the daemon is, in datagrams of `NAME=value` lines.
///
/// A manager that doesn't read, or is gone, must not hold the daemon up: nothing here blocks, and what
/// can't be sent is dropped.
public struct Notifier: Sendable {
    private let address: [UInt8]

    /// The value of NOTIFY_SOCKET: a path, or a name in the abstract namespace after "@". Nil for
    /// anything else (a vsock of a virtual machine's manager).
    public init?(_ text: String) {
        var bytes = Array(text.utf8)
        guard bytes.count > 1, bytes.count < Self.pathMax, let first = bytes.first else { return nil }
        switch first {
        case UInt8(ascii: "/"): break
        // unix(7): a name that begins with a NUL is in no file system.
        case UInt8(ascii: "@"): bytes[0] = 0
        default: return nil
        }
        address = bytes
    }

    private static let pathMax = MemoryLayout.size(ofValue: sockaddr_un().sun_path)

    /// Requests are served from now on; after `reloading`, that this is over.
    public func ready(status: String) { send("READY=1\nSTATUS=\(status)") }

    /// The configuration is being read again; `ready` ends it.
    public func reloading() {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let microseconds = Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
        send("RELOADING=1\nMONOTONIC_USEC=\(microseconds)")
    }

    public func stopping() { send("STOPPING=1\nSTATUS=stopping") }

    /// The loop turns.
    public func alive() { send("WATCHDOG=1") }

    /// A line for `systemctl status`.
    public func status(_ line: String) { send("STATUS=\(line)") }

    private func send(_ text: String) {
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var target = sockaddr_un()
        target.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: address) }
        // An abstract name ends where the length says, a path at its NUL.
        let length = socklen_t(MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + address.count)
        let bytes = Array(text.utf8)
        _ = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }
}
