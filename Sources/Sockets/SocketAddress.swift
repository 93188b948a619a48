import CLinux
import Glibc

/// Where a server listens.
public enum ListenAddress: Equatable, Sendable, CustomStringConvertible {
    /// A host's name or number; port 0 for any that is free.
    case tcp(host: String, port: UInt16)
    /// The same, with TLS.
    case tls(host: String, port: UInt16)
    /// A path, and who may connect to the socket that is made there.
    case unix(path: String, access: SocketFileAccess = SocketFileAccess())

    /// "127.0.0.1:8080", "[::1]:8080", "localhost:8080", ":8080" for every address, "tls:" before one
    /// of these, "unix:/path".
    public init?(_ text: String) {
        if text.hasPrefix("tls:") {
            let rest = ListenAddress(String(text.dropFirst(4)))
            guard case .tcp(let host, let port) = rest else { return nil }
            self = .tls(host: host, port: port)
            return
        }
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard !path.isEmpty else { return nil }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        self = .tcp(host: host.isEmpty ? "::" : String(host), port: port)
    }

    /// Whether only this machine can reach it: loopback by number or as localhost, and Unix sockets.
    public var isPrivate: Bool {
        switch self {
        case .tcp(let host, _), .tls(let host, _):
            host == "localhost" || host == "::1" || Self.isLoopback(host)
        case .unix: true
        }
    }

    /// 127.0.0.0/8 (RFC 1122 §3.2.1.3), written as four numbers.
    private static func isLoopback(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    public var isEncrypted: Bool { if case .tls = self { true } else { false } }
    var isTCP: Bool { if case .unix = self { false } else { true } }

    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .tls(let host, let port): "tls:\(ListenAddress.tcp(host: host, port: port))"
        case .unix(let path, _): "unix:\(path)"
        }
    }
}

/// Mode and group of a Unix socket's file. unix(7): whoever may write to it may connect.
public struct SocketFileAccess: Hashable, Sendable {
    public var mode: UInt32
    /// By name or number; nil for the group of the process.
    public var group: String?

    public init(mode: UInt32 = 0o660, group: String? = nil) {
        self.mode = mode
        self.group = group
    }

    /// The group's number; nil if there is no such group, or none is set.
    var groupNumber: UInt32? {
        guard let group else { return nil }
        if let number = UInt32(group) { return number }
        return getgrnam(group)?.pointee.gr_gid
    }
}

/// A `sockaddr` of some family.
struct SocketAddress {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)

    /// Has a function of the system fill it in.
    init?(_ fill: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32) {
        var length = self.length
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { fill($0, &length) }
        }
        guard result == 0 else { return nil }
        self.length = length
    }

    init(_ address: UnsafePointer<sockaddr>, _ length: socklen_t) {
        self.length = length
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(length)))
        }
    }

    init(unix path: String) throws(SystemError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw SystemError("bind unix:\(path)", code: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        self = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                SocketAddress($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    static func local(of descriptor: Int32) -> SocketAddress? {
        SocketAddress { getsockname(descriptor, $0, $1) }
    }

    static func peer(of descriptor: Int32) -> SocketAddress? {
        SocketAddress { getpeername(descriptor, $0, $1) }
    }

    func with<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    var family: Int32 { Int32(storage.ss_family) }

    /// The number of the host, for IP; else nil.
    var host: String? {
        guard family == AF_INET || family == AF_INET6 else { return nil }
        var text = [UInt8](repeating: 0, count: 64)
        let result = text.withUnsafeMutableBytes { buffer in
            with { address, length in
                getnameinfo(
                    address, length, buffer.baseAddress?.assumingMemoryBound(to: CChar.self),
                    socklen_t(buffer.count), nil, 0, NI_NUMERICHOST)
            }
        }
        guard result == 0 else { return nil }
        let host = String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
        // A v4 peer of a v6 listener; people know it by its v4 number.
        return host.hasPrefix("::ffff:") ? String(host.dropFirst(7)) : host
    }

    /// The path of a Unix socket, with "@" for the NUL of an abstract name; else nil.
    var path: String? {
        guard family == AF_UNIX else { return nil }
        return withUnsafeBytes(of: storage) { bytes in
            var path = Array(bytes[MemoryLayout<sa_family_t>.size..<Int(length)])
            if path.first == 0, path.count > 1 { path[0] = UInt8(ascii: "@") }
            return String(decoding: path.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    var port: UInt16 {
        withUnsafeBytes(of: storage) { bytes in
            // The port is the second 16 bits of both sockaddr_in and sockaddr_in6.
            UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        }
    }
}
