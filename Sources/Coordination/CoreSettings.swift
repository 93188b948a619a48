/// What the core is told once. Each has a setting of the same name in the configuration.
public struct CoreSettings: Hashable, Sendable {
    /// How long a contender's place is kept after its request went. Default 10 s.
    public var reconnectGrace: Interval
    /// For names whose first campaign doesn't say. Default 5.
    public var defaultMaxAttempts: Int
    /// How long a Failed marker is kept. Default 10 min.
    public var failedRetention: Interval
    /// Contenders in one name's queue. Default 20,000.
    public var contendersMax: Int
    /// How many idle names stay in memory. Default 20,000.
    public var idleNamesMax: Int
    /// How long a Kubernetes client holds that writes no duration. Default 30 s.
    public var writtenDuration: Interval

    public init(
        reconnectGrace: Interval = .seconds(10), defaultMaxAttempts: Int = 5,
        failedRetention: Interval = .minutes(10), contendersMax: Int = 20_000, idleNamesMax: Int = 20_000,
        writtenDuration: Interval = .seconds(30)
    ) {
        self.reconnectGrace = reconnectGrace
        self.defaultMaxAttempts = defaultMaxAttempts
        self.failedRetention = failedRetention
        self.contendersMax = contendersMax
        self.idleNamesMax = idleNamesMax
        self.writtenDuration = writtenDuration
    }
}
