import CCurl

/// Whom an `https://` server's certificate is believed from, and which certificate we show. All paths
/// are of files in PEM; nil leaves it to the system.
public struct Trust: Equatable, Sendable {
    /// Authorities, in place of those of the system.
    public var authorities: String?
    /// Believes everybody: who is on the way reads the token.
    public var believesEverybody = false
    public var certificate: String?
    /// nil: it is in `certificate` as well.
    public var key: String?

    public init() {}

    /// `BATON_CA_FILE`, `BATON_INSECURE_SKIP_VERIFY`, `BATON_CLIENT_CERTIFICATE`, `BATON_CLIENT_KEY`.
    public init(environment: [String: String]) {
        func text(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        authorities = text("BATON_CA_FILE")
        believesEverybody = ["1", "true"].contains(text("BATON_INSECURE_SKIP_VERIFY"))
        certificate = text("BATON_CLIENT_CERTIFICATE")
        key = text("BATON_CLIENT_KEY")
    }

    /// For a program that is started by this one: as it would find it in its own environment.
    public var environment: [String: String] {
        var variables: [String: String] = [:]
        variables["BATON_CA_FILE"] = authorities
        variables["BATON_INSECURE_SKIP_VERIFY"] = believesEverybody ? "1" : nil
        variables["BATON_CLIENT_CERTIFICATE"] = certificate
        variables["BATON_CLIENT_KEY"] = key
        return variables
    }

    /// What a person can do about a failure of TLS; nil where it is none.
    ///
    /// - Parameter verdict: OpenSSL's of the certificate, X509_V_ERR_… in x509_vfy.h.
    func advice(_ code: CURLcode, verdict: Int, detail: String, endpoint: String) -> String? {
        switch code {
        case CURLE_PEER_FAILED_VERIFICATION:
            return "\(endpoint) isn't believed: \(reason(verdict, detail))"
        case CURLE_SSL_CACERT_BADFILE:
            return "the authorities in \(authorities ?? "") can't be read: \(detail)"
        case CURLE_SSL_CERTPROBLEM:
            return
                "the client certificate \(certificate ?? "") or its key \(key ?? certificate ?? "") can't be used: \(detail)"
        default: break
        }
        // Of TLS 1.3 the first thing that is read, of 1.2 the end of the handshake.
        if detail.contains("certificate required") || detail.contains("handshake failure"), certificate == nil
        {
            return
                "\(endpoint) wants a client's certificate: --client-certificate and --client-key (\(detail))"
        }
        if detail.contains("wrong version number") || detail.contains("packet length too long") {
            return "\(endpoint) doesn't speak TLS: http:// instead of https://? (\(detail))"
        }
        return nil
    }

    private func reason(_ verdict: Int, _ detail: String) -> String {
        // curl compares names itself; OpenSSL has nothing against it then.
        if detail.contains("subject name") {
            return "its certificate is for another host. Use a name that is in it (\(detail))"
        }
        return switch verdict {
        case 9: "its certificate is not valid yet. Compare the clocks"
        case 10: "its certificate has expired. Whoever runs it has to renew it"
        case 2, 18, 19, 20, 21:
            "its certificate is signed by nobody known here. Give the authority's: --ca-file FILE, or BATON_CA_FILE"
        default: detail
        }
    }
}
