/// Nanoseconds. Baton may be killed at any time, and then its tree is gone within
/// a second: SIGTERM, `orphanGrace`, SIGKILL.
enum Limits {
    /// What a child that ended by itself left behind may finish by itself.
    static let linger: UInt64 = 500_000_000
    /// Between SIGTERM and SIGKILL where nobody named a grace.
    static let orphanGrace: UInt64 = 300_000_000
    /// Between rounds of SIGKILL.
    static let killRound: UInt64 = 5_000_000
    /// After that long, those that are left are called unkillable.
    static let killing: UInt64 = 2_000_000_000
    /// Between rounds after that.
    static let outlivedRound: UInt64 = 250_000_000
    /// Walks of the tree within a round: the last finds nobody new.
    static let walksInRound = 100
    /// How long `goodbye` waits before it kills a guardian that doesn't leave.
    static let goodbyeMilliseconds: Int32 = 5_000
}
