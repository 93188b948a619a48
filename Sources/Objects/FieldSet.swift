/// A set of paths into an object: the fields that somebody owns.
///
/// A path goes through elements: `f:name` is a member of an object, `k:{"uid":"u-1"}` the object of a
/// list with that key, `v:"x"` the text of a set. An element may be in the set itself, which for a
/// container means that it is there at all, and have paths below it. So a set is a tree; union,
/// difference and intersection walk through two of them side by side.
struct FieldSet: Hashable, Sendable {
    /// By their elements, in order. None is without a meaning: it is a member, or has something below.
    private(set) var nodes: [Node] = []

    struct Node: Hashable, Sendable {
        var element: String
        /// Whether the path that ends here is in the set.
        var isMember: Bool
        var below: FieldSet

        init(_ element: String, isMember: Bool = true, below: FieldSet = FieldSet()) {
            self.element = element
            self.isMember = isMember
            self.below = below
        }
    }

    init() {}

    /// - Parameter nodes: in order, no element twice.
    init(_ nodes: [Node]) { self.nodes = nodes.filter { $0.isMember || !$0.below.isEmpty } }

    var isEmpty: Bool { nodes.isEmpty }

    mutating func reserveCapacity(_ count: Int) { nodes.reserveCapacity(count) }

    /// Behind all others. What means nothing isn't added.
    mutating func append(_ node: Node) {
        guard node.isMember || !node.below.isEmpty else { return }
        nodes.append(node)
    }

    /// Where there are many elements, they come in any order.
    static func sorting(_ nodes: [Node]) -> FieldSet { FieldSet(nodes.sorted { $0.element < $1.element }) }

    func union(_ other: FieldSet) -> FieldSet {
        if other.isEmpty { return self }
        if isEmpty { return other }
        return combined(with: other, FieldSet.union, keepsLeft: true, keepsRight: true) { $0 || $1 }
    }

    func subtracting(_ other: FieldSet) -> FieldSet {
        if other.isEmpty || isEmpty { return self }
        return combined(with: other, FieldSet.subtracting, keepsLeft: true, keepsRight: false) { $0 && !$1 }
    }

    func intersection(_ other: FieldSet) -> FieldSet {
        if other.isEmpty || isEmpty { return FieldSet() }
        return combined(with: other, FieldSet.intersection, keepsLeft: false, keepsRight: false) { $0 && $1 }
    }

    /// - Parameters:
    ///   - below: the same for what is below an element of both.
    ///   - keepsLeft: whether what only this set has is in the result.
    ///   - isMember: whether an element of both is, by whether it is in the one and in the other.
    private func combined(
        with other: FieldSet, _ below: (FieldSet) -> (FieldSet) -> FieldSet, keepsLeft: Bool,
        keepsRight: Bool,
        isMember: (Bool, Bool) -> Bool
    ) -> FieldSet {
        var result = FieldSet()
        result.nodes.reserveCapacity(max(nodes.count, other.nodes.count))
        var left = nodes[...]
        var right = other.nodes[...]
        while let mine = left.first, let theirs = right.first {
            if mine.element == theirs.element {
                result.append(
                    Node(
                        mine.element, isMember: isMember(mine.isMember, theirs.isMember),
                        below: below(mine.below)(theirs.below)))
                left.removeFirst()
                right.removeFirst()
            } else if mine.element < theirs.element {
                if keepsLeft { result.append(mine) }
                left.removeFirst()
            } else {
                if keepsRight { result.append(theirs) }
                right.removeFirst()
            }
        }
        if keepsLeft { result.nodes += left }
        if keepsRight { result.nodes += right }
        return result
    }

    /// Each path as messages show it: `.spec.holderIdentity`, `.metadata.finalizers[="a/b"]`.
    var paths: [String] {
        nodes.flatMap { node in
            let path = node.shown
            return (node.isMember ? [path] : []) + node.below.paths.map { path + $0 }
        }
    }
}
