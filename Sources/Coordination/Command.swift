/// Something to be applied to the core. Whoever sends one has fetched what `Coordinator.needs` names.
public indirect enum Command: Sendable {
    case campaign(Campaign)
    case renew(Claim)
    /// With how long the marker is kept; nil: for good, or `failedRetention` if it is a Failed one.
    case complete(Claim, Finding, retention: Interval? = nil)
    case resign(Claim, Resignation)
    case revoke(Revocation)
    case mark(Marking)
    case unmark(Unmarking)
    /// A Kubernetes client writes a marker's metadata.
    case describe(MarkerDescription)
    case wait(MarkerWait)
    case waitFor(ConditionWait)
    /// A Kubernetes client writes the lease, whole.
    case write(LeaseWrite)
    /// A Kubernetes client deletes the lease.
    case delete(LeaseDeletion)
    case writeNamespace(NamespaceWrite)
    /// Begin to delete a namespace.
    case terminateNamespace(NamespaceTermination)
    /// Delete lease and marker of each of these names, whose namespace is being deleted; others are
    /// left alone. `by` is for the history of what was held: nil, whoever deletes the namespace.
    case expunge([Key], by: String? = nil)
    /// The namespace has been emptied: its record goes, if this is still its version.
    case removeNamespace(String, Revision)
    /// The request's peer is gone, or it wants no answer any more.
    case forsake(RequestID)
    /// The answer with the token could not be delivered: its peer was gone before the first byte.
    /// Once for each such answer; again only if its turn failed.
    case takeBack(Key, FencingToken)
    /// Delete an idle lease whose retention is over, if this is still its revision.
    case sweep(Key, Revision)
    /// "This is where I am": the hold enters a phase.
    case phase(Claim, String)
    case clearAbandoned(Clearing)
    case alias(AliasCommand)
    case prune(Pruning)
    /// Put these into the audit record.
    case record([AuditEntry])
}

extension Command {
    /// Whose answer it is; nil for what nobody asked.
    public var request: RequestID? {
        switch self {
        case .campaign(let campaign): campaign.request
        case .renew(let claim), .complete(let claim, _, _), .resign(let claim, _), .phase(let claim, _):
            claim.request
        case .clearAbandoned(let clearing): clearing.request
        case .revoke(let revocation): revocation.request
        case .mark(let marking): marking.request
        case .unmark(let unmarking): unmarking.request
        case .describe(let description): description.request
        case .write(let write): write.request
        case .delete(let deletion): deletion.request
        case .writeNamespace(let write): write.request
        case .terminateNamespace(let termination): termination.request
        case .wait(let wait): wait.request
        case .waitFor(let wait): wait.request
        case .alias(let command): command.request
        case .prune(let pruning): pruning.request
        case .forsake, .takeBack, .sweep, .record, .expunge, .removeNamespace: nil
        }
    }

    /// The same, counted against this client if it waits.
    public func waiting(for client: String?) -> Command {
        switch self {
        case .campaign(var campaign):
            campaign.client = client
            return .campaign(campaign)
        case .wait(var wait):
            wait.client = client
            return .wait(wait)
        case .waitFor(var wait):
            wait.client = client
            return .waitFor(wait)
        case .alias(.wait(var wait)):
            wait.client = client
            return .alias(.wait(wait))
        default: return self
        }
    }
}

/// Ask to be elected.
public struct Campaign: Sendable {
    public var request: RequestID
    public var key: Key
    /// More names of the same namespace, to be held together with this one or not at all. All differ,
    /// and only a lock has any.
    public var also: [Key] = []
    public var holder: String
    public var campaignID: String?
    public var principal: String?
    public var duration: Interval
    public var way: Way
    public var inputsDigest: String?
    /// Nil leaves it to the name's first campaign, or the default.
    public var maxAttempts: Int?
    public var supersedes: Revision?
    public var confirmWithin: Interval?
    /// What isn't exclusive is a lock.
    public var mode: Mode
    /// Refused while there are abandoned holds of other work that nobody has cleared, instead of elected.
    public var failOnAbandoned: Bool
    /// The identity of the work across runs.
    public var work: String?
    public var info: [String: String]
    /// Until when the request waits for its turn; nil: it is answered at once.
    public var waitUntil: Instant?
    /// Whose request it is, where it counts how many of a client wait: an identity or an address.
    public var client: String?

    public init(
        request: RequestID, key: Key, holder: String, campaignID: String? = nil, principal: String? = nil,
        duration: Interval, way: Way = .once, inputsDigest: String? = nil, maxAttempts: Int? = nil,
        supersedes: Revision? = nil, confirmWithin: Interval? = nil, mode: Mode = .exclusive,
        failOnAbandoned: Bool = false, work: String? = nil, info: [String: String] = [:],
        waitUntil: Instant? = nil, client: String? = nil
    ) {
        self.request = request
        self.key = key
        self.holder = holder
        self.campaignID = campaignID
        self.principal = principal
        self.duration = duration
        self.way = way
        self.inputsDigest = inputsDigest
        self.maxAttempts = maxAttempts
        self.supersedes = supersedes
        self.confirmWithin = confirmWithin
        self.mode = mode
        self.failOnAbandoned = failOnAbandoned
        self.work = work
        self.info = info
        self.waitUntil = waitUntil
        self.client = client
    }
}

/// "I am the holder, and this is my token": what renew, complete and resign begin with.
public struct Claim: Sendable {
    public var request: RequestID
    public var key: Key
    public var holder: String
    public var token: FencingToken
    public var principal: String?

    public init(request: RequestID, key: Key, holder: String, token: FencingToken, principal: String? = nil) {
        self.request = request
        self.key = key
        self.holder = holder
        self.token = token
        self.principal = principal
    }
}

/// How a holder gives its hold back.
public struct Resignation: Sendable {
    public enum Outcome: UInt8, Sendable { case released, failed, abandoned }
    public var outcome: Outcome
    public var reason: String?

    public init(outcome: Outcome = .released, reason: String? = nil) {
        self.outcome = outcome
        self.reason = reason
    }

    var end: HoldEnd {
        switch outcome {
        case .released: .resigned
        case .failed: .failed
        case .abandoned: .abandoned
        }
    }
}

/// An operator ends the hold with this token.
public struct Revocation: Sendable {
    public var request: RequestID
    public var key: Key
    public var token: FencingToken
    public var reason: String
    /// Who did it, for the history.
    public var by: String?
    /// For the audit record.
    public var origin: Origin?

    public init(request: RequestID, key: Key, token: FencingToken, reason: String, by: String?) {
        self.request = request
        self.key = key
        self.token = token
        self.reason = reason
        self.by = by
    }
}

/// Wait for done markers without contending.
public struct MarkerWait: Sendable {
    public enum Require: UInt8, Sendable {
        /// Done when every name has a Succeeded marker; failed as soon as one has failed.
        case all
        /// Done when one name has a Succeeded marker; failed when all have failed.
        case any
    }
    public var request: RequestID
    public var keys: [Key]
    public var require: Require
    /// Until when the request waits; nil: it is answered at once.
    public var waitUntil: Instant?
    /// As `Campaign.client`.
    public var client: String?

    public init(
        request: RequestID, keys: [Key], require: Require = .all, waitUntil: Instant?, client: String? = nil
    ) {
        self.request = request
        self.keys = keys
        self.require = require
        self.waitUntil = waitUntil
        self.client = client
    }
}
