import CLinux
import Glibc

/// Bytes to and from one peer: as they are, or through TLS, which is between these calls and the
/// descriptor. It is the descriptor's one owner.
struct Transport: ~Copyable {
    enum Reading {
        /// `isDry`: there is no more just now, so that another call isn't worth it. Without it there may
        /// be more, also inside of TLS, which no event will tell of. 0 bytes say only that.
        case bytes(Int, isDry: Bool)
        case wouldBlock
        /// The peer closed its side: there will be no more to read.
        case ended
        case failed
    }

    enum Writing {
        case bytes(Int)
        case wouldBlock
        case failed
    }

    private let descriptor: Descriptor
    /// nil: nobody speaks TLS here.
    let tls: TLSSession?

    init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
        tls = nil
    }

    /// Nil without memory.
    init?(_ descriptor: consuming Descriptor, tls context: TLSContext) {
        guard let session = TLSSession(context, descriptor: descriptor.number) else { return nil }
        self.descriptor = descriptor
        tls = session
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Reading {
        tls?.read(into: buffer) ?? readRaw(into: buffer)
    }

    /// What comes from the peer as it comes, for whoever only drops it.
    func readRaw(into buffer: UnsafeMutableRawBufferPointer) -> Reading {
        let count = loop_receive(descriptor.number, buffer.baseAddress, buffer.count)
        // epoll(7): less than was asked for, and the stream was read dry.
        if count > 0 { return .bytes(count, isDry: count < buffer.count) }
        if count == 0 { return .ended }
        return count == -Int(EAGAIN) ? .wouldBlock : .failed
    }

    /// How many of the bytes were taken: by the kernel, or by TLS, where `unsentBytes` has what the
    /// kernel didn't take.
    func write(_ bytes: UnsafeRawBufferPointer) -> Writing {
        tls?.write(bytes) ?? written(loop_send(descriptor.number, bytes.baseAddress, bytes.count))
    }

    func write(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Writing {
        guard let tls else {
            return written(
                loop_send2(
                    descriptor.number, first.baseAddress, first.count, second.baseAddress, second.count))
        }
        let outcome = tls.write(first)
        guard case .bytes(first.count) = outcome, case .bytes(let more) = tls.write(second) else {
            return outcome
        }
        return .bytes(first.count + more)
    }

    /// As it is, around TLS.
    func writeRaw(_ text: StaticString) {
        _ = loop_send(descriptor.number, text.utf8Start, text.utf8CodeUnitCount)
    }

    private func written(_ count: Int) -> Writing {
        if count >= 0 { return .bytes(count) }
        return count == -Int(EAGAIN) ? .wouldBlock : .failed
    }

    /// Ciphertext that waits for the kernel to have room: `flush` when it has.
    var unsentBytes: Int { tls?.unsentBytes ?? 0 }
    func flush() -> Writing { tls?.flush() ?? .bytes(0) }

    /// Says that there is no more to come, and still reads.
    func shutDownWriting() {
        if let tls { tls.end(fin: true) } else { shutdown(descriptor.number, Int32(SHUT_WR)) }
    }

    /// The descriptor is about to be closed in good order.
    func sayGoodbye() { tls?.end(fin: false) }

    /// Whether the peer has closed its side, or the connection is broken, by now.
    var peerHasLeft: Bool { loop_peer_left(descriptor.number) != 0 }

    /// Has the kernel find out about a peer that falls silent. While nothing is under way it asks, at the
    /// listener's times; what was sent must be acknowledged within so many seconds.
    func watchForSilence(_ seconds: Int32) {
        _ = loop_set_option(descriptor.number, SOL_SOCKET, SO_KEEPALIVE, 1)
        // tcp(7): "the maximum amount of time in milliseconds that transmitted data may remain
        // unacknowledged, or buffered data may remain untransmitted (due to zero window size)".
        _ = loop_set_option(descriptor.number, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, seconds * 1000)
    }

    /// The kernel has asked and not heard yet. It goes on asking only while nothing new is sent.
    var peerIsSilent: Bool { loop_peer_silent(descriptor.number) != 0 }

    /// Drops what the peer hasn't read, and tells it so by a reset, when this is let go.
    func abandon() { _ = loop_reset_on_close(descriptor.number) }

    var peer: Peer {
        var peer = Peer()
        if let host = SocketAddress.peer(of: descriptor.number)?.host {
            peer.address = host
        } else {
            peer.owner = ProcessOwner(ofPeer: descriptor.number)
        }
        if let tls {
            peer.isEncrypted = true
            peer.certificateSubject = tls.peerSubject
        }
        return peer
    }
}

extension ProcessOwner {
    /// nil if it is no Unix socket.
    init?(ofPeer descriptor: Int32) {
        var (user, group, process): (UInt32, UInt32, Int32) = (0, 0, 0)
        guard loop_peer_owner(descriptor, &user, &group, &process) == 0 else { return nil }
        self.init(user: user, group: group, process: process)
    }
}
