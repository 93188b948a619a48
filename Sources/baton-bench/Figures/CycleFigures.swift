/// Acquire and release, each client on names of its own.
enum CycleFigures {
    /// In slices, with flushes measured between them: what else the machine does changes what a flush
    /// costs from one second to the next, and a cycle has to be compared with the flushes of its time.
    static func single(_ bench: Bench) throws {
        let slices = bench.options.quick ? 5 : 25
        try bench.withServer { server in
            var all = Measured()
            var rests = Samples()
            var flushes = Samples()
            var flush = try bench.flushP50()
            for slice in 0..<slices {
                var part = try run(server, 1, bench.seconds / Double(slices), .once, work: "slice-\(slice)")
                let next = try bench.flushP50()
                rests.add(part.first.p50() + part.second.p50() - (flush + next))
                flushes.add(next)
                flush = next
                all.add(part)
            }
            Report.figure(
                "1 client", "\(Text.number(all.rate)) cycles/s", Baseline.cycles(clients: 1), ours: all.rate)
            Report.figure("campaign", halves(&all.first))
            Report.figure("complete", halves(&all.second))
            Report.figure(
                "a cycle less 2 flushes",
                "\(Text.microseconds(rests.p50())) (median of \(slices) slices; best "
                    + "\(Text.microseconds(rests.least())); a flush \(Text.microseconds(flushes.p50())))")
            account(all)
        }
    }

    static func once(_ bench: Bench) throws { try crowds(bench, .once) }
    static func lock(_ bench: Bench) throws { try crowds(bench, .none) }

    private static func crowds(_ bench: Bench, _ marker: Verbs.Marker) throws {
        for clients in bench.options.clients {
            try bench.withServer { server in
                var measured = try run(server, clients, bench.seconds, marker)
                Report.figure(
                    "\(clients) clients",
                    "\(Text.number(measured.rate)) cycles/s, acquire \(halves(&measured.first))",
                    Baseline.cycles(clients: clients), ours: measured.rate)
                account(measured)
            }
        }
    }

    private static func run(
        _ server: Server, _ clients: Int, _ seconds: Double, _ marker: Verbs.Marker, work: String = "work"
    ) throws -> Measured {
        try ClosedLoop.run(server, clients: clients, seconds: seconds) { link, client in
            cycling(server, link, client, marker, work: work)
        }
    }

    static func cycling(
        _ server: Server, _ link: Link, _ client: Int, _ marker: Verbs.Marker, work: String = "work"
    ) -> Cycling {
        let holder = "client-\(client)"
        let name = marker == .once ? "\(work)-\(client)-\(Request.serial)" : "lock-\(client)"
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
        measured.note("cycle")
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
            measured.note("renewal")
        }
    }
}
