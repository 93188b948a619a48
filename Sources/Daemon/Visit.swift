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
        case .phase: .phase
        case .clearAbandoned: .clearAbandoned
        case .prune: .prune
        case .marker where method == "PUT": .mark
        case .alias where method == "PUT", .aliasRollback: .alias
        case .alias where method == "DELETE": .unalias
        case .marker where method == "DELETE": .unmark
        case .namespaceObject where method == "DELETE": .terminate
        case .namespaceObjects, .namespaceObject, .leaseObjects, .leaseObject, .doneMarkers, .doneMarker:
            switch method {
            case "GET": .read
            case "DELETE": .delete
            default: .write
            }
        case .unknown, .unread: .unknown
        default: .read
        }
    }

    /// The names are those of the path. Of a path at which nothing is, whatever it says, none is kept.
    func refusal(_ reason: String, from peer: Peer, at time: Timestamp) -> AuditEntry {
        var entry = AuditEntry(verb, .refused, at: time, reason: reason)
        entry.origin = Origin(requestID: id, identity: identity, address: peer.text)
        // …/namespaces/NAMESPACE/leases/NAME
        if verb != .unknown, let at = path.firstIndex(of: "namespaces"), path.count > at + 1 {
            entry.namespace = path[at + 1]
            entry.name = path.count > at + 3 ? path[at + 3] : nil
        }
        return entry
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
