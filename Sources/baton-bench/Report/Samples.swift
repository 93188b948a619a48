/// Measured durations in nanoseconds.
struct Samples {
    private var values: [Int64] = []
    private var isSorted = true

    var count: Int { values.count }
    var isEmpty: Bool { values.isEmpty }

    mutating func add(_ value: Int64) {
        values.append(value)
        isSorted = false
    }

    mutating func add(_ others: Samples) {
        values += others.values
        isSorted = false
    }

    mutating func clear() { values.removeAll(keepingCapacity: true) }

    /// The value that this part of the samples doesn't exceed.
    mutating func percentile(_ part: Double) -> Int64 {
        sort()
        guard !values.isEmpty else { return 0 }
        return values[min(values.count - 1, Int(part * Double(values.count)))]
    }

    mutating func p50() -> Int64 { percentile(0.5) }
    mutating func p90() -> Int64 { percentile(0.9) }
    mutating func p99() -> Int64 { percentile(0.99) }
    mutating func least() -> Int64 { percentile(0) }
    mutating func worst() -> Int64 { percentile(1) }

    private mutating func sort() {
        guard !isSorted else { return }
        values.sort()
        isSorted = true
    }
}
