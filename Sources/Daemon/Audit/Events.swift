import API
import Coordination
import Digest
import Store

// The daemon's own entries in the audit record.

extension AuditEntry {
    /// A start; the first one after a restore has an entry for that before it. A start without a stop
    /// before it means that the daemon was killed, or the machine went.
    static func start(
        _ configuration: Configuration, _ recovered: Recovered, at time: Timestamp
    ) -> [AuditEntry] {
        var start = AuditEntry(.start, .done, at: time)
        start.details = configuration.auditDetails
        start.details["incarnation"] = recovered.incarnation
        // A restore begins the journal anew: nothing has been written since.
        guard let restoredAt = recovered.restoredAt, recovered.revision == recovered.compactedRevision else {
            return [start]
        }
        var restore = AuditEntry(.restore, .done, at: time)
        restore.details = ["restoredAt": restoredAt.text, "revision": String(recovered.revision)]
        return [restore, start]
    }

    static func stop(_ configuration: Configuration, because reason: String, at time: Timestamp) -> AuditEntry
    {
        var stop = AuditEntry(.stop, .done, at: time, reason: reason)
        stop.details = configuration.auditDetails
        return stop
    }

    /// A reload's entry with what became of the settings, beside what it has of the tokens.
    func with(settings: [Reload.Change], failure: String?) -> AuditEntry {
        var entry = self
        if !settings.isEmpty {
            entry.details["settings"] = settings.map(\.description).joined(separator: ", ")
        }
        if let failure {
            entry.outcome = .failed
            entry.reason = [failure, reason].compactMap(\.self).joined(separator: "; ")
        }
        return entry
    }
}

extension Configuration {
    /// Which program ran, and with which settings: the digest is of all that were given, in the order of
    /// their keys, each as `key=value` and a line feed.
    fileprivate var auditDetails: [String: String] {
        let lines = given.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined()
        return [
            "version": batonVersion,
            "configuration": "sha256:" + Hex.encode(SHA256.digest(Array(lines.utf8))),
        ]
    }
}
