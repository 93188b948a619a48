/// Leases through the Kubernetes face, as client-go's leader election sends them.
enum ObjectFigures {
    static func measure(_ bench: Bench) throws {
        for clients in [1, 64] {
            for verb in ["create", "update", "get"] {
                try bench.withServer { server in
                    var measured = try ClosedLoop.run(server, clients: clients, seconds: bench.seconds) {
                        link, client in try player(verb, server, link, client, "lease-\(client)")
                    }
                    Report.figure(
                        "\(verb), \(clients) client\(clients == 1 ? "" : "s")",
                        "\(Text.number(measured.rate))/s, p50 \(Text.milliseconds(measured.first.p50())), "
                            + "p99 \(Text.milliseconds(measured.first.p99()))",
                        Baseline.objects(verb, clients: clients), ours: measured.rate)
                    measured.note(verb)
                }
            }
        }
        try measureMemory(bench)
    }

    /// What a daemon takes that has so many leases, while 64 clients make them, then write some and read some.
    private static func measureMemory(_ bench: Bench) throws {
        let count = bench.options.quick ? 1_000 : 10_000
        guard bench.options.server == nil else { return }
        try bench.withDaemon { server in
            guard let process = server.process else { return }
            let objects = Objects(namespace: server.verbs.namespace)
            try ClosedLoop.run(server, clients: 64, rounds: count) { link, client in
                Writing(link, objects.create("lease-\(client)-\(Request.serial)"), wanted: 201)
            }
            for verb in ["update", "get"] {
                _ = try ClosedLoop.run(server, clients: 64, seconds: bench.seconds) { link, client in
                    try player(verb, server, link, client, "\(verb)-\(client)")
                }
            }
            let peak = process.memoryPeak
            Report.figure(
                "\(Text.count(count)) leases in memory",
                "\(Text.megabytes(process.memory.resident)), at most \(Text.megabytes(peak))",
                Baseline.objectMemory, ours: Double(peak) / 1e6)
        }
    }

    private static func player(
        _ verb: String, _ server: Server, _ link: Link, _ client: Int, _ name: String
    ) throws -> any Player {
        let objects = Objects(namespace: server.verbs.namespace)
        if verb == "create" {
            return Writing(link, objects.create("lease-\(client)-\(Request.serial)"), wanted: 201)
        }
        let version = try server.call(objects.create(name)) { try $0.versionOrThrow(201) }
        guard verb == "update" else { return Asking(link, objects.get(name)) }
        var update = objects.update(name)
        update.set(version: version)
        return Writing(link, update, wanted: 200)
    }
}

/// What a Kubernetes client asks of one lease. The name may hold `Request.serial`.
struct Objects {
    let namespace: String

    var collection: String { "/apis/coordination.k8s.io/v1/namespaces/\(namespace)/leases" }

    func create(_ name: String) -> Request { Request("POST", collection, body: body(name, metadata: "")) }

    func update(_ name: String) -> Request {
        Request(
            "PUT", "\(collection)/\(name)",
            body: body(name, metadata: ",\"resourceVersion\":\"\(Request.version)\""))
    }

    func get(_ name: String) -> Request { Request("GET", "\(collection)/\(name)") }

    /// The serial number makes each update a change.
    private func body(_ name: String, metadata: String) -> String {
        """
        {"apiVersion":"coordination.k8s.io/v1","kind":"Lease",\
        "metadata":{"name":"\(name)","namespace":"\(namespace)"\(metadata)},\
        "spec":{"holderIdentity":"client","leaseDurationSeconds":15,"leaseTransitions":1\(Request.serial),\
        "acquireTime":"2026-11-21T05:01:02.123456Z","renewTime":"2026-11-21T05:01:02.123456Z"}}
        """
    }
}

extension Answer {
    /// Of a lease that was written or read.
    func versionOrThrow(_ wanted: Int) throws(BenchError) -> UInt64 {
        guard status == wanted, let version = number("\"resourceVersion\":\"") else {
            throw unexpected("\(wanted) with a resource version")
        }
        return version
    }
}

/// One write, over and over: each of a name of its own, or of the version that the last one made.
final class Writing: Player {
    let link: Link
    var tally: Tally?
    private var request: Request
    private let wanted: Int
    private var serial = 0
    private var sent: Int64 = 0

    init(_ link: Link, _ request: Request, wanted: Int) {
        self.link = link
        self.request = request
        self.wanted = wanted
        link.onAnswer = { [unowned self] in try answered($0) }
    }

    func begin() throws {
        serial += 1
        request.set(serial: serial)
        sent = Clock.now
        try link.send(request)
    }

    private func answered(_ answer: Answer) throws {
        request.set(version: try answer.versionOrThrow(wanted))
        guard let tally else { return }
        tally.first.add(Clock.now - sent)
        tally.rounds += 1
        if tally.wantsMore { try begin() } else { tally.playing -= 1 }
    }
}
