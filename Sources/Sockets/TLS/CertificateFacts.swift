import CLinux
import COpenSSL
import Glibc

/// What people want to know of a certificate.
public struct CertificateFacts: Hashable, Sendable {
    /// RFC 4514: `CN=baton.example.org,O=build`. Characters beyond ASCII are as they are.
    public let subject: String
    /// Seconds since 1970-01-01 UTC.
    public let notBefore: Int64
    public let notAfter: Int64
    /// SHA-256 of the whole certificate, in hexadecimal digits.
    public let fingerprint: String

    init(_ certificate: OpaquePointer) {
        subject = Self.subject(of: certificate)
        notBefore = Self.seconds(X509_get0_notBefore(certificate))
        notAfter = Self.seconds(X509_get0_notAfter(certificate))
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        X509_digest(certificate, EVP_sha256(), &digest, &count)
        let digits = Array("0123456789abcdef".utf8)
        fingerprint = String(
            decoding: digest.prefix(Int(count)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self)
    }

    /// "2027-01-31T12:00:00Z".
    public var notAfterText: String {
        var moment = time_t(notAfter)
        var parts = tm()
        gmtime_r(&moment, &parts)
        var text = [CChar](repeating: 0, count: 32)
        let count = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func subject(of certificate: OpaquePointer) -> String {
        guard let memory = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(memory) }
        X509_NAME_print_ex(memory, X509_get_subject_name(certificate), 0, baton_readable_name)
        var bytes: UnsafeMutableRawPointer?
        let count = BIO_ctrl(memory, BIO_CTRL_INFO, 0, &bytes)
        return String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    private static func seconds(_ moment: UnsafePointer<ASN1_TIME>?) -> Int64 {
        var parts = tm()
        guard ASN1_TIME_to_tm(moment, &parts) == 1 else { return 0 }
        return Int64(timegm(&parts))
    }
}
