import CLinux
import Glibc

/// One end of the socket between baton and its guardian. SOCK_SEQPACKET keeps
/// the bounds of messages and says when the other side is gone.
struct Channel: ~Copyable {
    let descriptor: Int32

    deinit { close(descriptor) }

    /// Two ends, both CLOEXEC: no child holds one, so that the death of a process
    /// is the end of its channel.
    static func pair() throws(SupervisionError) -> (Int32, Int32) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw .system(call: "socketpair", errno) }
        return (ends[0], ends[1])
    }

    /// False when the message didn't go out: the other side is gone, or hasn't
    /// read for hundreds of messages, which comes to the same. Never waits.
    func send(_ message: Message, descriptors: [Int32] = []) -> Bool {
        let bytes = message.bytes
        let flags = Int32(MSG_DONTWAIT)
        return baton_send(descriptor, bytes, bytes.count, descriptors, Int32(descriptors.count), flags)
            == bytes.count
    }

    enum Receipt {
        case message(Message, descriptors: [Int32])
        case nothing
        case ended
    }

    func receive() -> Receipt {
        var bytes = [UInt8](repeating: 0, count: Message.bytesMax)
        var descriptors = [Int32](repeating: -1, count: Int(BATON_DESCRIPTORS_MAX))
        var count: Int32 = 0
        let received = baton_receive(
            descriptor, &bytes, bytes.count, &descriptors, &count, Int32(MSG_DONTWAIT))
        if received < 0 { return errno == EAGAIN ? .nothing : .ended }
        guard received > 0, let message = Message(bytes: bytes[..<received]) else { return .ended }
        return .message(message, descriptors: Array(descriptors.prefix(Int(count))))
    }

    /// Waits until there is something to receive, or the end; false after the time.
    func wait(milliseconds: Int32 = -1) -> Bool {
        var entry = pollfd(descriptor: descriptor)
        while true {
            let ready = poll(&entry, 1, milliseconds)
            if ready < 0, errno == EINTR { continue }
            return ready > 0
        }
    }
}

extension pollfd {
    /// Waits for something to read. poll(2) passes over a negative descriptor.
    init(descriptor: Int32) { self.init(fd: descriptor, events: Int16(POLLIN), revents: 0) }
}
