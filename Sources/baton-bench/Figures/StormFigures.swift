/// N contenders on one name: what forty runs do that want the same import.
enum StormFigures {
    static func measure(_ bench: Bench) throws {
        for contenders in [40, 200, 1_000, 5_000] where !bench.options.quick || contenders <= 1_000 {
            try bench.need(connections: contenders)
            try bench.withServer { server in
                try whole(bench, server, contenders, connecting: false)
                try whole(bench, server, contenders, connecting: true)
                try woken(bench, server, contenders)
            }
        }
    }

    /// From the first campaign until the last has returned. One is elected and completes at once.
    private static func whole(_ bench: Bench, _ server: Server, _ count: Int, connecting: Bool) throws {
        var times = Samples()
        let open = connecting ? [] : try server.links(count)
        for round in 0..<bench.repetitions {
            let name = "storm-\(count)-\(connecting ? "new" : "open")-\(round)"
            let start = Clock.now
            let links =
                connecting ? try (0..<count).map { _ in try Link(to: server.address, on: server.loop) } : open
            times.add(try storm(server, links, name) - start)
            if connecting { for link in links { link.close() } }
            try server.loop.run(for: 100 * Clock.millisecond)
        }
        for link in open { link.close() }
        let baseline = connecting ? Baseline.stormConnecting(count) : Baseline.storm(count)
        Report.figure(
            "\(Text.count(count)) contend" + (connecting ? ", each connecting first" : ""),
            "last returned after \(Text.milliseconds(times.p50())), worst \(Text.milliseconds(times.worst()))",
            baseline, ours: Double(times.p50()) / 1e6)
    }

    /// Returns when the last one had its answer.
    private static func storm(_ server: Server, _ links: [Link], _ name: String) throws -> Int64 {
        var left = links.count
        let contenders = links.enumerated().map {
            Contender($1, server.verbs, name: name, holder: "run-\($0)")
        }
        for contender in contenders {
            contender.onVerdict = { contender in
                guard contender.verdict == .elected else {
                    left -= 1
                    return
                }
                // Its stream's end may still be under way; the answer to this comes behind it.
                contender.link.onAnswer = { answer in
                    guard !answer.body.isEmpty else { return }
                    _ = try answer.tokenOrThrow()
                    left -= 1
                }
                try contender.link.send(contender.completion())
            }
            try contender.campaign(marker: .once)
        }
        try server.loop.run { left > 0 }
        return Clock.now
    }

    /// All wait, connections and all; the holder completes. From its request until the last one knows.
    private static func woken(_ bench: Bench, _ server: Server, _ count: Int) throws {
        var times = Samples()
        let links = try server.links(count)
        for round in 0..<bench.repetitions {
            let name = "wake-\(count)-\(round)"
            let token = try server.token(
                server.verbs.campaign(name, by: "holder", marker: .once, duration: "5m"))
            let contenders = links.enumerated().map {
                Contender($1, server.verbs, name: name, holder: "run-\($0)")
            }
            for contender in contenders { try contender.campaign(marker: .once) }
            try server.loop.run { contenders.contains { !$0.isParked } }
            // Let what is written about the queue settle.
            try server.loop.run(for: 200 * Clock.millisecond)
            var left = count
            for contender in contenders { contender.onVerdict = { _ in left -= 1 } }
            let start = Clock.now
            try server.call(server.verbs.complete(name, by: "holder").with(token: token)) { answer in
                guard answer.status == 200 else { throw answer.unexpected("200") }
            }
            try server.loop.run { left > 0 }
            times.add(Clock.now - start)
            // The streams' ends come behind their outcomes.
            try server.loop.run(for: 50 * Clock.millisecond)
        }
        for link in links { link.close() }
        Report.figure(
            "\(Text.count(count)) wait, the holder completes",
            "the last one knows after \(Text.milliseconds(times.p50())), worst \(Text.milliseconds(times.worst()))"
        )
    }
}
