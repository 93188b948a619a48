import API
import Coordination
import Sockets

extension Setting {
    /// Every setting. Those that are not reloadable are about what is done once, at the start.
    static let all: [Setting] = [
        list("listen", \.listen),
        flag("insecureListen", \.insecureListen),
        mode("unixSocket.mode", \.unixSocket.mode),
        name("unixSocket.group", \.unixSocket.group),
        text("data", \.data, expected: "the path of a directory"),
        path("auth.tokensFile", \.tokensFile),
        path("tls.certificateFile", \.tls.certificateFile),
        path("tls.keyFile", \.tls.keyFile),
        path("tls.clientCAFile", \.tls.clientCAFile),
        choice("tls.clientCertificates", \.tls.clientCertificates, ["none", "optional", "required"]),
        choice("tls.minVersion", \.tls.minVersion, ["1.2", "1.3"]),
        choice(
            "log.level", \.logLevel, ["trace", "debug", "info", "notice", "warning", "error"], reloads: true),
        choice("log.format", \.logFormat, ["text", "json"], reloads: true),
        choice(
            "log.requests", \.logRequests, RequestLog.Scope.allCases.map(\.rawValue), reloads: true),

        duration("lease.defaultDuration", \.api.defaultLeaseDuration, reloads: true),
        duration("lease.minDuration", \.api.minLeaseDuration, reloads: true),
        duration("lease.maxDuration", \.api.maxLeaseDuration, reloads: true),
        duration("lease.retention", \.leaseRetention, reloads: true),
        duration("contender.reconnectGrace", \.core.reconnectGrace, reloads: true),
        count("contender.queueMax", \.core.contendersMax, 1...1_000_000, reloads: true),
        count("waiters.perName", \.core.nameWaitersMax, 1...1_000_000, reloads: true),
        count("waiters.perNamespace", \.core.namespaceWaitersMax, 1...1_000_000, reloads: true),
        count("waiters.perClient", \.core.clientWaitersMax, 1...1_000_000, reloads: true),
        count("namespace.leases", \.core.namespaceLeasesMax, 1...1_000_000_000, reloads: true),
        count("namespace.markers", \.core.namespaceMarkersMax, 1...1_000_000_000, reloads: true),
        count("namespace.bytes", \.core.namespaceBytesMax, 1...(1 << 50), reloads: true),
        count("rate.perSecond", \.ratePerSecond, 0...1_000_000, reloads: true),
        count("rate.burst", \.rateBurst, 1...1_000_000, reloads: true),
        flag("rate.limitAddresses", \.limitsAddresses, reloads: true),
        count("attempts.default", \.core.defaultMaxAttempts, 1...1000, reloads: true),
        duration("marker.failedRetention", \.core.failedRetention, reloads: true),
        count("marker.resultBytes", \.api.resultBytesMax, 1...1_048_576, reloads: true),
        count("info.bytes", \.api.infoBytesMax, 1...1_048_576, reloads: true),
        duration("wait.longPollMax", \.api.longPollMax, reloads: true),
        duration("wait.streamMax", \.api.streamMax, reloads: true),
        duration("wait.streamDefault", \.api.defaultStreamWait, reloads: true),
        duration("wait.signOfLife", \.signOfLife, min: .milliseconds(100), reloads: true),

        duration("history.retention", \.historyRetention, reloads: true),
        duration("audit.retention", \.auditRetention, min: .hours(1), reloads: true),
        count("audit.rows", \.auditRows, 1000...1_000_000_000, reloads: true),
        duration("journal.retention", \.journalRetention, reloads: true),
        count("journal.bytes", \.journalBytes, 1_048_576...(1 << 50), reloads: true),
        count("wal.bytesMax", \.walBytesMax, 67_108_864...(1 << 50), reloads: true),
        duration("restoreQuarantine", \.restoreQuarantine),
        count("memory.idleNames", \.core.idleNamesMax, 100...100_000_000, reloads: true),

        count("http.connections", \.server.connections, 1...1_000_000, reloads: true),
        count("http.connectionsPerAddress", \.server.connectionsPerAddress, reloads: true),
        count("http.headBytes", \.headBytes, 1024...65_535, reloads: true),
        count("http.headerCount", \.headerCount, 8...1000, reloads: true),
        count("http.bodyBytes", \.bodyBytes, 4096...67_108_864, reloads: true),
        count("http.writeBacklogBytes", \.server.writeBacklogBytes, 65_536...1_073_741_824, reloads: true),
        nanoseconds("http.handshakeTime", \.server.handshakeTime, reloads: true),
        nanoseconds("http.headTime", \.server.headTime, reloads: true),
        nanoseconds("http.bodyTime", \.server.bodyTime, reloads: true),
        count("http.bodyRate", \.server.bodyRate, 1...1_000_000_000, reloads: true),
        nanoseconds("http.idleTime", \.server.idleTime, reloads: true),
        nanoseconds("http.writeTime", \.server.writeTime, reloads: true),
    ]
}
