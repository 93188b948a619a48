/// How the direct child ended.
public enum ChildStatus: Sendable, Equatable {
    case exited(Int32)
    case signalled(Int32)

    /// As a shell says it: the child's own, or 128+n by a signal.
    public var exitCode: Int32 {
        switch self {
        case .exited(let code): code
        case .signalled(let number): 128 + number
        }
    }
}

/// What the guardian tells baton.
public enum GuardianEvent: Sendable, Equatable {
    /// The direct child ended. What it left behind may still run: see `treeGone`.
    case childExited(ChildStatus)
    /// Nothing that the command started is left. Always after `childExited`.
    case treeGone
    /// SIGKILL was sent and some are still there: they belong to another user
    /// (sudo), or hang in the kernel. The guardian goes on trying; `treeGone` may
    /// still come. The work may be going on: don't say that it ended.
    case treeOutlives([Int32])
    /// The deadman's time came: the tree has been told to end. A later `arm`
    /// doesn't take that back.
    case deadmanFired
    /// The guardian was killed. What it left was killed from here, as far as it
    /// could be found: the direct child dies with the guardian.
    case guardianLost
}
