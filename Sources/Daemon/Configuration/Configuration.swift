import API
import Coordination
import Sockets
import Store
import Wire

/// Everything that can be set, with its default. `config/batond.yaml` explains each.
public struct Configuration: Sendable {
    public var listen: [String] = ["127.0.0.1:7979"]
    /// Of the Unix sockets that are listened on.
    public var unixSocket = SocketFileAccess()
    public var data = "/var/lib/baton"
    /// Where the tokens are that requests need; nil: everybody may do everything.
    public var tokensFile: String?
    public var auth = AuthSettings()
    public var tls = TLSSettings()
    /// Listening beyond loopback and Unix sockets without TLS, or without asking who is there, must be
    /// asked for.
    public var insecureListen = false
    public var logLevel = "info"
    public var logFormat = "text"
    /// Which requests have a line in the log: `none`, `errors` or `all`.
    public var logRequests = "errors"

    public var core = CoreSettings()
    public var api = Elections.Settings()
    public var server = ServerLimits()
    /// How often a stream has a line although nothing happens.
    public var signOfLife = Interval.seconds(15)
    /// A request's head in bytes, its fields, and its body in bytes.
    public var headBytes = 16 * 1024
    public var headerCount = 100
    public var bodyBytes = 1024 * 1024

    /// How many watches there may be.
    var watches = WatchHub.Limits()

    /// Requests a second of one client, and how many may come at once; 0: no limit.
    public var ratePerSecond = 2_000
    public var rateBurst = 20_000
    /// Whether addresses are limited where nobody has an identity.
    public var limitsAddresses = false

    /// How long an idle lease is kept after its last hold.
    public var leaseRetention = Interval.hours(1)
    /// How often markers are pruned that have been kept long enough.
    public var retentionInterval = Interval.hours(1)
    /// Where the policies are; nil: only markers with a retention of their own are pruned.
    public var policiesFile: String?
    /// How long the history of ended holds is kept.
    public var historyRetention = Interval.hours(30 * 24)
    /// How long entries of the audit record are kept, and how many at the most.
    public var auditRetention = Interval.hours(90 * 24)
    public var auditRows: Int64 = 1_000_000
    /// How long rows of the journal are kept once the tables have them.
    public var journalRetention = Interval.hours(1)
    /// How many bytes of such rows are kept at the most.
    public var journalBytes: Int64 = 256 * 1024 * 1024
    /// For how long nobody is elected after a restore; nil: the longest duration allowed.
    public var restoreQuarantine: Interval?
    /// Above this size of the WAL the daemon is not ready.
    public var walBytesMax: Int64 = 1024 * 1024 * 1024

    /// Whether the service manager gave a socket for TLS.
    public var isTLSGiven = false
    /// The settings that were given, by their keys, as they were written.
    public var given: [String: String] = [:]

    public init() {}

    /// The table of settings has only such words as there are.
    var requestLog: RequestLog.Scope { RequestLog.Scope(rawValue: logRequests)! }

    var effectiveQuarantine: Interval { restoreQuarantine ?? api.maxLeaseDuration }

    var coreSettings: CoreSettings {
        var settings = core
        settings.writtenDuration = api.defaultLeaseDuration
        return settings
    }

    var storeSettings: StoreSettings {
        var settings = StoreSettings()
        settings.journalAge = journalRetention
        settings.journalBytes = journalBytes
        settings.historyAge = historyRetention
        settings.auditAge = auditRetention
        settings.auditRows = auditRows
        return settings
    }

    var limiter: RateLimiter? {
        ratePerSecond == 0 ? nil : RateLimiter(perSecond: ratePerSecond, burst: rateBurst)
    }

    /// What the server is told: sizes as the wire wants them.
    var serverLimits: ServerLimits {
        var limits = server
        limits.wire = Limits(
            headBytes: headBytes, targetBytes: min(8 * 1024, headBytes / 2), headerCount: headerCount,
            bodyBytes: bodyBytes, trailerBytes: min(4 * 1024, headBytes))
        return limits
    }

    /// Refuses settings that contradict each other, and names both.
    public func validate() throws(ConfigurationError) {
        func require(_ holds: Bool, _ message: String) throws(ConfigurationError) {
            if !holds { throw ConfigurationError(message) }
        }
        try require(!listen.isEmpty, "listen: at least one address is needed")
        try require(
            api.minLeaseDuration <= api.defaultLeaseDuration
                && api.defaultLeaseDuration <= api.maxLeaseDuration,
            "lease.minDuration, lease.defaultDuration and lease.maxDuration must be in this order; they are "
                + [api.minLeaseDuration, api.defaultLeaseDuration, api.maxLeaseDuration]
                .map(text).joined(separator: ", "))
        try require(
            api.defaultStreamWait <= api.streamMax,
            "wait.streamDefault (\(text(api.defaultStreamWait))) is longer than wait.streamMax (\(text(api.streamMax)))"
        )
        if let quarantine = restoreQuarantine {
            try require(
                quarantine >= api.maxLeaseDuration,
                "restoreQuarantine (\(text(quarantine))) is shorter than lease.maxDuration (\(text(api.maxLeaseDuration))): a holder that the backup doesn't know could still be at work"
            )
        }
        try require(
            headBytes <= server.readBufferBytes,
            "http.headBytes (\(headBytes)) is more than a read buffer holds (\(server.readBufferBytes))")
        try require(
            headerCount * 4 <= headBytes,
            "http.headerCount (\(headerCount)) is more than fit in http.headBytes (\(headBytes))")
        try require(
            api.resultBytesMax + api.infoBytesMax < bodyBytes,
            "http.bodyBytes (\(bodyBytes)) is too small for marker.resultBytes (\(api.resultBytesMax)) and info.bytes (\(api.infoBytesMax))"
        )
        try require(
            (server.connectionsPerAddress ?? 0) <= server.connections,
            "http.connectionsPerAddress (\(server.connectionsPerAddress ?? 0)) is more than http.connections (\(server.connections))"
        )
        try require(
            auth.keysMaxAge <= auth.keysStaleMax,
            "auth.keysMaxAge (\(text(auth.keysMaxAge))) is longer than auth.keysStaleMax (\(text(auth.keysStaleMax)))"
        )
        try require(
            server.writeBacklogBytes <= server.backlogBytesInAll,
            "http.writeBacklogBytes (\(server.writeBacklogBytes)) is more than all answers together may have (\(server.backlogBytesInAll))"
        )
        try require(
            ratePerSecond > 0 || !limitsAddresses,
            "rate.limitAddresses (true) limits nothing while rate.perSecond is 0")
        try validateListeners()
    }

    /// Where to listen beside the sockets that a service manager gave: those replace the default, and
    /// stand beside what was set.
    func listeners(besideGiven: Bool) -> [ListenAddress] {
        guard !besideGiven || given["listen"] != nil else { return [] }
        return listen.compactMap(ListenAddress.init).map { address in
            guard case .unix(let path, _) = address else { return address }
            return .unix(path: path, access: unixSocket)
        }
    }

    /// Whether anybody is told from anybody else, so that strangers may reach a listener.
    private var authenticates: Bool {
        tokensFile != nil || auth.issuersFile != nil || tls.knowsItsClients
    }

    private func validateListeners() throws(ConfigurationError) {
        var addresses: [ListenAddress] = []
        for text in listen {
            guard let address = ListenAddress(text) else {
                throw ConfigurationError(
                    "listen: \(text) is not an address; give HOST:PORT, [V6]:PORT, either with tls: before it, or unix:PATH"
                )
            }
            addresses.append(address)
        }
        for address in addresses { try checkReach(of: address, "listen: \(address)") }
        try tls.validate(listen: addresses, isGiven: isTLSGiven)
    }

    /// Refuses an address that strangers reach without TLS, or without being asked who they are.
    func checkReach(of address: ListenAddress, _ place: String) throws(ConfigurationError) {
        guard !insecureListen, !address.isPrivate else { return }
        guard address.isEncrypted else {
            throw ConfigurationError(
                "\(place) can be reached from other machines, and there is no TLS: whoever is on the way reads the tokens. "
                    + "Use TLS (tls:HOST:PORT), listen on loopback or a Unix socket, or set insecureListen: true if you mean it"
            )
        }
        guard authenticates else {
            throw ConfigurationError(
                "\(place) can be reached from other machines, and whoever reaches it may do everything. "
                    + "Set auth.tokensFile, auth.issuersFile or tls.clientCertificates: required, or insecureListen: true if you mean it"
            )
        }
    }
}

/// Why the daemon does not start: names the setting.
public struct ConfigurationError: Error, CustomStringConvertible, Sendable {
    public let description: String
    public init(_ description: String) { self.description = description }
}

/// As it would stand in the file.
func text(_ interval: Interval) -> String { interval.text }
