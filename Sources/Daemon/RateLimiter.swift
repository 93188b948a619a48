import Coordination

/// Decides who asks too often: a bucket of tokens for each client, which fills at a steady rate.
///
/// A bucket is kept as one moment: when it will be full again. A client that has been silent until
/// then is as one that never came, and is forgotten. However many clients come, no more than
/// `clientsMax` are kept; those that find no place share one bucket until there is one.
struct RateLimiter {
    /// Requests a second that a client may send for good.
    let perSecond: Int
    private let interval: Interval
    /// From an empty bucket to a full one.
    private let depth: Interval
    private let clientsMax: Int

    private var fullAt: [String: Instant] = [:]
    private var sharedFullAt = Instant(nanoseconds: 0)
    private var swept = Instant(nanoseconds: 0)

    /// - Parameter burst: how many may come at once after a silence.
    init(perSecond: Int, burst: Int, clientsMax: Int = 10_000) {
        precondition(perSecond > 0 && burst > 0 && clientsMax > 0)
        self.perSecond = perSecond
        interval = Interval(nanoseconds: max(1, 1_000_000_000 / Int64(perSecond)))
        depth = Interval(nanoseconds: interval.nanoseconds * Int64(burst))
        self.clientsMax = clientsMax
    }

    /// Whether it grants the same as another.
    func grantsAs(_ other: RateLimiter) -> Bool { interval == other.interval && depth == other.depth }

    var clients: Int { fullAt.count }

    /// Nil: it may pass, and has taken a token. Otherwise how long until there is one.
    mutating func admit(_ client: String, at now: Instant) -> Interval? {
        let full = max(bucket(client, at: now), now)
        let wait = full - now + interval - depth
        guard wait <= .zero else { return wait }
        keep(full + interval, client)
        return nil
    }

    /// Counts a request that is never refused. It empties a bucket and doesn't make debts: or a client
    /// that renews many holds could do nothing else any more.
    mutating func charge(_ client: String, at now: Instant) {
        keep(min(max(bucket(client, at: now), now) + interval, now + depth), client)
    }

    private mutating func bucket(_ client: String, at now: Instant) -> Instant {
        if let full = fullAt[client] { return full }
        if fullAt.count >= clientsMax { sweep(now) }
        return fullAt.count < clientsMax ? now : sharedFullAt
    }

    private mutating func keep(_ full: Instant, _ client: String) {
        if fullAt[client] != nil || fullAt.count < clientsMax {
            fullAt[client] = full
        } else {
            sharedFullAt = full
        }
    }

    /// Forgets the silent; not for each of a flood's requests.
    private mutating func sweep(_ now: Instant) {
        guard now - swept >= .seconds(1) else { return }
        swept = now
        fullAt = fullAt.filter { $0.value > now }
    }
}
