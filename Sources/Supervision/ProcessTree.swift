import Glibc

/// The descendants of one process, and their end.
///
/// The root is a subreaper: whoever loses its parent becomes the root's child, so
/// no double fork and no setsid leaves the tree. Killing in the order of finding
/// would race those that fork meanwhile; so a process is *stopped* before its
/// children are read: what it could fork, it has forked. Walks are repeated until
/// one finds nobody new, then all are killed at once. A fork(2) with a signal
/// pending doesn't go through, so a stop holds from the moment kill(2) returns;
/// only another thread of the same process may still slip one in, and the next
/// walk, or the next round, sees it.
///
/// A pid found here is used at once, and its parent, stopped or the root, doesn't
/// reap meanwhile: it can't become someone else's.
///
/// Most of a tree is in the process group of its first child. That is stopped by
/// one call, and no fork slips through it: otherwise a crowd of hundreds that fork
/// would leave the guardian too little of the CPU to stop them one by one.
struct ProcessTree {
    /// The root must not reap between finding a child and signalling it.
    let root: Int32
    /// The group that the first child leads. Its number stays its own as long as
    /// it has a member, so it is used only after one was found.
    var group: Int32?

    init(root: Int32 = getpid(), group: Int32? = nil) {
        self.root = root
        self.group = group
    }

    /// SIGTERM once to each, and SIGCONT, without which a stopped one would not hear it.
    func terminate() {
        var isGroupTold = false
        walk { pid in
            guard let group, getpgid(pid) == group else { return Self.end(pid) }
            if !isGroupTold { Self.end(-group) }
            isGroupTold = true
        }
    }

    private static func end(_ target: Int32) {
        kill(target, SIGTERM)
        kill(target, SIGCONT)
    }

    /// One round. Those that were killed are still to be reaped.
    func killAll() {
        var found: Set<Int32> = []
        var stoppedGroup: Int32?
        for _ in 0..<Limits.walksInRound {
            let before = found.count
            walk { pid in
                if stoppedGroup == nil, let group, getpgid(pid) == group, kill(-group, SIGSTOP) == 0 {
                    stoppedGroup = group
                }
                if found.insert(pid).inserted { kill(pid, SIGSTOP) }
            }
            if found.count == before { break }
        }
        if let stoppedGroup { kill(-stoppedGroup, SIGKILL) }
        for pid in found { kill(pid, SIGKILL) }
    }

    /// Without a /proc of our own nobody can be found.
    let isVisible = Proc.isOurs

    func descendants() -> [Int32] {
        var pids: [Int32] = []
        walk { pids.append($0) }
        return pids
    }

    /// Calls `visit` with each, parents before children, and reads the children
    /// of each after `visit`.
    private func walk(_ visit: (Int32) -> Void) {
        guard isVisible else { return }
        let table = Proc.listsChildren ? [:] : Proc.childrenByParent()
        var waiting = [root]
        var seen: Set = [root]
        while let pid = waiting.popLast() {
            if pid != root { visit(pid) }
            let children = Proc.listsChildren ? Proc.children(of: pid) : table[pid] ?? []
            for child in children where seen.insert(child).inserted { waiting.append(child) }
        }
    }
}
