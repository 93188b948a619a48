/// What the core is told at the start, and again when the configuration changed: each a setting of the configuration.
public struct CoreSettings: Hashable, Sendable {
    /// How long a contender's place is kept after its request went. Default 10 s.
    public var reconnectGrace: Interval
    /// For names whose first campaign doesn't say. Default 5.
    public var defaultMaxAttempts: Int
    /// How long a Failed marker is kept. Default 10 min.
    public var failedRetention: Interval
    /// Contenders in one name's queue. Default 20,000.
    public var contendersMax: Int
    /// Requests that wait for one name, to be elected or for its marker. Default 20,000.
    public var nameWaitersMax: Int
    /// The same for all names of one namespace. Default 40,000.
    public var namespaceWaitersMax: Int
    /// The same for one client, as `Campaign.client` says who that is. Default 40,000.
    public var clientWaitersMax: Int
    /// Leases of one namespace. Default 100,000.
    public var namespaceLeasesMax: Int
    /// Markers of one namespace, with those that holds under way may leave. Default 1,000,000.
    public var namespaceMarkersMax: Int
    /// Bytes of a namespace's stored records above which it gets no new ones. Default 1 GiB.
    public var namespaceBytesMax: Int
    /// Aliases of one namespace; all of them are in memory. Default 1,000.
    public var namespaceAliasesMax: Int
    /// How many idle names stay in memory. Default 20,000.
    public var idleNamesMax: Int
    /// How long a Kubernetes client holds that writes no duration: `lease.defaultDuration`. Default 30 s.
    public var writtenDuration: Interval

    public init(
        reconnectGrace: Interval = .seconds(10), defaultMaxAttempts: Int = 5,
        failedRetention: Interval = .minutes(10), contendersMax: Int = 20_000,
        nameWaitersMax: Int = 20_000, namespaceWaitersMax: Int = 40_000, clientWaitersMax: Int = 40_000,
        namespaceLeasesMax: Int = 100_000, namespaceMarkersMax: Int = 1_000_000,
        namespaceBytesMax: Int = 1 << 30, namespaceAliasesMax: Int = 1_000, idleNamesMax: Int = 20_000,
        writtenDuration: Interval = .seconds(30)
    ) {
        self.reconnectGrace = reconnectGrace
        self.defaultMaxAttempts = defaultMaxAttempts
        self.failedRetention = failedRetention
        self.contendersMax = contendersMax
        self.nameWaitersMax = nameWaitersMax
        self.namespaceWaitersMax = namespaceWaitersMax
        self.clientWaitersMax = clientWaitersMax
        self.namespaceLeasesMax = namespaceLeasesMax
        self.namespaceMarkersMax = namespaceMarkersMax
        self.namespaceBytesMax = namespaceBytesMax
        self.namespaceAliasesMax = namespaceAliasesMax
        self.idleNamesMax = idleNamesMax
        self.writtenDuration = writtenDuration
    }
}
