/// A holder is elected and never heard of again; another waits.
///
/// The deadline is counted from the moment at which the holder *sent* its campaign, which is before
/// the daemon's own. So what is shown as late is a little more than the daemon's part, and anything
/// below zero would be a broken promise: a lease that ended early.
enum TakeoverFigures {
    static func measure(_ bench: Bench) throws {
        let count = bench.options.quick ? 20 : 200
        try spread(bench, count)
        try together(bench, count)
    }

    /// Deadlines one after the other.
    private static func spread(_ bench: Bench, _ count: Int) throws {
        try bench.withServer { server in
            let durations = (0..<count).map { 2_000 + 3_000 * $0 / count }
            var late = try takeOver(server, durations)
            report("\(count) leases of 2 to 5 s", &late, Baseline.takeover)
        }
    }

    /// All at the same moment: a node with many holders went down.
    private static func together(_ bench: Bench, _ count: Int) throws {
        try bench.withServer { server in
            var late = try takeOver(server, Array(repeating: 3_000, count: count))
            report("\(count) leases of 3 s at once", &late, nil)
        }
    }

    private static func report(_ name: String, _ late: inout Samples, _ baseline: Baseline?) {
        Report.figure(
            name,
            "late by p50 \(Text.milliseconds(late.p50())), p90 \(Text.milliseconds(late.p90())), "
                + "worst \(Text.milliseconds(late.worst())), earliest \(Text.milliseconds(late.least()))",
            baseline, ours: Double(late.p50()) / 1e6)
        if late.least() < 0 { Report.note("EARLY: a lease passed on before its end") }
    }

    private static func takeOver(_ server: Server, _ milliseconds: [Int]) throws -> Samples {
        let contenders = try server.links(milliseconds.count).enumerated().map {
            Contender($1, server.verbs, name: "lease-\($0)", holder: "next")
        }
        var deadlines: [Int64] = []
        for (index, duration) in milliseconds.enumerated() {
            let holder = try Link(to: server.address, on: server.loop)
            var elected = false
            holder.onAnswer = { answer in
                _ = try answer.tokenOrThrow()
                elected = true
            }
            let campaign = server.verbs.campaign(
                "lease-\(index)", by: "vanishing", marker: .none, duration: "\(duration)ms")
            try server.loop.run { !holder.isOpen }
            deadlines.append(Clock.now + Int64(duration) * Clock.millisecond)
            try holder.send(campaign)
            try server.loop.run { !elected }
            holder.close()
            try contenders[index].campaign(marker: .none)
        }
        try server.loop.run { contenders.contains { $0.verdict == nil } }
        var late = Samples()
        for (contender, deadline) in zip(contenders, deadlines) { late.add(contender.returnedAt - deadline) }
        for contender in contenders { contender.link.close() }
        return late
    }
}
