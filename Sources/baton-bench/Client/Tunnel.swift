import COpenSSL
import Glibc

/// TLS around a client's socket, with the manners of loop_send and loop_receive: counts, or -errno.
///
/// Whom it talks to isn't verified: it measures a daemon of its own.
final class Tunnel {
    private let ssl: OpaquePointer
    private(set) var isOpen = false

    nonisolated(unsafe) private static let context: OpaquePointer = {
        let context = SSL_CTX_new(TLS_client_method())!
        baton_SSL_CTX_set_mode(
            context,
            Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER))
        baton_SSL_CTX_set_read_ahead(context, 1)
        return context
    }()

    init(_ socket: Int32) {
        ssl = SSL_new(Self.context)
        SSL_set_fd(ssl, socket)
        SSL_set_connect_state(ssl)
    }

    deinit { SSL_free(ssl) }

    /// A step of the handshake; false until it is complete.
    func open() throws(BenchError) -> Bool {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        isOpen = result == 1
        guard isOpen || code(result) == -Int(EAGAIN) else { throw .answer("the TLS handshake failed") }
        return isOpen
    }

    func send(_ bytes: UnsafeRawBufferPointer) -> Int {
        ERR_clear_error()
        let result = SSL_write(ssl, bytes.baseAddress, Int32(bytes.count))
        return result > 0 ? Int(result) : code(result)
    }

    func receive(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        ERR_clear_error()
        let result = SSL_read(ssl, buffer.baseAddress, Int32(buffer.count))
        return result > 0 ? Int(result) : code(result)
    }

    /// Whether it has read more from the socket than it gave out.
    var hasMore: Bool { SSL_has_pending(ssl) == 1 }

    private func code(_ result: Int32) -> Int {
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: -Int(EAGAIN)
        case SSL_ERROR_ZERO_RETURN: 0
        default: -Int(ECONNRESET)
        }
    }
}
