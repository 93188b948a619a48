import Glibc

/// How soon a daemon that was killed elects again.
enum StartFigures {
    static func measure(_ bench: Bench) throws {
        let records = bench.options.quick ? 10_000 : 100_000
        try restart(
            bench, "\(Text.count(records)) done markers", bench.options.quick ? nil : Baseline.start
        ) { server in
            try ClosedLoop.run(server, clients: 64, rounds: records) { link, client in
                CycleFigures.cycling(server, link, client, .once)
            }
        }
        try restart(bench, "\(Text.count(records)) held leases", nil) { server in
            try ClosedLoop.run(server, clients: 64, rounds: records) { link, client in
                Holding(link, server.verbs, client)
            }
        }
    }

    private static func restart(
        _ bench: Bench, _ name: String, _ baseline: Baseline?, _ fill: (Server) throws -> Void
    ) throws {
        try bench.withDaemon { server in
            guard let process = server.process else { return }
            try fill(server)
            process.kill()
            let start = Clock.now
            try process.start()
            try process.awaitReady()
            let listening = Clock.now
            let reborn = try Server(process.address, process: process)
            _ = try reborn.token(reborn.verbs.campaign("first", by: "bench", marker: .once))
            let end = Clock.now
            Report.figure(
                name,
                "elected after \(Text.milliseconds(end - start)), listening after \(Text.milliseconds(listening - start))",
                baseline, ours: Double(end - start) / 1e9)
            Report.note("\(Text.mebibytes(process.memory.resident)) resident then")
        }
    }
}
