import Coordination
import Logging
import Sockets

/// Certificate, key and client authorities as the files have them: read at the start, and again on
/// SIGHUP for connections that begin from then on.
struct Certificates {
    private let settings: TLSSettings
    private(set) var context: TLSContext

    /// Nil where TLS isn't set up.
    init?(_ settings: TLSSettings, at time: Timestamp, log: Logger) throws(ConfigurationError) {
        guard settings.certificateFile != nil else { return nil }
        self.settings = settings
        context = try Self.read(settings, after: nil, at: time)
        log.notice("TLS is spoken", metadata: Self.metadata(Self.details(context)))
    }

    /// Reads the files again. Broken ones change nothing: what was there stays. Returns what the audit
    /// record has to say of it.
    mutating func reload(at time: Timestamp, log: Logger) -> AuditEntry {
        do throws(ConfigurationError) {
            let old = context
            context = try Self.read(settings, after: old, at: time)
            var details = Self.details(context)
            if context.certificate != old.certificate { details["before"] = old.certificate.fingerprint }
            if context.clientAuthorities != old.clientAuthorities {
                details["clientAuthoritiesBefore"] = Self.listed(old.clientAuthorities)
            }
            log.notice(
                "the files for TLS were read again, for new connections", metadata: Self.metadata(details))
            var entry = AuditEntry(.reload, .done, at: time)
            entry.details = details
            return entry
        } catch {
            log.error(
                "the files for TLS can't be read again; those from before stay",
                metadata: Self.metadata(Self.details(context).merging(["reason": "\(error)"]) { $1 }))
            return AuditEntry(.reload, .failed, at: time, reason: "\(error)")
        }
    }

    private static func metadata(_ details: [String: String]) -> Logger.Metadata {
        details.mapValues { .string($0) }
    }

    private static func details(_ context: TLSContext) -> [String: String] {
        let certificate = context.certificate
        var details = [
            "subject": certificate.subject, "notAfter": certificate.notAfterText,
            "fingerprint": certificate.fingerprint,
        ]
        if !context.clientAuthorities.isEmpty {
            details["clientAuthorities"] = listed(context.clientAuthorities)
        }
        return details
    }

    private static func listed(_ certificates: [CertificateFacts]) -> String {
        certificates.map(\.subject).joined(separator: "; ")
    }

    private static func read(
        _ settings: TLSSettings, after old: TLSContext?, at time: Timestamp
    ) throws(ConfigurationError) -> TLSContext {
        func bytes(_ setting: String, _ path: String?, secret: Bool = false) throws(ConfigurationError)
            -> [UInt8]
        {
            do throws(SettingFileError) {
                return try SettingFile.read(path ?? "", isSecret: secret)
            } catch {
                throw ConfigurationError("\(setting): \(path ?? ""): \(error.reason)")
            }
        }
        var material = TLSContext.Material(
            certificates: try bytes("tls.certificateFile", settings.certificateFile),
            key: try bytes("tls.keyFile", settings.keyFile, secret: true))
        if settings.clientCAFile != nil {
            material.clientCA = try bytes("tls.clientCAFile", settings.clientCAFile)
        }
        material.clientCertificates = .init(rawValue: settings.clientCertificates) ?? .none
        material.minVersion = .init(rawValue: settings.minVersion) ?? .v12
        let context: TLSContext
        do throws(TLSError) {
            context = try TLSContext(material, after: old)
        } catch {
            throw ConfigurationError("\(settings.place(of: error.part)): \(error)")
        }
        try checkTime(of: context.certificate, settings, now: time.microseconds / 1_000_000)
        return context
    }

    /// `now` in seconds since 1970, as certificates have it.
    private static func checkTime(
        of certificate: CertificateFacts, _ settings: TLSSettings, now: Int64
    ) throws(ConfigurationError) {
        let place = settings.place(of: .certificate)
        guard certificate.notAfter > now else {
            throw ConfigurationError(
                "\(place): the certificate \(certificate.subject) has expired at \(certificate.notAfterText)")
        }
        guard certificate.notBefore <= now else {
            throw ConfigurationError("\(place): the certificate \(certificate.subject) is not valid yet")
        }
    }
}

extension TLSSettings {
    /// The setting, and the file that it names.
    fileprivate func place(of part: TLSError.Part) -> String {
        switch part {
        case .certificate: "tls.certificateFile: \(certificateFile ?? "")"
        case .key: "tls.keyFile: \(keyFile ?? "")"
        case .clientCA: "tls.clientCAFile: \(clientCAFile ?? "")"
        case .library: "tls"
        }
    }
}
