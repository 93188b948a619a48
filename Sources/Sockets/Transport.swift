import CLinux
import Glibc

/// Raw bytes to and from one peer: the place for TLS, which comes between these calls and the
/// descriptor. It is the descriptor's one owner.
struct Transport: ~Copyable {
    enum Outcome {
        case bytes(Int)
        case wouldBlock
        /// The peer closed its side: there will be no more to read.
        case ended
        case failed
    }

    private let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Outcome {
        let count = loop_receive(descriptor.number, buffer.baseAddress, buffer.count)
        if count > 0 { return .bytes(count) }
        if count == 0 { return .ended }
        return count == -Int(EAGAIN) ? .wouldBlock : .failed
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        written(loop_send(descriptor.number, bytes.baseAddress, bytes.count))
    }

    func write(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Outcome {
        written(
            loop_send2(
                descriptor.number, first.baseAddress, first.count, second.baseAddress, second.count))
    }

    private func written(_ count: Int) -> Outcome {
        if count >= 0 { return .bytes(count) }
        return count == -Int(EAGAIN) ? .wouldBlock : .failed
    }

    /// Says that there is no more to come, and still reads.
    func shutDownWriting() { shutdown(descriptor.number, Int32(SHUT_WR)) }

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
