/// What is asked of an alias.
public enum AliasCommand: Sendable {
    case set(AliasSetting)
    case rollBack(AliasRollback)
    case delete(AliasDeletion)
    case wait(AliasWait)

    public var request: RequestID {
        switch self {
        case .set(let setting): setting.request
        case .rollBack(let rollback): rollback.request
        case .delete(let deletion): deletion.request
        case .wait(let wait): wait.request
        }
    }

    public var key: Key {
        switch self {
        case .set(let setting): setting.key
        case .rollBack(let rollback): rollback.key
        case .delete(let deletion): deletion.key
        case .wait(let wait): wait.key
        }
    }
}

/// Make the alias, or move it.
public struct AliasSetting: Sendable {
    /// What has to be there for it to be moved.
    public enum Expectation: Hashable, Sendable {
        case absent
        /// It points at a marker of this name.
        case target(String)
        /// Its latest move is this one.
        case revision(Revision)
    }
    public var request: RequestID
    public var key: Key
    /// The marker's name.
    public var target: String
    /// Nil: whatever there is. A move that was made already needs nothing.
    public var expect: Expectation?
    /// Whether it may be moved to a marker that is older than the present one.
    public var allowOlder: Bool
    /// The identity that authenticated.
    public var by: String?
    /// How whoever asks calls itself.
    public var holder: String?
    public var reason: String?

    public init(
        request: RequestID, key: Key, target: String, expect: Expectation? = nil, allowOlder: Bool = false,
        by: String? = nil, holder: String? = nil, reason: String? = nil
    ) {
        self.request = request
        self.key = key
        self.target = target
        self.expect = expect
        self.allowOlder = allowOlder
        self.by = by
        self.holder = holder
        self.reason = reason
    }
}

/// Take the alias back to a target that it had.
public struct AliasRollback: Sendable {
    public var request: RequestID
    public var key: Key
    /// The alias's revision: a rollback that is asked again must not undo itself.
    public var revision: Revision
    /// To where this move of the history had it; nil: to the target before the present one.
    public var to: Revision?
    public var by: String?
    public var holder: String?
    public var reason: String?

    public init(
        request: RequestID, key: Key, revision: Revision, to: Revision? = nil, by: String? = nil,
        holder: String? = nil, reason: String? = nil
    ) {
        self.request = request
        self.key = key
        self.revision = revision
        self.to = to
        self.by = by
        self.holder = holder
        self.reason = reason
    }
}

/// Delete the alias, if it is the one that was meant. Its history stays.
public struct AliasDeletion: Sendable {
    public var request: RequestID
    public var key: Key
    public var revision: Revision
    public var by: String?
    public var reason: String?
    /// For the audit record.
    public var origin: Origin?

    public init(
        request: RequestID, key: Key, revision: Revision, by: String? = nil, reason: String? = nil
    ) {
        self.request = request
        self.key = key
        self.revision = revision
        self.by = by
        self.reason = reason
    }
}

/// Wait until the alias is moved.
public struct AliasWait: Sendable {
    public var request: RequestID
    public var key: Key
    /// The revision that whoever asks knows; 0: none, and there may be no alias yet.
    public var since: Revision
    public var waitUntil: Instant?
    /// As `Campaign.client`.
    public var client: String?

    public init(
        request: RequestID, key: Key, since: Revision = 0, waitUntil: Instant?, client: String? = nil
    ) {
        self.request = request
        self.key = key
        self.since = since
        self.waitUntil = waitUntil
        self.client = client
    }
}

/// What is said of an alias.
public enum AliasReply: Hashable, Sendable {
    /// As it is now, and whether this request moved it.
    case moved(AliasRecord, changed: Bool)
    /// As it was last.
    case deleted(AliasRecord)
    case seen(AliasView)
}

/// What whoever waits for an alias is told.
public struct AliasView: Hashable, Sendable {
    public enum Verdict: UInt8, Sendable {
        /// Its revision is greater than the one that was known.
        case moved
        /// The wait's time is over.
        case waiting
        /// It isn't there any more, or its namespace is being deleted.
        case deleted
    }
    public var key: Key
    public var verdict: Verdict
    public var record: AliasRecord?

    public init(key: Key, verdict: Verdict, record: AliasRecord?) {
        self.key = key
        self.verdict = verdict
        self.record = record
    }
}

/// Why an alias isn't moved.
public enum AliasRefusal: Hashable, Sendable {
    case notFound(Key)
    /// Compare-and-set: it isn't what was expected. Nil: it isn't there.
    case differs(Key, AliasRecord?)
    /// The marker is older than the present target.
    case backwards(AliasRecord, to: AliasTarget)
    /// There is no marker of this name; perhaps it is an alias's.
    case noTarget(Key, isAlias: Bool)
    /// The work failed.
    case targetFailed(DoneMarker)
    /// The marker that the alias had is gone; if there is one of its name, that is another one.
    case targetGone(Key, AliasTarget, current: Revision?)
    /// It has never pointed elsewhere.
    case noPrevious(AliasRecord)
    /// The history has no such move of this alias, or that one deleted it.
    case noMove(Key, Revision)
}
