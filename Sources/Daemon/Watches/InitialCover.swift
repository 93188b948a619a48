import Coordination

/// Up to which version the list at a watch's beginning has told of each object.
///
/// The list may take several steps, and a later step shows what is younger than the list. When the changes since
/// the list began are told after it, what a step has shown already must not come again, and nothing of one that
/// was gone when its place was passed. The steps go by name: so it is enough to know, for each stretch of names,
/// at which version it was read. Steps within one version are one stretch.
struct InitialCover {
    private struct Stretch {
        var namespace: String
        /// The last name in it; nil: to the namespace's end.
        var last: String?
        var version: Revision
    }

    private var stretches: [Stretch] = []
    /// Beyond this version nothing was told.
    private(set) var latest: Revision = 0

    /// The names of a namespace from behind the stretch before to `last` (nil: to its end) were read at a version.
    mutating func read(_ namespace: String, to last: String?, at version: Revision) {
        latest = max(latest, version)
        if let end = stretches.last, end.namespace == namespace, end.version == version {
            stretches[stretches.count - 1].last = last
        } else {
            stretches.append(Stretch(namespace: namespace, last: last, version: version))
        }
    }

    /// Whether the list has told of what happened at that revision to that name.
    func covers(_ namespace: String, _ name: String, at revision: Revision) -> Bool {
        guard revision <= latest else { return false }
        let stretch = stretches.first {
            guard $0.namespace == namespace else { return false }
            return $0.last.map { !$0.utf8.lexicographicallyPrecedes(name.utf8) } ?? true
        }
        return stretch.map { revision <= $0.version } ?? false
    }
}
