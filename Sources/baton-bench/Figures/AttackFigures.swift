import Glibc

/// What an honest client notices while others keep the daemon busy with connections that lead nowhere:
/// its time for a campaign and a complete before, during and after.
enum AttackFigures {
    static func measure(_ bench: Bench) throws {
        guard !bench.options.tls else { throw BenchError.skipped("the attackers speak without TLS") }
        let scale = bench.options.quick ? 10 : 1
        try bench.need(connections: 2_500)
        try siege(bench, heads: 2_000 / scale, bodies: 500 / scale)
        try siege(bench, lists: 200 / scale, streams: 500 / scale)
    }

    private static func siege(_ bench: Bench, heads: Int, bodies: Int) throws {
        Report.note("\(Text.count(heads)) heads and \(Text.count(bodies)) bodies, a byte every 2 s")
        try besiege(bench) { server in
            (0..<heads).map { _ in Attacker(.slowHead, dripping: slowHead) }
                + (0..<bodies).map { _ in Attacker(.slowBody, opening: slowBody(server), dripping: [0x20]) }
        }
    }

    private static func siege(_ bench: Bench, lists: Int, streams: Int) throws {
        Report.note(
            "\(Text.count(lists)) readers of a list and \(Text.count(streams)) of streams that read nothing")
        try besiege(bench) { server in
            _ = try server.token(server.verbs.campaign("siege", by: "holder", marker: .none, duration: "30m"))
            let list = Request("GET", "/v1/namespaces/\(server.verbs.namespace)/markers?limit=1000")
            func contend(_ holder: String) -> Request {
                server.verbs.campaign("siege", by: holder, marker: .none, wait: "30m")
            }
            // One comes under another name every second: the other streams are told of it.
            return [
                Attacker(
                    .unreadStream, opening: contend("restless-\(Request.serial)"), patience: Clock.second)
            ]
                + (1..<streams).map { Attacker(.unreadStream, opening: contend("idler-\($0)")) }
                + (0..<lists).map { _ in
                    Attacker(.unreadList, opening: list, patience: 40 * Clock.second)
                }
        }
    }

    /// Never ends: behind the last byte the same comes again.
    private static let slowHead = Array("GET /livez HTTP/1.1\r\nHost: bench\r\nX-Patience: a".utf8)

    /// Its last byte, and whatever comes behind, is never all that was announced.
    private static func slowBody(_ server: Server) -> Request {
        Request("POST", "/v1/namespaces/\(server.verbs.namespace)/leases/slow/campaign", announcing: 4096)
    }

    // MARK: The measurement

    private static func besiege(_ bench: Bench, _ attackers: (Server) throws -> [Attacker]) throws {
        let settings = bench.options.quick ? ["http.headTime=1s", "http.bodyTime=2s"] : []
        try bench.withDaemon(settings: settings) { server in
            guard let process = server.process else { return }
            try warmUp(server)
            var before = try cycles(server, "before", bench.seconds)
            let memoryBefore = process.memory.resident
            process.forgetPeak()
            let attack = try Attack(on: server.address, try attackers(server))
            attack.begin()
            // Long enough for the first of each method to be cut off by the daemon's default times.
            var during = try cycles(server, "during", bench.options.quick ? 5 : 45)
            let peak = process.memoryPeak
            let open = try connections(server)
            let alone = try processorTime(server, process, for: min(5, bench.seconds))
            attack.end()
            let start = Clock.now
            while try connections(server) > 1, Clock.now < start + 60 * Clock.second {}
            let quiet = Clock.now - start
            // It gives memory back a moment after a crowd has gone.
            try server.loop.run(for: 3 * Clock.second)
            let memoryAfter = process.memory.resident
            var after = try cycles(server, "after", bench.seconds)
            report("before", &before, against: nil)
            report("during", &during, against: before)
            report("after", &after, against: before)
            Report.figure(
                "memory",
                "\(Text.mebibytes(memoryBefore)) before, at most \(Text.mebibytes(peak)) during, "
                    + "\(Text.mebibytes(memoryAfter)) after "
                    + "(\(ratio(Double(memoryAfter), Double(memoryBefore))))")
            Report.figure("processor, the attack alone", "\(Text.number(alone * 100))% of a core")
            Report.figure(
                "connections",
                "\(open) during, \(try connections(server)) \(Text.milliseconds(quiet)) after the attackers hung up"
            )
            for method in AttackMethod.allCases {
                guard var toll = attack.tolls[method] else { continue }
                Report.figure(
                    "cut off: \(method.text)",
                    "\(toll.timedOut) with 408, \(toll.toldOtherwise) with another answer, "
                        + "\(toll.closed) without one that was read; "
                        + "after p50 \(Text.number(Double(toll.lasted.p50()) / 1e9)) s, "
                        + "worst \(Text.number(Double(toll.lasted.worst()) / 1e9)) s")
            }
        }
    }

    /// The names that the daemon remembers are as many as it keeps: from here on its memory doesn't grow
    /// with what the honest client does.
    private static func warmUp(_ server: Server) throws {
        try ClosedLoop.run(server, clients: 64, rounds: 30_000) { link, client in
            CycleFigures.cycling(server, link, client, .once, work: "known")
        }
    }

    private static func cycles(_ server: Server, _ phase: String, _ seconds: Double) throws -> Measured {
        try ClosedLoop.run(server, clients: 1, seconds: seconds) { link, client in
            CycleFigures.cycling(server, link, client, .once, work: phase)
        }
    }

    /// Cores that the daemon uses while nobody but the attackers asks for anything.
    private static func processorTime(
        _ server: Server, _ process: DaemonProcess, for seconds: Double
    ) throws -> Double {
        let before = process.processorTime
        try server.loop.run(for: Int64(seconds * 1e9))
        return (process.processorTime - before) / seconds
    }

    private static func connections(_ server: Server) throws -> UInt64 {
        try server.call(Request("GET", "/v1/status")) { $0.number("\"connections\":") ?? 0 }
    }

    private static func report(_ phase: String, _ measured: inout Measured, against usual: Measured?) {
        func times(_ samples: inout Samples, _ usual: Samples?) -> String {
            let (p50, p99) = (samples.p50(), samples.p99())
            guard var usual else { return "p50 \(Text.milliseconds(p50)), p99 \(Text.milliseconds(p99))" }
            return "p50 \(Text.milliseconds(p50)) = \(ratio(Double(p50), Double(usual.p50()))), "
                + "p99 \(Text.milliseconds(p99)) = \(ratio(Double(p99), Double(usual.p99())))"
        }
        Report.figure(
            "\(phase), \(Text.number(measured.rate)) cycles/s",
            "campaign \(times(&measured.first, usual?.first)); complete \(times(&measured.second, usual?.second))"
        )
    }

    private static func ratio(_ one: Double, _ other: Double) -> String { "\(Text.number(one / other))x" }
}

extension AttackMethod {
    fileprivate var text: String {
        switch self {
        case .slowHead: "slow heads"
        case .slowBody: "slow bodies"
        case .unreadList: "unread lists"
        case .unreadStream: "unread streams"
        }
    }
}
