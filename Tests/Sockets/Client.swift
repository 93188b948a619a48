import CLinux
import Glibc
import Sockets

/// A peer that says exactly what a test tells it, and waits at most ten seconds for anything.
final class Client: @unchecked Sendable {
    private var descriptor: Int32
    private var unread: [UInt8] = []

    struct Failure: Error { let what: String }

    init(_ address: ListenAddress, receiveBuffer: Int32? = nil) throws {
        switch address {
        case .tcp(let host, let port), .tls(let host, let port):
            descriptor = socket(host.contains(":") ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            if let receiveBuffer { _ = loop_set_option(descriptor, SOL_SOCKET, SO_RCVBUF, receiveBuffer) }
            try Client.connectTCP(descriptor, host, port)
        case .unix(let path, _):
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            try Client.connectUnix(descriptor, path)
        }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close() }

    private static func connectTCP(_ descriptor: Int32, _ host: String, _ port: UInt16) throws {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0, let info = list?.pointee else {
            throw Failure(what: "resolve \(host)")
        }
        defer { freeaddrinfo(list) }
        guard connect(descriptor, info.ai_addr, info.ai_addrlen) == 0 else { throw Failure(what: "connect") }
    }

    private static func connectUnix(_ descriptor: Int32, _ path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw Failure(what: "connect \(path)") }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { loop_send(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Failure(what: "send") }
            rest = rest.dropFirst(count)
        }
    }

    func get(_ path: String, _ fields: String = "") throws {
        try send("GET \(path) HTTP/1.1\r\nHost: h\r\n\(fields)\r\n")
    }

    /// Closes the sending side only.
    func halfClose() { shutdown(descriptor, Int32(SHUT_WR)) }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Closes with a reset.
    func reset() {
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        close()
    }

    /// Up to and with `mark`; throws at the end of the stream.
    func read(to mark: String) throws -> String {
        let mark = Array(mark.utf8)
        while true {
            if let end = position(of: mark) {
                defer { unread.removeFirst(end) }
                return String(decoding: unread[..<end], as: UTF8.self)
            }
            guard try fill() else {
                throw Failure(what: "the stream ended: \(String(decoding: unread, as: UTF8.self))")
            }
        }
    }

    func read(count: Int) throws -> String {
        while unread.count < count {
            guard try fill() else { throw Failure(what: "the stream ended") }
        }
        defer { unread.removeFirst(count) }
        return String(decoding: unread[..<count], as: UTF8.self)
    }

    /// All that comes until the peer closes; nil if it resets.
    func readToEnd() -> String? {
        while true {
            guard let more = try? fill() else { return nil }
            if !more { return String(decoding: unread, as: UTF8.self) }
        }
    }

    /// One answer of known length: its head and its body.
    func answer() throws -> (head: String, body: String) {
        let head = try read(to: "\r\n\r\n")
        let field = head.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }
        let count = field.flatMap { Int($0.dropFirst(16)) } ?? 0
        return (head, try read(count: count))
    }

    private func position(of mark: [UInt8]) -> Int? {
        guard unread.count >= mark.count else { return nil }
        for start in 0...(unread.count - mark.count) where Array(unread[start..<(start + mark.count)]) == mark
        {
            return start + mark.count
        }
        return nil
    }

    private func fill() throws -> Bool {
        let bytes = try receive()
        unread += bytes
        return !bytes.isEmpty
    }

    /// What is here, or comes; empty at the end.
    func receive() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        let count = buffer.withUnsafeMutableBytes { loop_receive(descriptor, $0.baseAddress, $0.count) }
        guard count >= 0 else { throw Failure(what: "receive: \(count)") }
        return Array(buffer[..<count])
    }
}
