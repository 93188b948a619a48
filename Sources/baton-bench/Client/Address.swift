import CLinux
import Glibc

/// Where a daemon listens: `http://127.0.0.1:7979`, `https://127.0.0.1:7979`.
struct Address: CustomStringConvertible {
    let host: String
    let port: UInt16
    var isEncrypted = false
    private var storage = sockaddr_storage()
    private var length: socklen_t = 0
    private var family: Int32 = AF_INET

    init(host: String, port: UInt16) throws(BenchError) {
        self.host = host
        self.port = port
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let found else {
            throw .usage("\(host):\(port): no such host")
        }
        defer { freeaddrinfo(found) }
        family = found.pointee.ai_family
        length = found.pointee.ai_addrlen
        memcpy(&storage, found.pointee.ai_addr, Int(length))
    }

    init(url: String) throws(BenchError) {
        var rest = url[...]
        let isEncrypted = rest.hasPrefix("https://")
        if rest.hasPrefix("http://") { rest = rest.dropFirst(7) }
        if isEncrypted { rest = rest.dropFirst(8) }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard let colon = rest.lastIndex(of: ":"), let port = UInt16(rest[rest.index(after: colon)...]) else {
            throw .usage("\(url): http://HOST:PORT or https://HOST:PORT is expected")
        }
        let host = rest[..<colon].drop { $0 == "[" }.prefix { $0 != "]" }
        try self.init(host: String(host), port: port)
        self.isEncrypted = isEncrypted
    }

    var description: String { "\(isEncrypted ? "https" : "http")://\(host):\(port)" }

    /// A new one that doesn't block; -1 with errno.
    func socket() -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        return Glibc.socket(family, kind, 0)
    }

    func connect(_ socket: Int32) -> Bool { call(socket, Glibc.connect) }
    func bind(_ socket: Int32) -> Bool { call(socket, Glibc.bind) }

    private func call(
        _ socket: Int32, _ function: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Bool {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { function(socket, $0, length) == 0 }
        }
    }

    /// A port of loopback that nobody listens on at the moment.
    static func unused() throws(BenchError) -> Address {
        let any = try Address(host: "127.0.0.1", port: 0)
        let socket = any.socket()
        defer { close(socket) }
        guard any.bind(socket) else { throw .system("bind", errno) }
        var bound = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &bound) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &size) }
        }
        guard result == 0 else { throw .system("getsockname", errno) }
        return try Address(host: "127.0.0.1", port: UInt16(bigEndian: bound.sin_port))
    }
}
