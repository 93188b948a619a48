import COpenSSL

/// Certificates and keys from PEM texts (RFC 7468).
enum PEM {
    /// Let go, its pointers lead nowhere: who passes one on keeps the whole until the call is over.
    final class Certificates {
        let pointers: [OpaquePointer]
        var first: OpaquePointer { pointers[0] }
        var facts: [CertificateFacts] { pointers.map { CertificateFacts($0) } }
        init(_ pointers: [OpaquePointer]) { self.pointers = pointers }
        deinit { for pointer in pointers { X509_free(pointer) } }
    }

    final class Key {
        let pointer: OpaquePointer
        init(_ pointer: OpaquePointer) { self.pointer = pointer }
        deinit { EVP_PKEY_free(pointer) }
    }

    /// One at least.
    static func certificates(_ text: [UInt8], _ part: TLSError.Part) throws(TLSError) -> Certificates {
        let found = reading(text) { memory in
            var pointers: [OpaquePointer] = []
            while let certificate = PEM_read_bio_X509(memory, nil, nil, nil) { pointers.append(certificate) }
            return Certificates(pointers)
        }
        // PEM_read_bio ends with "no start line" where there is no more; else something is broken.
        let end = TLSErrorQueue.take()
        guard !found.pointers.isEmpty else { throw TLSError(part, "there is no certificate in PEM") }
        guard end?.reason == PEM_R_NO_START_LINE else {
            throw TLSError(
                part, "what follows certificate \(found.pointers.count) is broken: \(end?.text ?? "unknown")")
        }
        return found
    }

    static func key(_ text: [UInt8]) throws(TLSError) -> Key {
        // Without a callback OpenSSL would ask the terminal for a passphrase.
        let pointer = reading(text) { PEM_read_bio_PrivateKey($0, nil, { _, _, _, _ in -1 }, nil) }
        TLSErrorQueue.clear()
        guard let pointer else {
            // RFC 7468 §11, and `Proc-Type: 4,ENCRYPTED` of RFC 1421.
            let isSealed = String(decoding: text, as: UTF8.self).contains("ENCRYPTED")
            throw TLSError(
                .key, isSealed ? "the key is encrypted; it is needed in the clear" : "there is no key in PEM")
        }
        return Key(pointer)
    }

    private static func reading<Result>(_ text: [UInt8], _ body: (OpaquePointer?) -> Result) -> Result {
        TLSErrorQueue.clear()
        return text.withUnsafeBytes { bytes in
            let memory = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count))
            defer { BIO_free(memory) }
            return body(memory)
        }
    }
}
