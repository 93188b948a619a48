/// How a hold ended.
public enum HoldEnd: UInt8, Sendable, CaseIterable {
    /// With a done marker, outcome Succeeded.
    case completed = 0
    /// Given back; the work was not tried to its end. Does not count as an attempt.
    case resigned = 1
    /// The holder said that the work failed.
    case failed = 2
    /// By time: nobody renewed it. The work may be half done.
    case expired = 3
    /// The holder was reported dead. The work may be half done.
    case abandoned = 4
    /// By an operator. Does not count as an attempt.
    case revoked = 5
    /// Taken back: its holder was gone before the first byte of the answer was written.
    case undelivered = 6
    /// Taken back: the first renewal did not come within `confirmWithin`.
    case unconfirmed = 7

    /// Whether the work was tried and came to nothing.
    public var countsAsAttempt: Bool { self == .failed || self == .expired || self == .abandoned }
}

/// How the latest hold of a name ended: what the next holder is told.
public struct EndedHold: Hashable, Sendable {
    public var token: FencingToken
    public var holder: String
    public var how: HoldEnd
    public var reason: String?
    public var ended: Timestamp

    public init(token: FencingToken, holder: String, how: HoldEnd, reason: String?, ended: Timestamp) {
        self.token = token
        self.holder = holder
        self.how = how
        self.reason = reason
        self.ended = ended
    }
}

/// A hold in the history: who held what, when, and why it ended.
///
/// Written when the hold ends. While it lasts its lease has all of it (`LeaseRecord.holdRecord`).
public struct HoldRecord: Hashable, Sendable {
    public var key: Key
    public var token: FencingToken
    public var way: Way
    public var holder: String
    public var campaignID: String?
    public var principal: String?
    public var attempt: Int
    public var info: [String: String]
    public var began: Timestamp
    public var mode = Mode.exclusive
    public var work: String?
    /// As `Hold.phases`.
    public var phases: [Phase] = []
    /// Nil while it lasts.
    public var end: End?

    public struct End: Hashable, Sendable {
        public var how: HoldEnd
        public var reason: String?
        /// Who ended it, if it was not its holder: the operator of a revoke.
        public var by: String?
        public var at: Timestamp
        public var revision: Revision

        public init(how: HoldEnd, reason: String?, by: String?, at: Timestamp, revision: Revision) {
            self.how = how
            self.reason = reason
            self.by = by
            self.at = at
            self.revision = revision
        }
    }

    public init(
        key: Key, token: FencingToken, way: Way, holder: String, campaignID: String?, principal: String?,
        attempt: Int, info: [String: String], began: Timestamp, end: End? = nil
    ) {
        self.key = key
        self.token = token
        self.way = way
        self.holder = holder
        self.campaignID = campaignID
        self.principal = principal
        self.attempt = attempt
        self.info = info
        self.began = began
        self.end = end
    }
}

extension HoldRecord {
    /// The revision of its latest change: its beginning, its latest phase, or its end.
    public var revision: Revision { end?.revision ?? phases.last?.revision ?? token }
}

extension LeaseRecord {
    /// The present hold as the history has it.
    public var holdRecord: HoldRecord? { hold.map { HoldRecord($0, of: self) } }
}
