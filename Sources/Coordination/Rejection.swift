/// Why a command was refused. Nothing changed.
public indirect enum Rejection: Error, Hashable, Sendable {
    /// The token is not the present hold's. How its hold ended, if the history still knows,
    /// and who holds now.
    case holdEnded(token: FencingToken, record: HoldRecord?, current: LeaseView?)
    /// The token is right, but another holder identity (or authenticated identity) has it.
    case notTheHolder(holder: String)
    /// The name is in use the other way.
    case wayConflict(current: Way, asked: Way)
    /// The name is in use with another number of permits, or with permits at one time and without at
    /// the other.
    case modeConflict(current: Mode, asked: Mode)
    /// The same campaign contends for, or holds, other names than it asks for now: its first one first.
    case namesConflict(current: [String], asked: [String])
    /// Of a campaign for several names: this one is refused, and so are all.
    case about(Key, Rejection)
    /// There are abandoned holds, and the campaign asked to be refused then.
    case abandonedHolds(AbandonedHolds)
    /// No abandoned hold of the name has this token.
    case notAbandoned(token: FencingToken)
    /// A name of this form is kept for the holds that share a name.
    case reserved(Key)
    /// The digest of the inputs differs from the one stored under this name.
    case inputsMismatch(stored: String, given: String)
    /// A lock has no marker: its holders resign.
    case lockHasNoMarker
    /// A different marker is there. Markers are immutable.
    case markerDiffers(DoneMarker)
    /// A marker can't be put while a hold's work is under way.
    case held(LeaseView)
    /// No lease, or no marker, of this name.
    case notFound(Key)
    /// Compare-and-set: the marker, or the lease, has another revision.
    case revisionDiffers(current: Revision)
    /// A wait names a token that has yet to be given.
    case aheadOfTime(FencingToken, current: Revision)
    /// There is a lease of this name already.
    case exists(LeaseRecord)
    /// There is a marker of this name already.
    case markerExists(DoneMarker)
    case namespaceExists(NamespaceRecord)
    case namespaceNotFound(String)
    /// A namespace can't be deleted while anything in it is held: this is the first that is.
    case namespaceHeld(LeaseView)
    /// The namespace is being deleted: nothing begins in it any more.
    case namespaceTerminating(String)
    /// Nobody may begin a hold for a while after a restore.
    case restoreQuarantine(remaining: Interval)
    /// The marker can't be deleted: these aliases point at it.
    case aliased(Key, by: [String])
    /// The alias isn't moved.
    case alias(AliasRefusal)
    /// As many wait already as may.
    case tooMany(Bound, limit: Int)
    /// The namespace has as much of it as it may. Waiting doesn't help: something has to go.
    case quotaExceeded(Bound, namespace: String, limit: Int, used: Int)
}

/// What the core keeps within limits.
public enum Bound: UInt8, CaseIterable, Sendable {
    /// Contenders of one name, those included whose place is kept while their request is gone.
    case queue = 0
    case waitersOfName = 1
    case waitersOfNamespace = 2
    case waitersOfClient = 3
    /// A namespace's.
    case leases = 4
    /// A namespace's; those that holds under way may leave included.
    case markers = 5
    /// A namespace's.
    case bytes = 6
    /// A namespace's.
    case aliases = 7
}

extension Rejection {
    /// The limit that it was for, if there was one.
    public var bound: Bound? {
        switch self {
        case .tooMany(let bound, _), .quotaExceeded(let bound, _, _, _): bound
        case .about(_, let rejection): rejection.bound
        default: nil
        }
    }
}
