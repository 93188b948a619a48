import CLinux
import Glibc

/// How a client may keep a server busy with little work of its own.
enum AttackMethod: CaseIterable {
    /// A head, a byte at a time: the slowloris.
    case slowHead
    /// A whole head that announces a body, and of that a byte now and then.
    case slowBody
    /// Asks for a list that fills the sockets' buffers, and reads none of it.
    case unreadList
    /// Contends for one name over a stream, and reads none of it.
    case unreadStream

    var drips: Bool { self == .slowHead || self == .slowBody }
}

/// What was done to the attackers of one method.
struct AttackToll {
    /// Answered 408 and closed.
    var timedOut = 0
    /// Told something else first.
    var toldOtherwise = 0
    /// Closed or reset without a word that was read.
    var closed = 0
    /// From connecting to being cut off.
    var lasted = Samples()

    var cutOff: Int { timedOut + toldOtherwise + closed }
}

/// One of them. When it is cut off it begins again.
final class Attacker {
    let method: AttackMethod
    /// What is sent at once, when the connection stands; each time with another serial number.
    private var opening: Request?
    private var serial = 0
    /// It hangs up after so many nanoseconds and begins anew, since nobody can see that he was cut off
    /// while his window is shut. Nil: not by itself.
    let patience: Int64?
    /// What comes behind, a byte at a time; the last one again and again.
    private let dripping: [UInt8]
    private var dripped = 0
    private(set) var socket: Int32 = -1
    private(set) var began: Int64 = 0

    init(_ method: AttackMethod, opening: Request? = nil, dripping: [UInt8] = [], patience: Int64? = nil) {
        self.method = method
        self.opening = opening
        self.dripping = dripping
        self.patience = patience
    }

    /// What an epoll should tell of it: never that something can be read, if it doesn't read.
    var interest: UInt32 {
        method.drips ? EPOLLIN.rawValue | EPOLLRDHUP.rawValue : EPOLLRDHUP.rawValue
    }

    /// Returns whether there is a socket.
    func connect(to address: Address) -> Bool {
        socket = address.socket()
        guard socket >= 0 else { return false }
        began = Clock.now
        dripped = 0
        // socket(7): the kernel doubles it. Set before connect, or the window would be wider already.
        if !method.drips { loop_set_option(socket, SOL_SOCKET, SO_RCVBUF, 2048) }
        loop_set_option(socket, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        guard address.connect(socket) || errno == EINPROGRESS else {
            close()
            return false
        }
        // Loopback's connections stand at once; where one doesn't, the opening is left out.
        serial += 1
        opening?.set(serial: serial)
        _ = opening?.bytes.withUnsafeBytes { loop_send(socket, $0.baseAddress, $0.count) }
        return true
    }

    func drip() {
        guard socket >= 0, !dripping.isEmpty else { return }
        var byte = dripping[min(dripped, dripping.count - 1)]
        if loop_send(socket, &byte, 1) == 1 { dripped += 1 }
    }

    /// It was cut off, or closed by its peer: takes what it was told into the toll.
    func count(into toll: inout AttackToll) {
        var bytes = [UInt8](repeating: 0, count: 512)
        let told = method.drips ? loop_receive(socket, &bytes, bytes.count) : 0
        if told >= 12 {
            let isTimeout = bytes[9..<12].elementsEqual("408".utf8)
            if isTimeout { toll.timedOut += 1 } else { toll.toldOtherwise += 1 }
        } else {
            toll.closed += 1
        }
        toll.lasted.add(Clock.now - began)
    }

    func close() {
        if socket >= 0 { Glibc.close(socket) }
        socket = -1
    }
}
