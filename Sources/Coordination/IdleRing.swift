/// The names that became idle, oldest first: who leaves memory when there are too many.
struct IdleRing: Sendable {
    private var keys: [Key] = []
    private var head = 0

    var count: Int { keys.count - head }

    mutating func append(_ key: Key) { keys.append(key) }

    mutating func popFirst() -> Key? {
        guard head < keys.count else { return nil }
        let key = keys[head]
        head += 1
        if head > 4096 && head * 2 > keys.count {
            keys.removeFirst(head)
            head = 0
        }
        return key
    }
}
