/// Acquire and release, each client on names of its own.
enum CycleFigures {
    static let crowds = [16, 64, 256]

    static func single(_ bench: Bench) throws {
        try bench.withServer { server in
            var measured = try run(server, clients: 1, bench.seconds, .once)
            Report.figure(
                "1 client", "\(Text.number(measured.rate)) cycles/s", Baseline.cycles(clients: 1),
                ours: measured.rate)
            Report.figure("campaign", halves(&measured.first))
            Report.figure("complete", halves(&measured.second))
            let flush = try bench.flushP50()
            let cycle = Int64(1e9 / measured.rate)
            let median = measured.first.p50() + measured.second.p50()
            Report.figure(
                "a cycle less 2 flushes",
                "\(Text.microseconds(median - 2 * flush)) (p50 of both halves \(Text.microseconds(median)), "
                    + "mean \(Text.microseconds(cycle)), 2 x \(Text.microseconds(flush)) for the flushes)")
            account(measured)
        }
    }

    static func once(_ bench: Bench) throws { try crowds(bench, .once) }
    static func lock(_ bench: Bench) throws { try crowds(bench, .none) }

    private static func crowds(_ bench: Bench, _ marker: Verbs.Marker) throws {
        for clients in crowds {
            try bench.withServer { server in
                var measured = try run(server, clients: clients, bench.seconds, marker)
                Report.figure(
                    "\(clients) clients",
                    "\(Text.number(measured.rate)) cycles/s, acquire \(halves(&measured.first))",
                    Baseline.cycles(clients: clients), ours: measured.rate)
                account(measured)
            }
        }
    }

    static func run(
        _ server: Server, clients: Int, _ seconds: Double, _ marker: Verbs.Marker
    ) throws -> Measured {
        try ClosedLoop.run(server, clients: clients, seconds: seconds) { link, client in
            cycling(server, link, client, marker)
        }
    }

    static func cycling(_ server: Server, _ link: Link, _ client: Int, _ marker: Verbs.Marker) -> Cycling {
        let holder = "client-\(client)"
        let name = marker == .once ? "work-\(client)-\(Request.serial)" : "lock-\(client)"
        let campaign = server.verbs.campaign(name, by: holder, marker: marker)
        let end =
            marker == .once
            ? server.verbs.complete(name, by: holder) : server.verbs.resign(name, by: holder)
        return Cycling(link, campaign: campaign, end: end)
    }

    private static func halves(_ samples: inout Samples) -> String {
        "p50 \(Text.milliseconds(samples.p50())), p99 \(Text.milliseconds(samples.p99()))"
    }

    private static func account(_ measured: Measured) {
        let text = measured.counters.text(cycles: measured.rounds, seconds: measured.seconds)
        if !text.isEmpty { Report.note(text) }
        if measured.counters.flushes == nil {
            Report.note("flushes: this daemon's /v1/status doesn't count them")
        }
    }
}

/// Renewals cost no flush: they are answered from memory.
enum RenewalFigures {
    static let clients = 64

    static func measure(_ bench: Bench) throws {
        try bench.withServer { server in
            var measured = try ClosedLoop.run(server, clients: clients, seconds: bench.seconds) {
                link, client in
                let holder = "client-\(client)"
                let name = "lease-\(client)"
                let token = try server.token(server.verbs.campaign(name, by: holder, marker: .none))
                return Asking(link, server.verbs.renew(name, by: holder).with(token: token))
            }
            Report.figure(
                "renewals, \(clients) clients",
                "\(Text.number(measured.rate))/s, p50 \(Text.milliseconds(measured.first.p50())), "
                    + "p99 \(Text.milliseconds(measured.first.p99()))",
                Baseline.renewals, ours: measured.rate)
            let text = measured.counters.text(cycles: measured.rounds, seconds: measured.seconds)
            if !text.isEmpty { Report.note(text) }
        }
    }
}
