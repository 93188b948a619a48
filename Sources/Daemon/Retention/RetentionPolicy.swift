import API
import Coordination
import Identity

/// How long markers of some namespaces and names are kept. A marker is the first one's that matches it.
struct RetentionPolicy: Hashable, Sendable {
    var namespaces: [Glob]
    var names: [Wildcard]
    /// Markers whose work ended longer ago go.
    var maxAge: Interval?
    /// The newest so many of a namespace that are this policy's stay, whatever their age. Without `maxAge`
    /// all others go.
    var keep: Int?
    var protectedNames: [Wildcard] = []
    var protectedLabels: [MarkerSelector] = []

    func reaches(_ namespace: String) -> Bool { namespaces.contains { $0.matches(namespace) } }
    func matches(_ name: String) -> Bool { names.contains { $0.matches(name) } }

    /// Whether anything goes by it; otherwise it only protects.
    var prunes: Bool { maxAge != nil || keep != nil }

    var protection: PruneRule.Protection {
        PruneRule.Protection(policy: self, names: protectedNames, labels: protectedLabels)
    }
}

/// The policies, in their order.
struct RetentionPolicies: Hashable, Sendable {
    var all: [RetentionPolicy] = []

    /// What keeps markers of a namespace from being pruned by anybody.
    func protections(in namespace: String) -> [PruneRule.Protection] {
        all.filter { $0.reaches(namespace) }.map(\.protection)
    }

    /// What goes by each policy there.
    func rules(in namespace: String) -> [(index: Int, rule: PruneRule)] {
        let here = all.indices.filter { all[$0].reaches(namespace) }
        return here.enumerated().compactMap { place, index in
            let policy = all[index]
            guard policy.prunes else { return nil }
            let earlier = here[..<place].map { all[$0] }
            return (
                index,
                PruneRule(
                    matches: { name in policy.matches(name) && !earlier.contains { $0.matches(name) } },
                    maxAge: policy.maxAge, keepLast: policy.keep, protections: protections(in: namespace),
                    leavesOwnRetentions: true)
            )
        }
    }
}
