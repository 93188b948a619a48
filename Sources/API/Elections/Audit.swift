import Coordination
import JSON

/// GET /v1/audit: who did what, and who was refused what.
extension Elections {
    static let auditParameters = [
        "namespace", "name", "identity", "verb", "since", "until", "before", "limit",
    ]

    func auditFilter(_ envelope: Envelope) throws(Problem) -> AuditFilter {
        let query = try Query(envelope.request, allowed: Self.auditParameters)
        var filter = AuditFilter(limit: try query.limit(settings))
        filter.namespace = query["namespace"]
        filter.name = query["name"]
        filter.identity = query["identity"]
        filter.verb = try query.choice("verb", AuditEntry.Verb.allCases.map { ($0.rawValue, $0) })
        filter.since = try query.moment("since", now: envelope.now)
        filter.until = try query.moment("until", now: envelope.now)
        filter.before = try query.number("before", in: revisionRange)
        return filter
    }

    /// - Parameter next: what `before` has to be for the next part; nil: this was the last.
    public func audit(_ entries: [AuditEntry], next: Revision?) -> APIResponse {
        .json { writer in
            writer.name("items")
            let shown = writer.array(entries, upTo: settings.listBytes) { writer, entry in
                writer.object { write(entry, to: &$0) }
            }
            writer.member("before", shown < entries.count ? entries[shown - 1].revision : next)
        }
    }

    private func write(_ entry: AuditEntry, to writer: inout JSONWriter) {
        writer.member("revision", entry.revision)
        writer.member("time", entry.time)
        writer.member("verb", entry.verb.rawValue)
        writer.member("outcome", entry.outcome.rawValue)
        writer.member("requestID", entry.origin?.requestID)
        writer.member("identity", entry.origin?.identity)
        writer.member("address", entry.origin?.address)
        writer.member("namespace", entry.namespace)
        writer.member("name", entry.name)
        writer.member("reason", entry.reason)
        writer.member("holderIdentity", entry.holder)
        writer.member("fencingToken", entry.token)
        writer.member("count", entry.count)
        if !entry.details.isEmpty { writer.member("details", entry.details) }
    }
}

extension Query {
    /// RFC 3339, or how long ago: "24h".
    func moment(_ name: String, now: Now) throws(Problem) -> Timestamp? {
        guard let text = self[name] else { return nil }
        if let time = Timestamp(text: text) { return time }
        if let ago = Interval(text: text) {
            return Timestamp(microseconds: now.wall.microseconds - ago.nanoseconds / 1000)
        }
        let rule = "a time such as \"2026-11-21T05:00:00Z\", or how long ago, such as \"24h\""
        throw .field(name, "\(quoted(text)) is not a time. \(name) has to be \(rule).", allowed: rule)
    }
}
