/// One thing that is measured; `--only` knows it by its name.
struct Figure: Sendable {
    let name: String
    let about: String
    let measure: @Sendable (Bench) throws -> Void

    static let all = [
        Figure(name: "machine", about: "The machine's own limits", measure: MachineFigures.measure),
        Figure(name: "single", about: "One client, campaign and complete", measure: CycleFigures.single),
        Figure(
            name: "once", about: "Clients, campaign and complete on fresh names", measure: CycleFigures.once),
        Figure(
            name: "lock", about: "Clients, campaign and resign on a name each", measure: CycleFigures.lock),
        Figure(name: "renew", about: "64 clients that renew", measure: RenewalFigures.measure),
        Figure(
            name: "storm", about: "Contenders on one name, until the last has returned",
            measure: StormFigures.measure),
        Figure(
            name: "handover", about: "The holder resigns, the next one holds",
            measure: HandoverFigures.measure),
        Figure(
            name: "takeover", about: "The holder is gone: how late after the deadline the next one holds",
            measure: TakeoverFigures.measure),
        Figure(
            name: "watches", about: "Watchers of one namespace, and changes at a steady rate",
            measure: WatchFigures.measure),
        Figure(
            name: "objects", about: "Leases as Kubernetes clients write and read them",
            measure: ObjectFigures.measure),
        Figure(name: "lists", about: "A list of 10,000 leases", measure: ListFigures.measure),
        Figure(
            name: "retention", about: "Half of the markers are pruned while clients campaign",
            measure: RetentionFigures.measure),
        Figure(
            name: "attack", about: "An honest client while others hold connections and lead nowhere",
            measure: AttackFigures.measure),
        Figure(name: "memory", about: "Memory of the daemon", measure: MemoryFigures.measure),
        Figure(
            name: "start", about: "From the start until the first election, after SIGKILL",
            measure: StartFigures.measure),
    ]
}

enum MachineFigures {
    static func measure(_ bench: Bench) throws {
        let seconds = min(2, bench.seconds)
        var flush = try Limits.flush(in: bench.directory, for: seconds)
        Report.figure(
            "fdatasync after 4 KiB",
            "\(Text.number(Double(flush.count) / seconds))/s, p50 \(Text.microseconds(flush.p50())), "
                + "p99 \(Text.microseconds(flush.p99()))")
        var ping = try Limits.pingPong(for: min(1, seconds))
        Report.figure(
            "TCP there and back",
            "\(Text.number(Double(ping.count) / min(1, seconds)))/s, p50 \(Text.microseconds(ping.p50())), "
                + "p99 \(Text.microseconds(ping.p99()))")
        try bench.withServer { server in
            for clients in [1, 64] {
                var answers = try ClosedLoop.run(server, clients: clients, seconds: seconds) { link, _ in
                    Asking(link, Request("GET", "/livez"))
                }
                Report.figure(
                    "GET /livez, \(clients) connection\(clients == 1 ? "" : "s")",
                    "\(Text.number(answers.rate))/s, p50 \(Text.microseconds(answers.first.p50())), "
                        + "p99 \(Text.microseconds(answers.first.p99()))")
            }
        }
    }
}
