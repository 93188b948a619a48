/// Resident memory of the daemon. Each kind of load gets a fresh one, or what the last left behind
/// would be taken for free. The kernel's memory for sockets isn't in it.
enum MemoryFigures {
    static func measure(_ bench: Bench) throws {
        let crowd = bench.options.quick ? 1_000 : 10_000
        try bench.withDaemon { server in
            _ = try server.counters()
            guard let memory = server.process?.memory else { return }
            Report.figure(
                "idle",
                "\(Text.mebibytes(memory.resident)) resident, \(Text.mebibytes(memory.anonymous)) of them not a file's",
                Baseline.idle, ours: Double(memory.resident) / 1e6)
        }
        try held(bench, crowd)
        try bench.need(connections: crowd)
        try connections(bench, crowd)
        try waiters(bench, crowd)
        try contenders(bench, crowd)
    }

    /// What `load` adds, for each of so many.
    private static func grow(
        _ bench: Bench, _ name: String, _ count: Int, _ baseline: Baseline? = nil,
        _ load: (Server) throws -> Void
    ) throws {
        try bench.withDaemon { server in
            guard let process = server.process else { return }
            _ = try server.counters()
            let before = process.memory.resident
            try load(server)
            try server.loop.run(for: Clock.second)
            let after = process.memory.resident
            let each = Double(after - before) / Double(count)
            Report.figure(
                name, "\(Text.kibibytes(each)) each, \(Text.mebibytes(after)) in all", baseline,
                ours: each / 1024)
        }
    }

    private static func held(_ bench: Bench, _ count: Int) throws {
        try grow(bench, "\(Text.count(count)) held leases", count) { server in
            try ClosedLoop.run(server, clients: 64, rounds: count) { link, client in
                Holding(link, server.verbs, client)
            }
        }
    }

    private static func connections(_ bench: Bench, _ count: Int) throws {
        var links: [Link] = []
        try grow(bench, "\(Text.count(count)) idle connections", count) { server in
            links = try server.links(count)
            var left = count
            for link in links {
                link.onAnswer = { _ in left -= 1 }
                try link.send(Request("GET", "/livez"))
            }
            try server.loop.run { left > 0 }
        }
    }

    private static func waiters(_ bench: Bench, _ count: Int) throws {
        var links: [Link] = []
        try grow(
            bench, "\(Text.count(count)) waiters for one marker", count,
            bench.options.quick ? nil : Baseline.waiter
        ) { server in
            links = try server.links(count)
            let request = server.verbs.wait("import")
            for link in links { try link.send(request) }
            var parked: UInt64 = 0
            let end = Clock.now + 10 * Clock.second
            while parked < UInt64(count), Clock.now < end {
                parked = try server.call(Request("GET", "/v1/status")) { $0.number("\"waiters\":") ?? 0 }
            }
            guard parked == UInt64(count) else {
                throw BenchError.answer("only \(parked) of \(count) are parked")
            }
        }
    }

    private static func contenders(_ bench: Bench, _ count: Int) throws {
        var contenders: [Contender] = []
        try grow(
            bench, "\(Text.count(count)) contenders, streaming", count,
            bench.options.quick ? nil : Baseline.waiter
        ) { server in
            _ = try server.token(
                server.verbs.campaign("import", by: "holder", marker: .once, duration: "10m"))
            contenders = try server.links(count).enumerated().map {
                Contender($1, server.verbs, name: "import", holder: "run-\($0)")
            }
            for contender in contenders { try contender.campaign(marker: .once) }
            try server.loop.run { contenders.contains { !$0.isParked } }
        }
    }
}

/// A client that is elected, on a fresh name each time, and keeps what it has.
final class Holding: Player {
    let link: Link
    var tally: Tally?
    private var campaign: Request
    private var serial = 0

    init(_ link: Link, _ verbs: Verbs, _ client: Int) {
        self.link = link
        campaign = verbs.campaign(
            "held-\(client)-\(Request.serial)", by: "client-\(client)", marker: .once, duration: "1h")
        link.onAnswer = { [unowned self] in try answered($0) }
    }

    func begin() throws {
        serial += 1
        campaign.set(serial: serial)
        try link.send(campaign)
    }

    private func answered(_ answer: Answer) throws {
        _ = try answer.tokenOrThrow()
        guard let tally else { return }
        tally.rounds += 1
        if tally.wantsMore { try begin() } else { tally.playing -= 1 }
    }
}
