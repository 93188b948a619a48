/// The done marker that an alias points at: which name, and which marker of that name.
public struct AliasTarget: Hashable, Sendable {
    public var name: String
    /// The marker's revision. Another marker of the same name has another one.
    public var revision: Revision

    public init(name: String, revision: Revision) {
        self.name = name
        self.revision = revision
    }
}

/// What is durable of an alias: a name in a namespace that points at a done marker.
///
/// The marker is there for as long as the alias points at it: it can't be deleted, and its retention stands
/// still. An alias is no marker, and its name may be a marker's, too.
public struct AliasRecord: Hashable, Sendable {
    public var key: Key
    public var target: AliasTarget
    /// The target before, of another name than this one: where a rollback goes. It isn't kept from being deleted.
    public var previous: AliasTarget?
    /// The revision of the latest move.
    public var revision: Revision
    /// The alias's revision before the latest move; 0 if that made it.
    public var before: Revision
    /// The revision at which it was made.
    public var created: Revision
    public var createdAt: Timestamp
    public var movedAt: Timestamp
    public var how: AliasMove.How
    /// Who moved it last: the identity that authenticated, where there was one.
    public var by: String?
    /// How whoever moved it called itself.
    public var holder: String?
    public var reason: String?

    public init(
        key: Key, target: AliasTarget, previous: AliasTarget?, revision: Revision, before: Revision,
        created: Revision, createdAt: Timestamp, movedAt: Timestamp, how: AliasMove.How, by: String?,
        holder: String?, reason: String?
    ) {
        self.key = key
        self.target = target
        self.previous = previous
        self.revision = revision
        self.before = before
        self.created = created
        self.createdAt = createdAt
        self.movedAt = movedAt
        self.how = how
        self.by = by
        self.holder = holder
        self.reason = reason
    }
}

/// A move of an alias in its history: who, when, why, from where and to where.
public struct AliasMove: Hashable, Sendable {
    public enum How: UInt8, Sendable, CaseIterable {
        /// Somebody set it.
        case set = 0
        /// Somebody took it back to a target that it had.
        case rolledBack = 1
        /// Its marker was replaced by a newer one of the same name, and the alias stayed with the name.
        case followed = 2
        /// It is gone.
        case deleted = 3
    }
    public var key: Key
    /// Names the move.
    public var revision: Revision
    public var how: How
    /// Nil: it was made.
    public var from: AliasTarget?
    /// Nil: it is gone.
    public var to: AliasTarget?
    public var by: String?
    public var holder: String?
    public var reason: String?
    public var at: Timestamp

    public init(
        key: Key, revision: Revision, how: How, from: AliasTarget?, to: AliasTarget?, by: String?,
        holder: String?, reason: String?, at: Timestamp
    ) {
        self.key = key
        self.revision = revision
        self.how = how
        self.from = from
        self.to = to
        self.by = by
        self.holder = holder
        self.reason = reason
        self.at = at
    }
}
