/// What is counted of a daemon, and by whom.
struct Counters {
    /// By the daemon since its start, from GET /v1/status: turns made durable, the commands in them,
    /// and every flush of its database and log, whatever it was for. Nil: it doesn't say.
    var commits: UInt64?
    var commands: UInt64?
    /// By the kernel, of a daemon of the benchmark's own: seconds of processor time, and bytes that
    /// it caused to be written to the disk. Both say more than a rate where the machine is shared.
    var processorTime: Double?
    var written: UInt64?
    /// Of the benchmark itself, which plays the clients: what they take isn't there for the daemon.
    var clientTime = Machine.ownProcessorTime

    static let none = Counters(commits: 0, commands: 0, processorTime: 0, written: 0, clientTime: 0)

    static func - (later: Counters, earlier: Counters) -> Counters { combine(later, earlier, -, -) }
    static func + (one: Counters, other: Counters) -> Counters { combine(one, other, +, +) }

    private static func combine(
        _ one: Counters, _ other: Counters, _ count: (UInt64, UInt64) -> UInt64,
        _ time: (Double, Double) -> Double
    ) -> Counters {
        func both<Value>(_ member: (Counters) -> Value?, _ join: (Value, Value) -> Value) -> Value? {
            member(one).flatMap { one in member(other).map { join(one, $0) } }
        }
        return Counters(
            commits: both(\.commits, count), commands: both(\.commands, count),
            processorTime: both(\.processorTime, time),
            written: both(\.written, count), clientTime: time(one.clientTime, other.clientTime))
    }

    /// What a run of so many rounds cost. A round is a cycle, or one renewal.
    func lines(rounds: Int, _ round: String, seconds: Double) -> [String] {
        var turns: [String] = []
        if let commits, let commands, commits > 0 {
            turns.append("\(ratio(commits, rounds)) commits/\(round), each one flush")
            turns.append("\(ratio(commands, Int(commits))) commands/commit")
        }
        var costs: [String] = []
        if let processorTime {
            let each = Int64(processorTime * 1e9) / Int64(max(1, rounds))
            costs.append("batond: \(Text.microseconds(each)) of processor/\(round)")
            costs.append("\(Text.number(processorTime / seconds)) cores")
        }
        if let written {
            costs.append("\(Text.kibibytes(Double(written) / Double(max(1, rounds)))) to disk/\(round)")
        }
        let each = Int64(clientTime * 1e9) / Int64(max(1, rounds))
        costs.append("clients: \(Text.microseconds(each)), \(Text.number(clientTime / seconds)) cores")
        return [turns, costs].map { $0.joined(separator: ", ") }.filter { !$0.isEmpty }
    }

    private func ratio(_ count: UInt64, _ among: Int) -> String {
        Text.number(Double(count) / Double(max(1, among)))
    }
}
