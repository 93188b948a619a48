import Sockets

/// The settings below `tls`, as they stand in the file. Paths; nil where none is set.
public struct TLSSettings: Sendable {
    public var certificateFile: String?
    public var keyFile: String?
    public var clientCAFile: String?
    public var clientCertificates = TLSContext.ClientCertificates.none.rawValue
    public var minVersion = TLSContext.Version.v12.rawValue

    /// Whether only those pass who have a certificate of `clientCAFile`.
    var knowsItsClients: Bool { clientCertificates == TLSContext.ClientCertificates.required.rawValue }

    /// Refuses what contradicts itself or the listeners, and names both.
    func validate(listen: [ListenAddress], isGiven: Bool) throws(ConfigurationError) {
        func require(_ holds: Bool, _ message: String) throws(ConfigurationError) {
            if !holds { throw ConfigurationError(message) }
        }
        let listener = listen.first { $0.isEncrypted }
        if let listener {
            try require(
                certificateFile != nil && keyFile != nil,
                "listen: \(listener) needs tls.certificateFile and tls.keyFile")
        }
        try require(
            (certificateFile == nil) == (keyFile == nil),
            "tls.certificateFile and tls.keyFile belong together; only one of them is set")
        try require(
            certificateFile == nil || listener != nil || isGiven,
            "tls.certificateFile is set, and none of listen speaks TLS; write tls:HOST:PORT there")
        let asksClients = clientCertificates != TLSContext.ClientCertificates.none.rawValue
        try require(
            asksClients == (clientCAFile != nil),
            asksClients
                ? "tls.clientCertificates is \(clientCertificates), and there is no tls.clientCAFile to verify them by"
                : "tls.clientCAFile is set, and tls.clientCertificates is none: nobody is asked for a certificate"
        )
        try require(
            clientCAFile == nil || certificateFile != nil,
            "tls.clientCAFile is set, and there is no tls.certificateFile")
    }
}
