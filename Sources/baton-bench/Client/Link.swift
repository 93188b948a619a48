import CLinux
import Glibc

/// One client's connection. Requests go out as they are; answers come to `onAnswer`.
final class Link {
    private unowned let loop: Loop
    private var socket: Int32
    private let tunnel: Tunnel?
    private var index = -1
    private var parser = AnswerParser()
    /// What the socket didn't take yet; before the connection stands, everything.
    private var unsent: [UInt8] = []
    private(set) var isOpen = false
    var isClosed: Bool { socket < 0 }
    var onAnswer: (Answer) throws -> Void = { _ in }

    /// Begins to connect.
    init(to address: Address, on loop: Loop) throws(BenchError) {
        self.loop = loop
        socket = address.socket()
        tunnel = address.isEncrypted ? Tunnel(socket) : nil
        guard socket >= 0 else { throw .system("socket", errno) }
        loop_set_option(socket, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        guard address.connect(socket) || errno == EINPROGRESS else {
            // `deinit` closes: it runs for what is thrown, too.
            throw .system("connect", errno)
        }
        index = try loop.add(self, socket)
    }

    deinit { if socket >= 0 { Glibc.close(socket) } }

    /// The peer sees an end of file. Unread bytes make it a reset.
    func close() {
        guard socket >= 0 else { return }
        loop.remove(index)
        forget()
    }

    /// The loop is gone, or has let go of it.
    func forget() {
        if socket >= 0 { Glibc.close(socket) }
        socket = -1
        isOpen = false
        onAnswer = { _ in }
    }

    func send(_ request: Request) throws(BenchError) {
        guard isOpen, unsent.isEmpty else {
            unsent.append(contentsOf: request.bytes)
            return
        }
        let sent = write(request.bytes)
        if sent == request.bytes.count { return }
        guard sent >= 0 || sent == -Int(EAGAIN) else { throw .system("send", Int32(-sent)) }
        unsent.append(contentsOf: request.bytes[max(0, sent)...])
        loop.watch(index, socket, writing: true)
    }

    /// Nothing is under way on it, and the daemon may close it when it likes.
    var mayClose = false

    private func closedByPeer() throws(BenchError) {
        guard mayClose else { throw .answer("the daemon closed a connection") }
        close()
    }

    // MARK: From the loop

    func happened(_ events: UInt32) throws {
        if events & EPOLLOUT.rawValue != 0 { try writable() }
        if events & ~EPOLLOUT.rawValue != 0 { try readable() }
    }

    private func write(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { tunnel?.send($0) ?? loop_send(socket, $0.baseAddress, $0.count) }
    }

    private func writable() throws(BenchError) {
        if let tunnel, !tunnel.isOpen, try !tunnel.open() {
            return loop.watch(index, socket, writing: false)
        }
        isOpen = true
        if !unsent.isEmpty {
            let sent = write(unsent)
            if sent == -Int(EAGAIN) { return }
            guard sent >= 0 else { throw .system("send", Int32(-sent)) }
            unsent.removeFirst(sent)
        }
        if unsent.isEmpty { loop.watch(index, socket, writing: false) }
    }

    private func readable() throws {
        // Of a handshake: what it was waiting for.
        if let tunnel, !tunnel.isOpen { return try writable() }
        while socket >= 0 {
            let count = read()
            if count == -Int(EAGAIN) { return }
            guard count >= 0 else { throw BenchError.system("recv", Int32(-count)) }
            guard count > 0 else { return try closedByPeer() }
            let bytes = UnsafeRawBufferPointer(rebasing: loop.buffer[..<count])
            try parser.take(bytes, onAnswer)
            // What is still with the kernel is another event.
            if count < loop.buffer.count, tunnel?.hasMore != true { return }
        }
    }

    private func read() -> Int {
        tunnel?.receive(loop.buffer) ?? loop_receive(socket, loop.buffer.baseAddress, loop.buffer.count)
    }
}
