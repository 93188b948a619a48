/// A lock that goes from hand to hand.
enum HandoverFigures {
    static func measure(_ bench: Bench) throws {
        for crowd in [2, 41] {
            try bench.withServer { server in
                var samples = try pass(server, contenders: crowd, seconds: bench.seconds)
                let waiting = crowd - 1
                Report.figure(
                    "resign, \(waiting) waiting",
                    "p50 \(Text.milliseconds(samples.p50())), p99 \(Text.milliseconds(samples.p99())), "
                        + "\(Text.count(samples.count)) handovers",
                    Baseline.handover, ours: Double(samples.p50()) / 1e6)
            }
        }
    }

    /// The holder resigns when all others are parked; the time is from that request to the next one's answer.
    private static func pass(_ server: Server, contenders count: Int, seconds: Double) throws -> Samples {
        let contenders = try server.links(count).enumerated().map {
            Contender($1, server.verbs, name: "baton", holder: "runner-\($0)")
        }
        var holder: Contender?
        for contender in contenders {
            contender.onVerdict = { holder = $0 }
            try contender.campaign(marker: .none)
        }
        var samples = Samples()
        let end = Clock.now + Int64(seconds * 1e9)
        while Clock.now < end {
            try server.loop.run { holder == nil || contenders.contains { $0 !== holder && !$0.isParked } }
            guard let last = holder else { break }
            holder = nil
            let start = Clock.now
            try server.call(last.resignation()) { answer in
                guard answer.status == 200 else { throw answer.unexpected("200") }
            }
            try server.loop.run { holder == nil }
            samples.add((holder?.returnedAt ?? 0) - start)
            // Its stream has ended by now: the end was written with the outcome.
            try last.campaign(marker: .none)
        }
        for contender in contenders { contender.link.close() }
        return samples
    }
}
