import CLinux
import Glibc

/// Accepts connections, also when descriptors have run out.
///
/// Without one, accept(2) fails and leaves the connection in the queue, so a level-triggered loop
/// would spin. One descriptor is kept in reserve: it is closed to accept and close what waits, opened
/// again, and then accepting rests for a moment.
final class Listener: EventTarget {
    private unowned(unsafe) let server: HTTPServer
    private let descriptor: Descriptor
    private var reserve: Descriptor?
    /// The file that goes with the listener: of a Unix socket that it made itself.
    private let unixPath: String?
    let bound: ListenAddress
    /// Stands in for accept(2) in tests that need it to fail.
    var accept: (Int32) -> Int32 = loop_accept

    static let restTime: Int64 = 100_000_000
    private static let acceptsPerEvent = 64

    init(_ server: HTTPServer, _ address: ListenAddress) throws(SystemError) {
        self.server = server
        switch address {
        case .tcp(let host, let port):
            let (socket, host, port) = try Listener.bindTCP(host, port, server.limits)
            descriptor = Descriptor(socket)
            bound = .tcp(host: host, port: port)
            unixPath = nil
        case .tls(let host, let port):
            precondition(server.tls != nil, "TLS needs a certificate")
            let (socket, host, port) = try Listener.bindTCP(host, port, server.limits)
            descriptor = Descriptor(socket)
            bound = .tls(host: host, port: port)
            unixPath = nil
        case .unix(let path, let access):
            descriptor = Descriptor(try Listener.bindUnix(path, access))
            bound = address
            unixPath = path
        }
        super.init()
        guard listen(descriptor.number, 4096) == 0 else {
            throw SystemError("listen \(address)", code: errno)
        }
        try begin()
    }

    /// A socket that a service manager has bound and that listens. It stays the manager's: at the end
    /// it is let go and not shut down, so that what waits in its queue waits for the next daemon.
    init(_ server: HTTPServer, given number: Int32, isEncrypted: Bool) throws(SystemError) {
        precondition(!isEncrypted || server.tls != nil, "TLS needs a certificate")
        self.server = server
        let address = try Listener.adopt(number, server.limits)
        switch address {
        case .tcp(let host, let port) where isEncrypted: bound = .tls(host: host, port: port)
        case .unix where isEncrypted:
            throw SystemError("take over descriptor \(number): TLS over \(address)", code: EAFNOSUPPORT)
        default: bound = address
        }
        descriptor = Descriptor(number)
        unixPath = nil
        super.init()
        try begin()
    }

    private func begin() throws(SystemError) {
        reserve = Listener.openReserve()
        // Level-triggered: what one event leaves, the next one brings.
        try server.loop.add(self, descriptor: descriptor.number, events: EPOLLIN.rawValue)
    }

    /// For connections from now on.
    func renewOptions() {
        if bound.isTCP { Listener.setOptions(descriptor.number, server.limits) }
    }

    /// Stops accepting. Before the listener is let go.
    func end() {
        server.loop.unregister(descriptor.number)
        server.loop.remove(self)
    }

    deinit { if let unixPath { unlink(unixPath) } }

    private static func openReserve() -> Descriptor? {
        let number = open("/dev/null", O_RDONLY | O_CLOEXEC)
        return number >= 0 ? Descriptor(number) : nil
    }

    override func ready(_ events: UInt32) {
        for _ in 0..<Listener.acceptsPerEvent {
            let result = accept(descriptor.number)
            if result >= 0 {
                server.accepted(Descriptor(result), on: bound)
                continue
            }
            switch -result {
            case EAGAIN: return
            // accept(2): a connection that was gone before it was accepted, or a network's error
            // that belongs to the connection. The next one may be well.
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENETUNREACH, EHOSTDOWN, EHOSTUNREACH, ENOPROTOOPT,
                EOPNOTSUPP, EPERM:
                continue
            default:
                // EMFILE, ENFILE, ENOBUFS, ENOMEM.
                shed()
                return rest()
            }
        }
    }

    private func shed() {
        reserve = nil
        for _ in 0..<Listener.acceptsPerEvent {
            let waiting = loop_accept(descriptor.number)
            if waiting < 0 { break }
            close(waiting)
            server.counters.connectionsShed += 1
        }
        reserve = Listener.openReserve()
    }

    private func rest() {
        server.loop.modify(self, descriptor: descriptor.number, events: 0)
        server.loop.schedule(self, at: server.loop.now + Listener.restTime)
    }

    override func timerFired() {
        if reserve == nil { reserve = Listener.openReserve() }
        server.loop.modify(self, descriptor: descriptor.number, events: EPOLLIN.rawValue)
    }
}

extension Listener {
    private static func bindTCP(
        _ host: String, _ port: UInt16, _ limits: ServerLimits
    ) throws(SystemError) -> (socket: Int32, host: String, port: UInt16) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0, let first = list else {
            throw SystemError("resolve \(host)", code: EADDRNOTAVAIL)
        }
        defer { freeaddrinfo(list) }
        var failure = EADDRNOTAVAIL
        var candidate: UnsafeMutablePointer<addrinfo>? = first
        while let info = candidate?.pointee {
            candidate = info.ai_next
            let socket = socket(info.ai_family, info.ai_socktype | socketFlags, 0)
            guard socket >= 0 else {
                failure = errno
                continue
            }
            setOptions(socket, limits)
            if bind(socket, info.ai_addr, info.ai_addrlen) == 0, let local = SocketAddress.local(of: socket) {
                return (socket, local.host ?? host, local.port)
            }
            failure = errno
            close(socket)
        }
        throw SystemError("bind \(ListenAddress.tcp(host: host, port: port))", code: failure)
    }

    private static var socketFlags: Int32 {
        Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    }

    /// Makes a given descriptor fit, and tells where it listens.
    private static func adopt(_ number: Int32, _ limits: ServerLimits) throws(SystemError) -> ListenAddress {
        let action = "take over descriptor \(number)"
        // Otherwise -errno: ENOTSOCK for a file or a pipe.
        let type = loop_option(number, SOL_SOCKET, SO_TYPE)
        guard type >= 0 else { throw SystemError(action, code: -type) }
        guard type == Int32(SOCK_STREAM.rawValue) else { throw SystemError(action, code: ESOCKTNOSUPPORT) }
        guard loop_option(number, SOL_SOCKET, SO_ACCEPTCONN) == 1 else {
            throw SystemError("\(action): it doesn't listen", code: EINVAL)
        }
        let adopted = loop_adopt(number)
        guard adopted == 0 else { throw SystemError(action, code: -adopted) }
        guard let local = SocketAddress.local(of: number) else { throw SystemError(action, code: errno) }
        if let path = local.path { return .unix(path: path) }
        guard let host = local.host else { throw SystemError(action, code: EAFNOSUPPORT) }
        setOptions(number, limits)
        return .tcp(host: host, port: local.port)
    }

    /// Connections inherit all of these from their listener, which saves a call for each.
    private static func setOptions(_ socket: Int32, _ limits: ServerLimits) {
        let tcp = Int32(IPPROTO_TCP)
        _ = loop_set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1)
        _ = loop_set_option(socket, tcp, TCP_NODELAY, 1)
        let keepAlive = limits.keepAliveSeconds
        _ = loop_set_option(socket, tcp, TCP_KEEPIDLE, keepAlive.idle)
        _ = loop_set_option(socket, tcp, TCP_KEEPINTVL, keepAlive.interval)
        _ = loop_set_option(socket, tcp, TCP_KEEPCNT, keepAlive.count)
        // What the kernel has taken of an answer has to be read in time as well. A little later than our
        // own timer, which sends a reset and counts.
        let writeTime = Int32(clamping: limits.writeTime / 1_000_000 + 2_000)
        _ = loop_set_option(socket, tcp, TCP_USER_TIMEOUT, writeTime)
    }

    private static func bindUnix(_ path: String, _ access: SocketFileAccess) throws(SystemError) -> Int32 {
        let address = try SocketAddress(unix: path)
        let action = "bind unix:\(path)"
        try removeStale(path, address)
        let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | socketFlags, 0)
        guard socket >= 0 else { throw SystemError(action, code: errno) }
        // Nobody can connect before listen(2); so what happens to the file until then opens no door.
        guard address.with({ bind(socket, $0, $1) }) == 0 else {
            let code = errno
            close(socket)
            throw SystemError(action, code: code)
        }
        do throws(SystemError) {
            try admit(access, to: path)
        } catch {
            close(socket)
            unlink(path)
            throw error
        }
        return socket
    }

    /// By chmod(2), since bind(2) takes the umask from whatever mode it is given.
    private static func admit(_ access: SocketFileAccess, to path: String) throws(SystemError) {
        if let group = access.group {
            let action = "give unix:\(path) to group \(group)"
            guard let number = access.groupNumber else {
                throw SystemError("\(action): unknown", code: EINVAL)
            }
            // A user id of -1 leaves the owner: chown(2).
            guard lchown(path, uid_t.max, number) == 0 else { throw SystemError(action, code: errno) }
        }
        guard chmod(path, access.mode) == 0 else { throw SystemError("chmod unix:\(path)", code: errno) }
    }

    /// A socket's file outlives its server. One that nobody listens on any more is removed; a file
    /// that is no socket, or somebody's, isn't.
    private static func removeStale(_ path: String, _ address: SocketAddress) throws(SystemError) {
        let probe = Descriptor(socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | socketFlags, 0))
        guard address.with({ connect(probe.number, $0, $1) }) != 0 else {
            throw SystemError("bind unix:\(path)", code: EADDRINUSE)
        }
        var status = stat()
        if errno == ECONNREFUSED, lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK {
            unlink(path)
        }
    }
}
