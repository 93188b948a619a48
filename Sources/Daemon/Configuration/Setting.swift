import API
import Coordination
import Sockets

/// One setting: its key in the file, and how its text becomes a value. The file, the environment
/// and the flags all go through this table, so they can't disagree.
struct Setting: Sendable {
    let key: String
    let apply: @Sendable (inout Configuration, String) throws(ConfigurationError) -> Void

    /// `lease.maxDuration` is `BATOND_LEASE_MAX_DURATION`.
    var environmentName: String {
        var name = "BATOND_"
        for character in key {
            if character == "." {
                name.append("_")
            } else {
                if character.isUppercase { name.append("_") }
                name.append(contentsOf: character.uppercased())
            }
        }
        return name
    }

    static func duration(
        _ key: String, _ path: any WritableKeyPath<Configuration, Interval> & Sendable,
        min: Interval = .milliseconds(1)
    ) -> Setting {
        Setting(key: key) { (configuration, text) throws(ConfigurationError) in
            guard let value = Interval(text: text), value >= min else {
                throw ConfigurationError(
                    "\(key): \(text) is not a duration such as 30s, 45m or 1h30m, of at least \(min.text)")
            }
            configuration[keyPath: path] = value
        }
    }

    static func nanoseconds(_ key: String, _ path: any WritableKeyPath<Configuration, Int64> & Sendable)
        -> Setting
    {
        Setting(key: key) { (configuration, text) throws(ConfigurationError) in
            guard let value = Interval(text: text), value > .zero else {
                throw ConfigurationError("\(key): \(text) is not a duration such as 30s or 2m")
            }
            configuration[keyPath: path] = value.nanoseconds
        }
    }

    static func count<Number: FixedWidthInteger & Sendable>(
        _ key: String, _ path: any WritableKeyPath<Configuration, Number> & Sendable,
        _ range: ClosedRange<Number>
    ) -> Setting {
        Setting(key: key) { (configuration, text) throws(ConfigurationError) in
            guard let value = Number(text), range.contains(value) else {
                throw ConfigurationError(
                    "\(key): \(text) is not a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            configuration[keyPath: path] = value
        }
    }

    /// Empty: not set.
    static func path(_ key: String, _ path: any WritableKeyPath<Configuration, String?> & Sendable) -> Setting
    {
        Setting(key: key) { (configuration, text) throws(ConfigurationError) in
            configuration[keyPath: path] = text.isEmpty ? nil : text
        }
    }

    static func choice(
        _ key: String, _ path: any WritableKeyPath<Configuration, String> & Sendable, _ choices: [String]
    ) -> Setting {
        Setting(key: key) { (configuration, text) throws(ConfigurationError) in
            guard choices.contains(text) else {
                throw ConfigurationError("\(key): \(text) is not one of \(choices.joined(separator: ", "))")
            }
            configuration[keyPath: path] = text
        }
    }

    static func flag(_ key: String, _ path: any WritableKeyPath<Configuration, Bool> & Sendable) -> Setting {
        Setting(key: key) { (configuration, text) throws(ConfigurationError) in
            guard text == "true" || text == "false" else {
                throw ConfigurationError("\(key): \(text) is not one of true, false")
            }
            configuration[keyPath: path] = text == "true"
        }
    }

    static let all: [Setting] = [
        Setting(key: "listen") { (configuration, text) throws(ConfigurationError) in
            configuration.listen = text.split(separator: ",").map { String($0.trimmingSpace) }
        },
        Setting(key: "data") { (configuration, text) throws(ConfigurationError) in
            guard !text.isEmpty else { throw ConfigurationError("data: the directory's path is empty") }
            configuration.data = text
        },
        flag("insecureListen", \.insecureListen),
        Setting(key: "auth.tokensFile") { (configuration, text) throws(ConfigurationError) in
            configuration.tokensFile = text.isEmpty ? nil : text
        },
        path("tls.certificateFile", \.tls.certificateFile),
        path("tls.keyFile", \.tls.keyFile),
        path("tls.clientCAFile", \.tls.clientCAFile),
        choice("tls.clientCertificates", \.tls.clientCertificates, ["none", "optional", "required"]),
        choice("tls.minVersion", \.tls.minVersion, ["1.2", "1.3"]),
        choice("log.level", \.logLevel, ["trace", "debug", "info", "notice", "warning", "error"]),
        choice("log.format", \.logFormat, ["text", "json"]),
        choice("log.requests", \.logRequests, RequestLog.Scope.allCases.map(\.rawValue)),

        duration("lease.defaultDuration", \.api.defaultLeaseDuration),
        duration("lease.minDuration", \.api.minLeaseDuration),
        duration("lease.maxDuration", \.api.maxLeaseDuration),
        duration("lease.retention", \.leaseRetention),
        duration("contender.reconnectGrace", \.core.reconnectGrace),
        count("contender.queueMax", \.core.contendersMax, 1...1_000_000),
        count("waiters.perName", \.core.nameWaitersMax, 1...1_000_000),
        count("waiters.perNamespace", \.core.namespaceWaitersMax, 1...1_000_000),
        count("waiters.perClient", \.core.clientWaitersMax, 1...1_000_000),
        count("namespace.leases", \.core.namespaceLeasesMax, 1...1_000_000_000),
        count("namespace.markers", \.core.namespaceMarkersMax, 1...1_000_000_000),
        count("namespace.bytes", \.core.namespaceBytesMax, 1...(1 << 50)),
        count("rate.perSecond", \.ratePerSecond, 0...1_000_000),
        count("rate.burst", \.rateBurst, 1...1_000_000),
        flag("rate.limitAddresses", \.limitsAddresses),
        count("attempts.default", \.core.defaultMaxAttempts, 1...1000),
        duration("marker.failedRetention", \.core.failedRetention),
        count("marker.resultBytes", \.api.resultBytesMax, 1...1_048_576),
        count("info.bytes", \.api.infoBytesMax, 1...1_048_576),
        duration("wait.longPollMax", \.api.longPollMax),
        duration("wait.streamMax", \.api.streamMax),
        duration("wait.streamDefault", \.api.defaultStreamWait),

        duration("history.retention", \.historyRetention),
        duration("audit.retention", \.auditRetention, min: .hours(1)),
        count("audit.rows", \.auditRows, 1000...1_000_000_000),
        duration("journal.retention", \.journalRetention),
        count("journal.bytes", \.journalBytes, 1_048_576...(1 << 50)),
        count("wal.bytesMax", \.walBytesMax, 67_108_864...(1 << 50)),
        Setting(key: "restoreQuarantine") { (configuration, text) throws(ConfigurationError) in
            guard let value = Interval(text: text) else {
                throw ConfigurationError("restoreQuarantine: \(text) is not a duration such as 1h")
            }
            configuration.restoreQuarantine = value
        },
        count("memory.idleNames", \.core.idleNamesMax, 100...100_000_000),

        count("http.connections", \.server.connections, 1...1_000_000),
        Setting(key: "http.connectionsPerAddress") { (configuration, text) throws(ConfigurationError) in
            guard let value = Int(text), value > 0 else {
                throw ConfigurationError("http.connectionsPerAddress: \(text) is not a positive whole number")
            }
            configuration.server.connectionsPerAddress = value
        },
        count("http.headBytes", \.headBytes, 1024...65_535),
        count("http.headerCount", \.headerCount, 8...1000),
        count("http.bodyBytes", \.bodyBytes, 4096...67_108_864),
        count("http.writeBacklogBytes", \.server.writeBacklogBytes, 65_536...1_073_741_824),
        nanoseconds("http.handshakeTime", \.server.handshakeTime),
        nanoseconds("http.headTime", \.server.headTime),
        nanoseconds("http.bodyTime", \.server.bodyTime),
        count("http.bodyRate", \.server.bodyRate, 1...1_000_000_000),
        nanoseconds("http.idleTime", \.server.idleTime),
        nanoseconds("http.writeTime", \.server.writeTime),
    ]
}

extension StringProtocol {
    var trimmingSpace: SubSequence {
        let start = firstIndex { $0 != " " } ?? endIndex
        let end = lastIndex { $0 != " " }.map { index(after: $0) } ?? start
        return self[start..<end]
    }
}
