/// What others did on a machine of the same kind; docs/benchmarks.md says how it was measured.
struct Baseline {
    enum Better { case more, less }
    var better: Better
    var others: [(name: String, value: Double)]

    init(_ better: Better, _ others: KeyValuePairs<String, Double>) {
        self.better = better
        self.others = others.map { ($0.key, $0.value) }
    }

    /// "etcd 2,500 = 2.4x": batond does 2.4 times as well.
    func text(against ours: Double) -> String {
        others.map { name, value in
            let ratio = better == .more ? ours / value : value / ours
            return "\(name) \(Text.number(value)) = \(Text.number(ratio))x"
        }.joined(separator: ", ")
    }

    /// Cycles a second of acquire and release, each client on its own names.
    static func cycles(clients: Int) -> Baseline? {
        switch clients {
        case 1: Baseline(.more, ["etcd": 2_500, "PostgreSQL": 6_260, "Redis": 6_200, "ZooKeeper": 3_840])
        case 16: Baseline(.more, ["etcd": 6_840, "PostgreSQL": 12_000, "Redis": 30_600, "ZooKeeper": 15_100])
        case 64: Baseline(.more, ["etcd": 9_320, "PostgreSQL": 12_800, "Redis": 64_200, "ZooKeeper": 25_400])
        case 256: Baseline(.more, ["etcd": 8_990, "PostgreSQL": 9_200, "Redis": 61_200, "ZooKeeper": 19_100])
        default: nil
        }
    }

    static let renewals = Baseline(
        .more, ["etcd": 73_600, "PostgreSQL": 31_700, "Redis": 107_000, "ZooKeeper": 105_000])

    /// Writes and reads of Lease objects a second, by a Kubernetes API server 1.36 and its etcd, over TLS.
    static func objects(_ verb: String, clients: Int) -> Baseline? {
        switch (verb, clients) {
        case ("create", 64): Baseline(.more, ["API server": 2_680])
        case ("update", 64): Baseline(.more, ["API server": 1_620])
        case ("get", 64): Baseline(.more, ["API server": 5_250])
        case ("create", 1): Baseline(.more, ["API server": 820])
        case ("update", 1): Baseline(.more, ["API server": 640])
        case ("get", 1): Baseline(.more, ["API server": 1_550])
        default: nil
        }
    }

    /// Megabytes of both, when the runs above were over.
    static let objectMemory = Baseline(.less, ["API server, etcd": 1_000])

    /// Milliseconds from the first request until the last contender has returned.
    static func storm(_ contenders: Int) -> Baseline? {
        switch contenders {
        case 40: Baseline(.less, ["etcd": 96, "PostgreSQL": 22, "Redis": 3.0, "ZooKeeper": 4.7])
        case 200: Baseline(.less, ["etcd": 153, "PostgreSQL": 136, "Redis": 10.6, "ZooKeeper": 23])
        case 1_000: Baseline(.less, ["etcd": 419, "PostgreSQL": 960, "Redis": 54, "ZooKeeper": 100])
        case 5_000: Baseline(.less, ["etcd 3.4": 2_170, "Redis": 360, "ZooKeeper": 531])
        default: nil
        }
    }

    static func stormConnecting(_ contenders: Int) -> Baseline? {
        guard contenders == 1_000 else { return nil }
        return Baseline(.less, ["etcd": 506, "PostgreSQL": 1_504, "Redis": 155, "ZooKeeper": 2_107])
    }

    /// Milliseconds, p50.
    static let handover = Baseline(.less, ["etcd": 1.1, "PostgreSQL": 0.50, "Redis": 0.50, "ZooKeeper": 1.0])
    static let takeover = Baseline(.less, ["etcd": 254, "PostgreSQL": 2, "Redis": 2, "ZooKeeper": 600])

    /// KiB of the server for each of 10,000 idle waiters, and MB of it when idle.
    static let waiter = Baseline(
        .less, ["etcd": 136, "etcd, one connection": 3.0, "Redis": 5.4, "ZooKeeper": 11, "PostgreSQL": 1_331])
    static let idle = Baseline(.less, ["etcd": 25, "Redis": 12, "PostgreSQL": 34, "ZooKeeper": 66])

    /// Seconds from the start until the first acquisition, with 100,000 records.
    static let start = Baseline(.less, ["etcd": 2.5, "PostgreSQL": 0.17, "Redis": 0.17, "ZooKeeper": 1.2])
}
