/// How often something was how large: a count for each range, and the sum of all.
///
/// To observe is a short search and three additions; the text's cumulative counts are made when
/// somebody reads them.
struct Histogram: Hashable {
    /// Upper bounds, ascending; a value equal to its bound belongs below it ("le").
    let bounds: [Double]
    /// Of each range alone; one more than there are bounds.
    private(set) var counts: [UInt64]
    private(set) var sum = 0.0

    init(_ bounds: [Double]) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds ascend")
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    mutating func observe(_ value: Double) {
        var place = 0
        while place < bounds.count, bounds[place] < value { place += 1 }
        counts[place] += 1
        sum += value
    }

    var count: UInt64 { counts.reduce(0, +) }

    /// How many were at most each bound; the last is all of them.
    var cumulative: [UInt64] {
        var total: UInt64 = 0
        return counts.map { count in
            total += count
            return total
        }
    }
}
