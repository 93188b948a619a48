/// Who asks, and what they may do.
///
/// Holders are bound to `identity`: whoever authenticates as another can't act for them, even
/// with their fencing token. Two tokens of one identity are the same holder.
public struct Principal: Hashable, Sendable {
    public var identity: String
    public var role: Role
    /// Of which namespaces.
    public var namespaces: [Glob]

    public init(identity: String, role: Role, namespaces: [Glob]) {
        self.identity = identity
        self.role = role
        self.namespaces = namespaces
    }

    /// Whether they may do what takes this role, in that namespace; nil: with the daemon as a whole,
    /// for which no namespace is needed.
    public func permits(_ needed: Role, in namespace: String?) -> Bool {
        role >= needed && reaches(namespace)
    }

    public func reaches(_ namespace: String?) -> Bool {
        guard let namespace else { return true }
        return namespaces.contains { $0.matches(namespace) }
    }
}

/// Each may do what those before it may.
public enum Role: String, Hashable, Sendable, CaseIterable, Comparable {
    /// Reads, and waits for markers.
    case viewer
    /// Campaigns, does what a holder does, and puts markers.
    case runner
    /// Ends others' holds and deletes markers.
    case admin

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .runner: 1
        case .admin: 2
        }
    }

    public static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }
}
