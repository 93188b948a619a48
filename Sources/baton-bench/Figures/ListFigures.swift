import Glibc

/// A long list of leases: whole, in pages, and by kubectl if there is one.
enum ListFigures {
    static func measure(_ bench: Bench) throws {
        let count = bench.options.quick ? 1_000 : 10_000
        try bench.withDaemon { server in
            guard let process = server.process else { return }
            let objects = Objects(namespace: server.verbs.namespace)
            try ClosedLoop.run(server, clients: 64, rounds: count) { link, client in
                Writing(link, objects.create("lease-\(client)-\(Request.serial)"), wanted: 201)
            }
            // The write-behind is not to be measured along.
            try server.loop.run(for: 2 * Clock.second)
            for (name, limit) in [("whole", 0), ("in pages of 500", 500), ("in pages of 100", 100)] {
                var times = Samples()
                var bytes = 0
                let before = process.memory.resident
                process.forgetPeak()
                for _ in 0..<bench.repetitions {
                    let start = Clock.now
                    bytes = try list(server, objects, limit)
                    times.add(Clock.now - start)
                }
                Report.figure(
                    "\(Text.count(count)) leases, \(name)",
                    "\(Text.milliseconds(times.p50())), \(Text.mebibytes(bytes)), memory at most "
                        + "\(Text.mebibytes(process.memoryPeak)) (\(Text.mebibytes(before)) before)")
            }
            try kubectl(bench, server)
        }
    }

    /// Returns the length of all its parts.
    private static func list(_ server: Server, _ objects: Objects, _ limit: Int) throws -> Int {
        var bytes = 0
        var rest: String? = ""
        while let token = rest {
            let path = "\(objects.collection)?limit=\(limit)&continue=\(token)"
            rest = try server.call(Request("GET", path)) { answer in
                guard answer.status == 200 else { throw answer.unexpected("a list") }
                bytes += answer.body.count
                return answer.continuation
            }
        }
        return bytes
    }

    private static func kubectl(_ bench: Bench, _ server: Server) throws {
        for size in [500, 0] {
            var times = Samples()
            for _ in 0..<bench.repetitions {
                let start = Clock.now
                let code = system(
                    "kubectl --server=http://\(server.address.host):\(server.address.port) "
                        + "-n \(server.verbs.namespace) get leases --chunk-size=\(size) >/dev/null 2>&1")
                guard code == 0 else { return Report.fact("kubectl", "left out: there is none that can") }
                times.add(Clock.now - start)
            }
            Report.figure(
                "kubectl get, \(size == 0 ? "whole" : "chunks of \(size)")", Text.milliseconds(times.p50()))
        }
    }
}

extension Answer {
    /// What asks for the next part of a list; nil: this was the last.
    fileprivate var continuation: String? {
        let head = String(decoding: body.prefix(4096), as: UTF8.self)
        let mark = "\"continue\":\""
        guard let start = head.ranges(of: mark).first?.upperBound else { return nil }
        return String(head[start...].prefix { $0 != "\"" })
    }
}
