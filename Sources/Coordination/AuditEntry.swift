/// An entry of the audit record: an operator's act, a refusal, or an event in the daemon's own life.
///
/// Entries are only ever added, and dropped when they are old: none is changed. An act's entry is a
/// change of the same turn as the act, so that neither is ever there without the other.
public struct AuditEntry: Hashable, Sendable {
    public enum Verb: String, Hashable, Sendable, CaseIterable {
        // Acts; refused ones, too.
        case revoke, mark, unmark
        case clearAbandoned = "clear-abandoned"
        /// An alias is deleted.
        case unalias
        /// Markers are deleted that have been kept long enough; with how many. Without an origin: by schedule.
        case prune
        /// A namespace is deleted, with all that is in it.
        case terminate
        /// A Kubernetes client deleted a lease; with holder and token if that ended a hold.
        case delete
        // Of these only refusals are recorded.
        case alias, write, campaign, renew, complete, resign, phase, read
        /// A request for something that isn't there.
        case unknown
        // Of the daemon.
        case start, stop, reload, restore
        /// Refusals that were too many to be told apart; `count` has how many.
        case overflow
    }

    public enum Outcome: String, Hashable, Sendable, CaseIterable {
        case done
        /// The request was refused, for `reason`.
        case refused
        /// It was tried and didn't succeed: a reload of a broken file.
        case failed
    }

    /// The entry's place in the record, given by the core; 0 until then.
    public var revision: Revision = 0
    public var time: Timestamp
    public var verb: Verb
    public var outcome: Outcome
    /// Who asked; nil for what nobody asked over a connection.
    public var origin: Origin?
    public var namespace: String?
    public var name: String?
    /// An operator's words, or why it was refused: the last word of the problem's type.
    public var reason: String?
    /// What was there before: who held or had held, and under which token.
    public var holder: String?
    public var token: FencingToken?
    /// How many alike this entry stands for.
    public var count = 1
    /// What is particular to the verb.
    public var details: [String: String] = [:]

    public init(_ verb: Verb, _ outcome: Outcome, at time: Timestamp, reason: String? = nil) {
        self.verb = verb
        self.outcome = outcome
        self.time = time
        self.reason = reason
    }
}

/// Whose request it was, for the audit record.
public struct Origin: Hashable, Sendable {
    /// The answer's `X-Request-Id`.
    public var requestID: String
    /// The identity that authenticated; nil where there was none.
    public var identity: String?
    /// The peer's address without its port, or `unix:uid=1000` on a Unix socket.
    public var address: String

    public init(requestID: String, identity: String?, address: String) {
        self.requestID = requestID
        self.identity = identity
        self.address = address
    }
}

/// Which entries somebody wants to see. Nil: whatever it is.
public struct AuditFilter: Hashable, Sendable {
    public var namespace: String?
    public var name: String?
    public var identity: String?
    public var verb: AuditEntry.Verb?
    public var since: Timestamp?
    /// Entries of before this time.
    public var until: Timestamp?
    /// Entries of a smaller revision.
    public var before: Revision?
    public var limit: Int

    public init(limit: Int) { self.limit = limit }

    public func admits(_ entry: AuditEntry) -> Bool {
        (namespace == nil || entry.namespace == namespace) && (name == nil || entry.name == name)
            && (identity == nil || entry.origin?.identity == identity)
            && (verb == nil || entry.verb == verb) && (since.map { entry.time >= $0 } ?? true)
            && (until.map { entry.time < $0 } ?? true) && (before.map { entry.revision < $0 } ?? true)
    }
}

extension Command {
    /// Whether it is an operator's act, which goes into the audit record.
    public var isAct: Bool {
        switch self {
        case .revoke, .mark, .unmark, .clearAbandoned, .delete, .terminateNamespace, .alias(.delete), .prune:
            true
        default: false
        }
    }

    /// Says who asked for an act. One that nobody is said to have asked for leaves no entry.
    public mutating func attribute(to origin: Origin) {
        switch self {
        case .revoke(var revocation):
            revocation.origin = origin
            self = .revoke(revocation)
        case .clearAbandoned(var clearing):
            clearing.origin = origin
            self = .clearAbandoned(clearing)
        case .mark(var marking):
            marking.origin = origin
            self = .mark(marking)
        case .unmark(var unmarking):
            unmarking.origin = origin
            self = .unmark(unmarking)
        case .delete(var deletion):
            deletion.origin = origin
            self = .delete(deletion)
        case .terminateNamespace(var termination):
            termination.origin = origin
            self = .terminateNamespace(termination)
        case .alias(.delete(var deletion)):
            deletion.origin = origin
            self = .alias(.delete(deletion))
        case .prune(var pruning):
            pruning.origin = origin
            self = .prune(pruning)
        default: break
        }
    }
}
