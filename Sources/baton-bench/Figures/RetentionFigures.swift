import Glibc

/// Half of a namespace's markers are pruned: how long that takes, and what those who campaign meanwhile notice.
///
/// The policy is put in place by SIGHUP when the markers are there, so that the latencies without it are measured
/// with the same daemon and the same tables.
enum RetentionFigures {
    private static let crowd = 16

    static func measure(_ bench: Bench) throws {
        let count = bench.options.quick ? min(20_000, bench.options.markers) : bench.options.markers
        let policies = bench.directory + "/policies.yaml"
        try Files.write("policies:\n- {namespaces: none, keep: 1}\n", to: policies)
        let settings = ["retention.interval=100ms", "retention.policiesFile=\(policies)"]
        try bench.withDaemon(settings: settings) { server in
            guard let process = server.process else { return }
            let making = try make(count, server)
            Report.figure(
                "\(Text.count(count)) markers put", "\(Text.number(Double(count) / making))/s by 256 clients")
            // The write-behind is not to be measured along.
            try server.loop.run(for: 5 * Clock.second)
            var quiet = try cycles(server, seconds: max(5, bench.seconds), work: "quiet")
            // What is campaigned for is of another namespace's policy: none.
            let text =
                "policies:\n- {namespaces: \(server.verbs.namespace), names: kept-*, keep: \(count / 2)}\n"
            try Files.write(text, to: policies)
            kill(process.pid, SIGHUP)
            let start = Clock.now
            var busy = Measured()
            var slice = 0
            var pruned = 0
            while pruned < count - count / 2 {
                busy.add(try cycles(server, seconds: 0.5, work: "busy-\(slice)"))
                slice += 1
                pruned = try Self.pruned(server)
                if Clock.now - start > 1800 * Clock.second { throw BenchError.daemon("half an hour is over") }
            }
            let seconds = Double(Clock.now - start) / 1e9
            Report.figure(
                "\(Text.count(pruned)) of them pruned",
                "\(Text.number(seconds)) s, \(Text.number(Double(pruned) / seconds))/s, while \(crowd) clients campaign"
            )
            report("campaign", &busy.first, &quiet.first)
            report("complete", &busy.second, &quiet.second)
            Report.figure(
                "cycles",
                "\(Text.number(busy.rate))/s, without \(Text.number(quiet.rate))/s: "
                    + "\(Text.number(busy.rate / quiet.rate))x")
        }
    }

    private static func report(_ verb: String, _ busy: inout Samples, _ quiet: inout Samples) {
        func ratio(_ one: Int64, _ other: Int64) -> String {
            "\(Text.number(Double(one) / Double(max(1, other))))x"
        }
        Report.figure(
            "\(verb) while pruning",
            "p50 \(Text.milliseconds(busy.p50())), p99 \(Text.milliseconds(busy.p99())); without "
                + "\(Text.milliseconds(quiet.p50())), \(Text.milliseconds(quiet.p99())): "
                + "\(ratio(busy.p50(), quiet.p50())), \(ratio(busy.p99(), quiet.p99()))")
    }

    private static func cycles(_ server: Server, seconds: Double, work: String) throws -> Measured {
        try ClosedLoop.run(server, clients: crowd, seconds: seconds) { link, client in
            CycleFigures.cycling(server, link, client, .once, work: work)
        }
    }

    /// Seconds that it took.
    private static func make(_ count: Int, _ server: Server) throws -> Double {
        let start = Clock.now
        try ClosedLoop.run(server, clients: 256, rounds: count) { link, client in
            let path = "/v1/namespaces/\(server.verbs.namespace)/markers/kept-\(client)-\(Request.serial)"
            return Marking(
                link,
                Request(
                    "PUT", path, body: "{\"holderIdentity\":\"bench\",\"result\":{\"digest\":\"sha256:0\"}}"))
        }
        return Double(Clock.now - start) / 1e9
    }

    private static func pruned(_ server: Server) throws -> Int {
        try server.call(Request("GET", "/metrics")) { answer in
            guard answer.status == 200 else { throw answer.unexpected("200") }
            return Int(answer.number("baton_markers_pruned_total{by=\"schedule\"} ") ?? 0)
        }
    }
}

/// A marker after another, each of a name of its own.
private final class Marking: Player {
    let link: Link
    var tally: Tally?
    private var request: Request
    private var serial = 0

    init(_ link: Link, _ request: Request) {
        self.link = link
        self.request = request
        link.onAnswer = { [unowned self] in try answered($0) }
    }

    func begin() throws {
        serial += 1
        request.set(serial: serial)
        try link.send(request)
    }

    private func answered(_ answer: Answer) throws {
        guard answer.status == 201 else { throw answer.unexpected("201") }
        guard let tally else { return }
        tally.rounds += 1
        if tally.wantsMore { try begin() } else { tally.playing -= 1 }
    }
}
