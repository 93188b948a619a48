import COpenSSL
import Glibc

@testable import Sockets

/// A client whose TLS is OpenSSL's and whose ciphertext is the test's: it is made in memory, so that a
/// test can send it byte by byte, cut off or broken.
final class TLSClient {
    struct Terms {
        var least = TLS1_2_VERSION
        var most = TLS1_3_VERSION
        var protocols: [String] = []
        var certificate: Authority.Leaf?
        var session: OpaquePointer?
        /// Whose certificates are believed; nil: everybody's.
        var authority: Authority?
    }
    struct Failure: Error { let what: String }

    let raw: Client
    private let context: OpaquePointer
    let ssl: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    private var unread: [UInt8] = []

    init(_ address: ListenAddress, _ terms: Terms = Terms(), receiveBuffer: Int32? = nil) throws {
        raw = try Client(address, receiveBuffer: receiveBuffer)
        context = SSL_CTX_new(TLS_client_method())
        // TLS 1.1 needs it.
        SSL_CTX_set_security_level(context, 0)
        _ = baton_SSL_CTX_set_min_proto_version(context, terms.least)
        _ = baton_SSL_CTX_set_max_proto_version(context, terms.most)
        try Self.prepare(context, terms)
        ssl = SSL_new(context)
        incoming = BIO_new(BIO_s_mem())
        outgoing = BIO_new(BIO_s_mem())
        SSL_set_bio(ssl, incoming, outgoing)
        SSL_set_connect_state(ssl)
        _ = baton_SSL_set_tlsext_host_name(ssl, "localhost")
        let offers = terms.protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        if !offers.isEmpty { SSL_set_alpn_protos(ssl, offers, UInt32(offers.count)) }
        if let session = terms.session { SSL_set_session(ssl, session) }
    }

    private static func prepare(_ context: OpaquePointer, _ terms: Terms) throws {
        if let authority = terms.authority {
            let believed = try PEM.certificates(authority.certificate, .clientCA)
            withExtendedLifetime(believed) {
                _ = X509_STORE_add_cert(SSL_CTX_get_cert_store(context), believed.first)
            }
            SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        }
        if let leaf = terms.certificate {
            let (chain, key) = (try PEM.certificates(leaf.text, .certificate), try PEM.key(leaf.text))
            withExtendedLifetime((chain, key)) {
                SSL_CTX_use_certificate(context, chain.first)
                SSL_CTX_use_PrivateKey(context, key.pointer)
            }
        }
    }

    deinit {
        SSL_free(ssl)
        SSL_CTX_free(context)
    }

    // MARK: Ciphertext

    /// What TLS wants to be sent.
    func ciphertext() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(BIO_ctrl_pending(outgoing)))
        if !bytes.isEmpty { BIO_read(outgoing, &bytes, Int32(bytes.count)) }
        return bytes
    }

    /// Takes ciphertext in; false at the end.
    func receiveMore() throws -> Bool {
        let bytes = try raw.receive()
        if !bytes.isEmpty { BIO_write(incoming, bytes, Int32(bytes.count)) }
        return !bytes.isEmpty
    }

    /// One step; returns whether the handshake is complete. What it wants to send isn't sent yet.
    func step() throws -> Bool {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        if result == 1 { return true }
        guard SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ else { throw Failure(what: Self.error) }
        return false
    }

    private static var error: String {
        String(cString: ERR_reason_error_string(ERR_get_error()) ?? ERR_reason_error_string(0))
    }

    // MARK: As a client does

    @discardableResult
    func handshake(piece: Int = .max) throws -> TLSClient {
        while true {
            let done = try step()
            try sendPieces(ciphertext(), piece)
            if done { return self }
            guard try receiveMore() else { throw Failure(what: "the server closed") }
        }
    }

    private func sendPieces(_ bytes: [UInt8], _ piece: Int) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            try raw.send(Array(rest.prefix(piece)))
            rest = rest.dropFirst(piece)
        }
    }

    /// Each piece of the text becomes one record.
    func encrypt(_ text: String, record: Int = 16_384) -> [UInt8] {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            SSL_write(ssl, Array(rest.prefix(record)), Int32(min(record, rest.count)))
            rest = rest.dropFirst(record)
        }
        return ciphertext()
    }

    func send(_ text: String, record: Int = 16_384) throws { try raw.send(encrypt(text, record: record)) }

    func get(_ path: String, _ fields: String = "") throws {
        try send("GET \(path) HTTP/1.1\r\nHost: h\r\n\(fields)\r\n")
    }

    /// close_notify, and no FIN.
    func notifyClose() throws {
        SSL_shutdown(ssl)
        try raw.send(ciphertext())
    }

    /// False at the end: with close_notify if `sawGoodbye`.
    private func fill() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            ERR_clear_error()
            let count = SSL_read(ssl, &buffer, Int32(buffer.count))
            // Answers to a key update.
            try? raw.send(ciphertext())
            if count > 0 {
                unread += buffer[..<Int(count)]
                return true
            }
            switch SSL_get_error(ssl, count) {
            case SSL_ERROR_WANT_READ: guard try receiveMore() else { return false }
            case SSL_ERROR_ZERO_RETURN: return false
            default: throw Failure(what: Self.error)
            }
        }
    }

    var sawGoodbye: Bool { SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0 }

    func read(count: Int) throws -> String {
        while unread.count < count { guard try fill() else { throw Failure(what: "the stream ended") } }
        defer { unread.removeFirst(count) }
        return String(decoding: unread[..<count], as: UTF8.self)
    }

    func read(to mark: String) throws -> String {
        let mark = Array(mark.utf8)
        while true {
            for end in stride(from: mark.count, through: unread.count, by: 1)
            where unread[(end - mark.count)..<end].elementsEqual(mark) { return try read(count: end) }
            guard try fill() else { throw Failure(what: "the stream ended") }
        }
    }

    func readToEnd() throws -> String {
        while try fill() {}
        return String(decoding: unread, as: UTF8.self)
    }

    /// One answer of known length: its head and its body.
    func answer() throws -> (head: String, body: String) {
        let head = try read(to: "\r\n\r\n")
        let field = head.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }
        return (head, try read(count: field.flatMap { Int($0.dropFirst(16)) } ?? 0))
    }

    /// For another connection; TLS 1.3 has it once an answer was read.
    func session() -> OpaquePointer? { SSL_get1_session(ssl) }

    var negotiated: String {
        var bytes: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &bytes, &count)
        return String(decoding: UnsafeBufferPointer(start: bytes, count: Int(count)), as: UTF8.self)
    }

    var serverSubject: String {
        SSL_get0_peer_certificate(ssl).map { CertificateFacts.subject(of: $0) } ?? ""
    }
}
