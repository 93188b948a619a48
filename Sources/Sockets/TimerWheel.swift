/// Coarse timers, one for each slot of the loop, for timeouts that nearly always are put off.
///
/// A wheel of buckets, each a list of slots linked through arrays. Putting a timer off only writes
/// its due time: the slot stays in the bucket that it is in, and moves when that bucket's turn comes.
/// So a connection that answers 10,000 requests within its idle time moves once. A timer never fires
/// early; it fires late by up to the resolution. What lies beyond the wheel's span waits in its last
/// bucket and is looked at again there.
struct TimerWheel {
    static let never = Int64.max

    private let resolution: Int64
    private let bucketCount: Int64
    /// The first slot of each bucket's list, or -1.
    private var heads: [Int32]
    private var next: [Int32] = []
    private var previous: [Int32] = []
    private var due: [Int64] = []
    /// The tick whose bucket holds the slot, or -1.
    private var tick: [Int64] = []
    private var lastTick: Int64
    /// No bucket before this moment holds anything; when the loop has to look again.
    private(set) var nearest = TimerWheel.never

    /// Nanoseconds. The span is `resolution * bucketCount`.
    init(now: Int64, resolution: Int64 = 50_000_000, bucketCount: Int = 512) {
        precondition(resolution > 0 && bucketCount > 1)
        self.resolution = resolution
        self.bucketCount = Int64(bucketCount)
        heads = Array(repeating: -1, count: bucketCount)
        lastTick = now / resolution
    }

    /// Sets the slot's timer, in place of the one it had.
    mutating func schedule(_ slot: Int, at deadline: Int64) {
        while slot >= due.count {
            next.append(-1)
            previous.append(-1)
            due.append(TimerWheel.never)
            tick.append(-1)
        }
        due[slot] = deadline
        guard deadline != TimerWheel.never else { return }
        let wanted = tickFor(deadline)
        if tick[slot] >= 0 {
            guard wanted < tick[slot] else { return }
            unlink(slot)
        }
        link(slot, wanted)
    }

    mutating func cancel(_ slot: Int) {
        if slot < due.count { due[slot] = TimerWheel.never }
    }

    /// Appends the slots that are due to `fired`, each once; their timers are off then.
    mutating func advance(to now: Int64, fired: inout [Int]) {
        let target = now / resolution
        guard target > lastTick else { return }
        var tick = max(lastTick + 1, target - bucketCount + 1)
        lastTick = target
        while tick <= target {
            empty(Int(tick % bucketCount), now: now, fired: &fired)
            tick += 1
        }
        findNearest()
    }

    private mutating func empty(_ bucket: Int, now: Int64, fired: inout [Int]) {
        var slot = Int(heads[bucket])
        heads[bucket] = -1
        while slot >= 0 {
            let following = Int(next[slot])
            tick[slot] = -1
            if due[slot] <= now {
                due[slot] = TimerWheel.never
                fired.append(slot)
            } else if due[slot] != TimerWheel.never {
                link(slot, tickFor(due[slot]))
            }
            slot = following
        }
    }

    /// Rounded up, so that a timer is never early; and always to come.
    private func tickFor(_ deadline: Int64) -> Int64 {
        let exact = deadline / resolution + (deadline % resolution == 0 ? 0 : 1)
        return min(max(exact, lastTick + 1), lastTick + bucketCount - 1)
    }

    private mutating func link(_ slot: Int, _ wanted: Int64) {
        let bucket = Int(wanted % bucketCount)
        next[slot] = heads[bucket]
        previous[slot] = -1
        if heads[bucket] >= 0 { previous[Int(heads[bucket])] = Int32(slot) }
        heads[bucket] = Int32(slot)
        tick[slot] = wanted
        nearest = min(nearest, wanted * resolution)
    }

    private mutating func unlink(_ slot: Int) {
        if previous[slot] >= 0 {
            next[Int(previous[slot])] = next[slot]
        } else {
            heads[Int(tick[slot] % bucketCount)] = next[slot]
        }
        if next[slot] >= 0 { previous[Int(next[slot])] = previous[slot] }
        tick[slot] = -1
    }

    private mutating func findNearest() {
        nearest = TimerWheel.never
        for ahead in 1..<bucketCount where heads[Int((lastTick + ahead) % bucketCount)] >= 0 {
            nearest = (lastTick + ahead) * resolution
            return
        }
    }
}
