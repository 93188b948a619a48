import CLinux
import COpenSSL
import Glibc

/// TLS on one connection: between its plaintext and its descriptor.
///
/// Every call ends at once. OpenSSL reads from the descriptor as much as one call needs, but at most
/// `bytesPerCall`: records that carry nothing for us (key updates, say) must not keep the loop.
final class TLSSession {
    enum Progress {
        case done
        /// More has to come; or with `isDry` false, more is here and another call will go on.
        case wouldBlock(isDry: Bool)
        case failed(HandshakeFailure)
    }

    private var ssl: OpaquePointer!
    /// The transport's, which owns it.
    private let descriptor: Int32
    /// Ciphertext that the kernel hasn't taken.
    private var unsent = ByteQueue()
    /// The descriptor gave less than it was asked for.
    private var isDry = false
    private var allowance = 0
    /// recv said so: no more ciphertext comes.
    private(set) var sawEnd = false
    /// Nothing can be said on it any more.
    private var isBroken = false
    /// close_notify was given out; a FIN follows it.
    private var isEnded = false
    private var wantsFIN = false

    private static let bytesPerCall = 32 * 1024
    /// What may wait to be sent before nothing more is read: a peer that provokes alerts, each refused
    /// renegotiation is one, and reads none of them is broken off. More than an answer's record.
    private static let unsentMax = 64 * 1024
    /// RFC 8446 §5.1: the most plaintext of one record.
    private static let recordBytes = 16 * 1024

    /// Nil without memory.
    init?(_ context: TLSContext, descriptor: Int32) {
        self.descriptor = descriptor
        guard let ssl = SSL_new(context.context) else { return nil }
        self.ssl = ssl
        guard let bio = TLSBIO.make(for: self) else { return nil }
        // One BIO for both directions; the SSL takes over the one reference.
        SSL_set_bio(ssl, bio, bio)
        SSL_set_accept_state(ssl)
    }

    deinit { SSL_free(ssl) }

    // MARK: Handshake

    func handshake() -> Progress {
        begin()
        let result = SSL_do_handshake(ssl)
        if result == 1 {
            // A ticket carries the certificate that was verified when it was made, and OpenSSL
            // believes it as long as the ticket is good.
            if isResumed, let certificate = SSL_get0_peer_certificate(ssl),
                X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0
            {
                isBroken = true
                return .failed(.refused("the client's certificate has expired since its session began"))
            }
            return .done
        }
        if SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ, !sawEnd { return .wouldBlock(isDry: isDry) }
        isBroken = true
        return .failed(failure)
    }

    private var failure: HandshakeFailure {
        let error = TLSErrorQueue.take()
        if error?.reason == SSL_R_HTTP_REQUEST { return .plainHTTP }
        if sawEnd || error == nil { return .cutOff }
        let verdict = SSL_get_verify_result(ssl)
        guard error?.reason == SSL_R_CERTIFICATE_VERIFY_FAILED, verdict != X509_V_OK else {
            return .refused(error?.text ?? "")
        }
        let words = String(cString: X509_verify_cert_error_string(verdict))
        return .refused("the client's certificate: \(words)")
    }

    var isResumed: Bool { SSL_session_reused(ssl) == 1 }
    var version: TLSContext.Version { SSL_version(ssl) == TLS1_3_VERSION ? .v13 : .v12 }

    /// Of the certificate that the peer proved to have and that was verified.
    private(set) lazy var peerSubject: String? = {
        guard SSL_get_verify_result(ssl) == X509_V_OK, let certificate = SSL_get0_peer_certificate(ssl)
        else { return nil }
        return CertificateFacts.subject(of: certificate)
    }()

    // MARK: Plaintext

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Transport.Reading {
        begin()
        return reading(SSL_read(ssl, buffer.baseAddress, Int32(clamping: buffer.count)))
    }

    /// Whether the peer said close_notify, for whoever doesn't read just now. What else came stays:
    /// one record at the most.
    func peek() -> Transport.Reading {
        var byte: UInt8 = 0
        begin()
        return reading(SSL_peek(ssl, &byte, 1))
    }

    private func reading(_ result: Int32) -> Transport.Reading {
        if result > 0 { return .bytes(Int(result), isDry: isDry && SSL_has_pending(ssl) == 0) }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return isDry ? .wouldBlock : .bytes(0, isDry: false)
        case SSL_ERROR_ZERO_RETURN: return .ended
        default:
            isBroken = true
            return .failed
        }
    }

    /// Stops behind the record of which the kernel didn't take all.
    func write(_ bytes: UnsafeRawBufferPointer) -> Transport.Writing {
        var taken = 0
        while taken < bytes.count, unsent.isEmpty {
            guard !isBroken, !isEnded else { return taken > 0 ? .bytes(taken) : .failed }
            begin()
            let part = min(bytes.count - taken, Self.recordBytes)
            let count = SSL_write(ssl, bytes.baseAddress! + taken, Int32(part))
            if count > 0 { taken += Int(count) } else { isBroken = true }
        }
        return taken > 0 || bytes.isEmpty ? .bytes(taken) : .wouldBlock
    }

    var unsentBytes: Int { unsent.count }

    /// Gives the kernel ciphertext that waits. Says how much it took.
    func flush() -> Transport.Writing {
        guard !unsent.isEmpty else { return .bytes(0) }
        let sent = unsent.withUnsafeBytes { loop_send(descriptor, $0.baseAddress, $0.count) }
        if sent == -Int(EAGAIN) { return .wouldBlock }
        guard sent >= 0 else { return .failed }
        unsent.drop(sent)
        if unsent.isEmpty, wantsFIN { shutdown(descriptor, Int32(SHUT_WR)) }
        return .bytes(sent)
    }

    /// RFC 8446 §6.1: close_notify, so that the peer knows that nothing was cut off. With `fin`, the
    /// descriptor's end follows when all ciphertext is out.
    func end(fin: Bool) {
        if !isBroken, !isEnded, SSL_is_init_finished(ssl) == 1 {
            isEnded = true
            begin()
            SSL_shutdown(ssl)
            TLSErrorQueue.clear()
        }
        guard fin else { return }
        if unsent.isEmpty { shutdown(descriptor, Int32(SHUT_WR)) } else { wantsFIN = true }
    }

    private func begin() {
        TLSErrorQueue.clear()
        allowance = Self.bytesPerCall
        isDry = false
    }

    // MARK: What the BIO calls

    /// Nil when nothing is here, or this call has had its share.
    func receive(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
        guard allowance > 0 else { return nil }
        guard unsent.count <= Self.unsentMax else { return -1 }
        let got = loop_receive(descriptor, buffer.baseAddress, buffer.count)
        isDry = got < buffer.count
        if got > 0 { allowance -= got }
        if got == -Int(EAGAIN) { return nil }
        sawEnd = got == 0
        return max(got, -1)
    }

    /// False if the connection is broken, and then nothing of it has left.
    func send(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard unsent.isEmpty else {
            unsent.append(bytes)
            return true
        }
        let sent = loop_send(descriptor, bytes.baseAddress, bytes.count)
        guard sent >= 0 || sent == -Int(EAGAIN) else { return false }
        let taken = max(sent, 0)
        if taken < bytes.count { unsent.append(UnsafeRawBufferPointer(rebasing: bytes[taken...])) }
        return true
    }
}
