/// The two ways to use a name.
public enum Way: UInt8, Sendable {
    /// The work ends in a done marker and is not done again. `"marker": "once"`.
    case once = 0
    /// One at a time, each does it; no marker is read or written. `"marker": "none"`.
    case lock = 1
}

/// What is durable of a lease.
///
/// The duration is stored, the deadline is not: after a restart every hold gets
/// a full duration, because the daemon could not hear renewals while it was down.
public struct LeaseRecord: Hashable, Sendable {
    public var key: Key
    /// The revision of the latest change of this record.
    public var revision: Revision
    /// The revision at which the record was created. With the store's incarnation it makes the uid.
    public var created: Revision
    public var createdAt: Timestamp
    public var way: Way
    @Boxed public var hold: Hold?
    /// Failed and abandoned holds since the name last had a marker (once), or in a row (lock).
    public var failures: Int
    /// How many holds may fail before the name gets a Failed marker. Set by the first campaign.
    public var maxAttempts: Int
    /// How often the holder changed. For people and Kubernetes clients; it is not a token.
    public var transitions: Int
    /// How the latest hold ended, to be told to the next holder.
    @Boxed public var last: EndedHold?
    /// Holds of a lock that expired or were reported dead, until somebody clears them.
    public var abandoned = AbandonedHolds()
    /// The name that this is a member of: a lease for a hold that others share the name with. It goes
    /// when its hold ends.
    public var group: String?
    /// The revision of the latest change that a Kubernetes client can see: its resourceVersion. What
    /// only /v1 shows (an attempt that was counted, an expiry that altered nothing) leaves it alone:
    /// then it is less than `revision`.
    public var version: Revision
    /// What Kubernetes clients attach: labels, annotations, owners, managed fields. The core never
    /// looks into these bytes; equal bytes are equal metadata.
    public var metadata: [UInt8] = []
    /// The spec as a Kubernetes client wrote it; nil while it is the daemon's own.
    @Boxed public var written: LeaseSpec?
    /// A Kubernetes client created it, so that the daemon doesn't delete it when it was idle for long.
    public var isClients = false

    public init(
        key: Key, revision: Revision, created: Revision, createdAt: Timestamp, way: Way, hold: Hold? = nil,
        failures: Int = 0, maxAttempts: Int, transitions: Int = 0, last: EndedHold? = nil,
        version: Revision? = nil
    ) {
        self.key = key
        self.revision = revision
        self.created = created
        self.createdAt = createdAt
        self.way = way
        self.hold = hold
        self.failures = failures
        self.maxAttempts = maxAttempts
        self.transitions = transitions
        self.last = last
        self.version = version ?? revision
    }
}

extension LeaseRecord {
    /// The name that it is held for: its own, or the one that it is a member of.
    public var nameKey: Key { group.map { Key(namespace: key.namespace, name: $0) } ?? key }

    /// Used the other way from now on: what failed in that way doesn't count in this.
    mutating func turn(to way: Way) {
        if self.way != way { failures = 0 }
        self.way = way
    }
}

/// One unbroken holding of a lease by one holder, while it lasts.
public struct Hold: Hashable, Sendable {
    public var token: FencingToken
    public var holder: String
    /// Random for each process that campaigns; absent equals absent.
    public var campaignID: String?
    /// The identity that authenticated, where there was one.
    public var principal: String?
    public var duration: Interval
    /// 1 for the first try of the work, one more after each failed or abandoned hold.
    public var attempt: Int
    public var began: Timestamp
    /// `sha256:…` over the inputs of the work, if the campaign gave it.
    public var inputsDigest: String?
    /// The marker's revision that this hold's work will replace.
    public var supersedes: Revision?
    /// Facts for people: the run's URL and such.
    public var info: [String: String]
    public var mode = Mode.exclusive
    /// Other names that the same campaign was elected for in the same step. Each hold ends by itself.
    public var also: [String] = []
    /// The identity of the work across runs. A released hold clears what others of it left abandoned.
    public var work: String?
    /// What its holder told of its progress, in order; the newest `Phase.most`.
    public var phases: [Phase] = []
    /// A Kubernetes client began it by writing the lease, and renews it so.
    public var isWritten = false
    /// The latest renewal that Kubernetes clients were shown; nil: none yet, only the beginning.
    public var publishedRenewal: Timestamp?

    public init(
        token: FencingToken, holder: String, campaignID: String?, principal: String?, duration: Interval,
        attempt: Int, began: Timestamp, inputsDigest: String?, supersedes: Revision?, info: [String: String]
    ) {
        self.token = token
        self.holder = holder
        self.campaignID = campaignID
        self.principal = principal
        self.duration = duration
        self.attempt = attempt
        self.began = began
        self.inputsDigest = inputsDigest
        self.supersedes = supersedes
        self.info = info
    }
}
