import COpenSSL

/// How TLS is spoken with new connections: certificate, key, and whose certificates are believed.
///
/// Made whole or not at all. A new one takes the place of the old one when files are read anew;
/// connections keep the one that they began with (OpenSSL counts its users).
///
/// Sessions are resumed by tickets (RFC 5077, RFC 8446 §4.6.1) and by nothing else: the server keeps
/// no session, so that resumption costs no memory. Tickets are sealed with keys of the context. A
/// context that follows another takes over its keys, so that resumption outlives a new certificate;
/// but not when it believes other client certificates than the old one, since a ticket carries the
/// certificate that was verified then.
public final class TLSContext: @unchecked Sendable {
    public enum ClientCertificates: String, CaseIterable, Sendable { case none, optional, required }
    public enum Version: String, CaseIterable, Sendable {
        case v12 = "1.2"
        case v13 = "1.3"
    }

    /// Texts in PEM.
    public struct Material: Equatable, Sendable {
        /// The server's certificate, then those between it and the authority.
        public var certificates: [UInt8]
        public var key: [UInt8]
        public var clientCA: [UInt8]?
        public var clientCertificates = ClientCertificates.none
        public var minVersion = Version.v12

        public init(certificates: [UInt8], key: [UInt8]) {
            self.certificates = certificates
            self.key = key
        }
    }

    public let certificate: CertificateFacts
    /// Whose certificates are believed of clients.
    public let clientAuthorities: [CertificateFacts]
    let context: OpaquePointer
    private let material: Material

    /// Only ciphers with authenticated encryption and ephemeral keys: what RFC 9325 §4.2 recommends
    /// for 1.2. Those of 1.3 are all of that kind.
    private static let ciphers =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
        + "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
    private static let groups = "X25519:P-256:P-384"
    /// How long a ticket is good for, in seconds.
    private static let ticketTime = 3600

    public convenience init(_ material: Material, after old: TLSContext? = nil) throws(TLSError) {
        let chain = try PEM.certificates(material.certificates, .certificate)
        let key = try PEM.key(material.key)
        let authorities = try material.clientCA.map { text throws(TLSError) in
            try PEM.certificates(text, .clientCA)
        }
        guard X509_check_private_key(chain.first, key.pointer) == 1 else {
            TLSErrorQueue.clear()
            let subject = CertificateFacts(chain.first).subject
            throw TLSError(.key, "the key is not that of the certificate \(subject)")
        }
        guard let context = SSL_CTX_new(TLS_server_method()) else {
            throw TLSError(.library, "no memory for TLS")
        }
        self.init(context, CertificateFacts(chain.first), authorities?.facts ?? [], material)
        try use(chain, key)
        try setProtocol()
        if let authorities { try believe(authorities) }
        if let old { takeTicketKeys(of: old) }
    }

    private init(
        _ context: OpaquePointer, _ certificate: CertificateFacts, _ clientAuthorities: [CertificateFacts],
        _ material: Material
    ) {
        self.context = context
        self.certificate = certificate
        self.clientAuthorities = clientAuthorities
        self.material = material
    }

    deinit { SSL_CTX_free(context) }

    private func use(_ chain: PEM.Certificates, _ key: PEM.Key) throws(TLSError) {
        TLSErrorQueue.clear()
        guard SSL_CTX_use_certificate(context, chain.first) == 1 else {
            // Too weak for the security level, say.
            throw TLSError(.certificate, TLSErrorQueue.take()?.text ?? "can't be used")
        }
        for other in chain.pointers.dropFirst() { _ = baton_SSL_CTX_add1_chain_cert(context, other) }
        guard SSL_CTX_use_PrivateKey(context, key.pointer) == 1 else {
            throw TLSError(.key, TLSErrorQueue.take()?.text ?? "can't be used")
        }
    }

    private func setProtocol() throws(TLSError) {
        let least = material.minVersion == .v13 ? TLS1_3_VERSION : TLS1_2_VERSION
        TLSErrorQueue.clear()
        guard baton_SSL_CTX_set_min_proto_version(context, least) == 1,
            SSL_CTX_set_cipher_list(context, Self.ciphers) == 1,
            baton_SSL_CTX_set1_groups_list(context, Self.groups) == 1
        else { throw TLSError(.library, TLSErrorQueue.take()?.text ?? "TLS can't be set up") }
        // An end without close_notify is an end: HTTP says itself where a message is complete, and
        // RFC 9112 §9.8 has servers be prepared for it.
        SSL_CTX_set_options(context, baton_server_options)
        // 34 KiB of buffers for each connection are there only while there is something in them.
        baton_SSL_CTX_set_mode(context, Int(SSL_MODE_RELEASE_BUFFERS))
        // One recv for a record's header, its body, and what comes behind it.
        baton_SSL_CTX_set_read_ahead(context, 1)
        baton_SSL_CTX_set_session_cache_mode(context, Int(SSL_SESS_CACHE_OFF))
        SSL_CTX_set_timeout(context, Self.ticketTime)
        SSL_CTX_set_num_tickets(context, 1)
        var name = Array("baton".utf8)
        SSL_CTX_set_session_id_context(context, &name, UInt32(name.count))
        SSL_CTX_set_alpn_select_cb(context, chooseProtocol, nil)
    }

    private func believe(_ authorities: PEM.Certificates) throws(TLSError) {
        let store = SSL_CTX_get_cert_store(context)
        for authority in authorities.pointers {
            X509_STORE_add_cert(store, authority)
            // Told to clients, which choose among their certificates by it.
            SSL_CTX_add_client_CA(context, authority)
        }
        switch material.clientCertificates {
        case .none: break
        case .optional: SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        case .required:
            SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        }
    }

    private func takeTicketKeys(of old: TLSContext) {
        guard material.clientCA == old.material.clientCA,
            material.clientCertificates == old.material.clientCertificates
        else { return }
        let count = baton_SSL_CTX_get_tlsext_ticket_keys(old.context, nil, 0)
        var keys = [UInt8](repeating: 0, count: Int(count))
        guard baton_SSL_CTX_get_tlsext_ticket_keys(old.context, &keys, count) == 1 else { return }
        _ = baton_SSL_CTX_set_tlsext_ticket_keys(context, &keys, count)
        OPENSSL_cleanse(&keys, keys.count)
    }
}

/// RFC 7301 §3.2: of what the client offers, what we speak; else the alert no_application_protocol.
/// Not called for a client that offers nothing: that one speaks HTTP/1.1 unasked.
private func chooseProtocol(
    _ ssl: OpaquePointer?, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ chosenCount: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?, _ offeredCount: UInt32,
    _ context: UnsafeMutableRawPointer?
) -> Int32 {
    let offers = UnsafeBufferPointer(start: offered, count: Int(offeredCount))
    for wanted: StaticString in ["http/1.1", "http/1.0"] {
        let wantedBytes = UnsafeBufferPointer(start: wanted.utf8Start, count: wanted.utf8CodeUnitCount)
        var place = 0
        // A list of names, each behind its length.
        while place < offers.count {
            let end = place + 1 + Int(offers[place])
            guard end <= offers.count else { return SSL_TLSEXT_ERR_ALERT_FATAL }
            if offers[(place + 1)..<end].elementsEqual(wantedBytes) {
                chosen?.pointee = wanted.utf8Start
                chosenCount?.pointee = UInt8(wanted.utf8CodeUnitCount)
                return SSL_TLSEXT_ERR_OK
            }
            place = end
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}
