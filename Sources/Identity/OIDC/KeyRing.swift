/// The keys of one issuer over time. Pure: it says when to fetch, and is told what came of it.
///
/// Keys are fetched anew every `maxAge`, and when a token names a key that isn't there, but then at
/// most every `attemptGap`: strangers choose what their tokens name. A key that the issuer no longer
/// shows is refused from that fetch on. While the issuer can't be reached, the keys go on working
/// until they are `staleMax` old; from then on nobody can tell a withdrawn key from a good one.
///
/// Times are what any clock shows that never goes back.
public struct KeyRing: Sendable {
    public struct Settings: Hashable, Sendable {
        public var maxAge: Duration
        public var staleMax: Duration

        public init(maxAge: Duration = .seconds(3600), staleMax: Duration = .seconds(24 * 3600)) {
            self.maxAge = maxAge
            self.staleMax = staleMax
        }
    }

    /// What can be said of a token's key.
    public enum Finding: Equatable, Sendable {
        case key(PublicKey)
        /// The keys have to be fetched first; `takeDueFetch` says when.
        case later
        /// The issuer doesn't have it.
        case unknown
        /// There are no keys that could be trusted, and why there are none.
        case unavailable(String)
    }

    public static let attemptGap = Duration.seconds(10)

    public var settings: Settings
    private var keySet: JSONWebKeySet?
    private var fetched = Duration.zero
    private var attempted: Duration?
    private var isFetching = false
    /// Somebody waits for a key that isn't there.
    private var isAskedFor = false
    /// Why the last fetch brought nothing; nil: it did.
    public private(set) var failure: String?

    /// Wants to fetch at once.
    public init(_ settings: Settings) { self.settings = settings }

    public mutating func find(_ token: JSONWebToken, at now: Duration) -> Finding {
        let usable = isUsable(at: now)
        if usable, let key = keySet?.key(for: token) { return .key(key) }
        if isFetching { return .later }
        guard mayAttempt(at: now) else {
            return usable ? .unknown : .unavailable(failure ?? "they are too old")
        }
        isAskedFor = true
        return .later
    }

    /// Whether there are keys, and young enough.
    public func isUsable(at now: Duration) -> Bool { keySet != nil && now < staleFrom }

    /// From when on the keys are refused, unless they are fetched before.
    public var staleFrom: Duration { fetched + settings.staleMax }

    /// For how long the keys have been what they are; nil: there are none.
    public func age(at now: Duration) -> Duration? { keySet == nil ? nil : now - fetched }

    private func mayAttempt(at now: Duration) -> Bool {
        attempted.map { now - $0 >= Self.attemptGap } ?? true
    }

    // MARK: Fetching

    /// True when a fetch is due: it has begun then, and `arrived` or `failed` ends it.
    public mutating func takeDueFetch(at now: Duration) -> Bool {
        guard let due = nextFetch, due <= now else { return false }
        isFetching = true
        isAskedFor = false
        attempted = now
        return true
    }

    /// When the next fetch is due; nil while one is under way.
    public var nextFetch: Duration? {
        guard !isFetching else { return nil }
        guard let attempted else { return .zero }
        let again = attempted + Self.attemptGap
        if isAskedFor || failure != nil || keySet == nil { return again }
        return max(again, fetched + settings.maxAge)
    }

    /// - Returns: whether the keys differ from those before.
    public mutating func arrived(_ new: JSONWebKeySet, at now: Duration) -> Bool {
        let differs = new.keys != keySet?.keys
        keySet = new
        fetched = now
        isFetching = false
        failure = nil
        return differs
    }

    public mutating func failed(_ reason: String) {
        isFetching = false
        failure = reason
    }
}
