/// Tokens that were verified, so that a renewal doesn't cost a verification each.
///
/// Kept by their digest: nobody who sees the memory can use them. There are at most `2 · half` of them,
/// in two halves: when the younger is full, the older goes, and what of it was used since has moved.
public struct VerifiedTokens: Sendable {
    struct Entry: Sendable {
        var principal: Principal
        /// The wall clock at which the token expires, in seconds since 1970-01-01 UTC.
        var expiry: Double
        /// When it is verified again all the same, by the clock of `KeyRing`.
        var until: Duration
    }

    /// A token is verified again after that long, at the latest.
    public static let timeMax = Duration.seconds(300)

    private let half: Int
    private var young: [TokenDigest: Entry] = [:]
    private var old: [TokenDigest: Entry] = [:]

    public init(half: Int = 4096) {
        precondition(half > 0, "something has to fit")
        self.half = half
    }

    public var count: Int { young.count + old.count }

    public mutating func principal(_ digest: TokenDigest, at now: Duration, wall: Double) -> Principal? {
        if let entry = young[digest] { return Self.isAlive(entry, now, wall) ? entry.principal : nil }
        guard let entry = old.removeValue(forKey: digest), Self.isAlive(entry, now, wall) else { return nil }
        keep(digest, entry)
        return entry.principal
    }

    /// - Parameters:
    ///   - expiry: when the token expires by the wall clock, with the leeway that it was judged with.
    ///   - staleFrom: from when on its issuer's keys are too old.
    public mutating func insert(
        _ digest: TokenDigest, _ principal: Principal, expiry: Double, staleFrom: Duration, at now: Duration
    ) {
        keep(digest, Entry(principal: principal, expiry: expiry, until: min(now + Self.timeMax, staleFrom)))
    }

    /// Keys or rules have changed: everybody is judged anew.
    public mutating func forgetAll() {
        young = [:]
        old = [:]
    }

    private mutating func keep(_ digest: TokenDigest, _ entry: Entry) {
        if young.count >= half, young[digest] == nil {
            old = young
            young = [:]
        }
        young[digest] = entry
        old[digest] = nil
    }

    private static func isAlive(_ entry: Entry, _ now: Duration, _ wall: Double) -> Bool {
        now < entry.until && wall < entry.expiry
    }
}
