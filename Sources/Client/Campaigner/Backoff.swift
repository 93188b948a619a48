/// How long until the next try, longer each time and never the same for two
/// clients: forty runs that lose a server at once shouldn't come back at once.
struct Backoff: Equatable, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// Between half of it and all of `0.25 s × 2^failures`, at most `most`, at least `least`.
    mutating func delay(failures: Int, most: Duration, least: Duration? = nil) -> Duration {
        let whole = min(Duration.milliseconds(250) * (1 << min(failures, 10)), most)
        let share = Double(next() >> 11) / Double(1 << 53)
        let delay = whole / 2 + .nanoseconds(Int64(Double((whole / 2).nanoseconds) * share))
        return max(delay, min(least ?? .zero, most * 2))
    }

    /// SplitMix64.
    private mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
