import API
import Coordination
import Sockets
import Wire

/// A request from its arrival to its answer: what is told of it.
struct Visit {
    /// `X-Request-Id`.
    let id: String
    let exchange: ExchangeID
    let method: String
    let path: [String]
    let route: RouteTemplate
    let arrived: Instant
    /// The identity that authenticated.
    var identity: String?
    var isAct = false
    /// Whether it had to wait for others: then its time says nothing of the daemon.
    var hasWaited = false
    /// Bytes of a stream so far.
    var streamed = 0

    /// For the log; percent-decoded, and not to be trusted.
    var pathText: String { "/" + path.joined(separator: "/") }

    /// What the audit record calls it.
    var verb: AuditEntry.Verb {
        switch route {
        case .campaign: .campaign
        case .renew: .renew
        case .complete: .complete
        case .resign: .resign
        case .revoke: .revoke
        case .marker where method == "PUT": .mark
        case .marker where method == "DELETE": .unmark
        case .unknown, .unread: .unknown
        default: .read
        }
    }

    /// The names are in the path; one that names nothing isn't kept, whatever it says.
    func refusal(_ reason: String, from peer: Peer, at time: Timestamp) -> AuditEntry {
        var entry = AuditEntry(verb, .refused, at: time, reason: reason)
        entry.origin = Origin(requestID: id, identity: identity, address: peer.text)
        if verb != .unknown { (entry.namespace, entry.name) = names }
        return entry
    }

    private var names: (namespace: String?, name: String?) {
        if Kubernetes.serves(path) { return Kubernetes.names(in: path) }
        guard path.count > 3 else { return (nil, nil) }
        return (path[2], path.count > 4 ? path[4] : nil)
    }
}

extension Peer {
    /// The address, or who opened the Unix socket.
    var text: String { address.isEmpty ? owner.map { "unix:uid=\($0.user)" } ?? "" : address }
}

extension AuditEntry {
    /// What a refusal tells of the hold that was meant.
    mutating func describe(_ rejection: Rejection) {
        switch rejection {
        case .holdEnded(let token, let record, let current):
            self.token = token
            holder = record?.holder
            details["end"] = record?.end.map { "\($0.how)" }
            details["currentHolder"] = current?.record.hold?.holder
        case .notTheHolder(let holder): self.holder = holder
        default: break
        }
    }
}
