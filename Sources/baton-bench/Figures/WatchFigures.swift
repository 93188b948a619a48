import Glibc

/// Watchers of one namespace, and changes at a steady rate: each must be told of every change, in order.
///
/// Changes are elections and their ends, on a few names. Of an election the version is known from its answer, and
/// from there the time counts until a watcher has the event. Clients and daemon share the machine, so the time in
/// which this program reads what so many watchers get is in it, too.
enum WatchFigures {
    static func measure(_ bench: Bench) throws {
        let count = bench.options.quick ? min(100, bench.options.watchers) : bench.options.watchers
        try bench.need(connections: count)
        try bench.withDaemon { server in
            guard let process = server.process else { return }
            let before = process.memory.resident
            let watchers = try begin(server, count)
            try server.loop.run(for: Clock.second / 2)
            let each = Double(process.memory.resident - before) / Double(count)
            let encodings = try self.encodings(server)
            let writers = Writers(server, rate: bench.options.changes)
            let processor = process.processorTime
            let start = Clock.now
            try writers.run(for: bench.seconds)
            let seconds = Double(Clock.now - start) / 1e9
            let share = (process.processorTime - processor) / seconds
            try finish(server, watchers, writers)
            try report(
                watchers, writers, seconds: seconds, share: share, memory: each, process,
                encodings: Double(try self.encodings(server) - encodings))
        }
    }

    private static func begin(_ server: Server, _ count: Int) throws -> [Watching] {
        let path = "/apis/coordination.k8s.io/v1/namespaces/\(server.verbs.namespace)/leases?watch=1"
        let request = Request("GET", path)
        let watchers = try server.links(count).map { Watching($0) }
        for watcher in watchers { try watcher.link.send(request) }
        let end = Clock.now + 10 * Clock.second
        var open: UInt64 = 0
        while open < UInt64(count), Clock.now < end {
            open = try server.call(Request("GET", "/metrics")) { $0.number("gauge\nbaton_watches ") ?? 0 }
        }
        guard open == UInt64(count) else { throw BenchError.answer("only \(open) of \(count) watch") }
        return watchers
    }

    private static func encodings(_ server: Server) throws -> UInt64 {
        try server.call(Request("GET", "/metrics")) {
            $0.number("counter\nbaton_watch_encodings_total ") ?? 0
        }
    }

    /// Until all have been told of all; and what they were told is the same, and grows.
    private static func finish(_ server: Server, _ watchers: [Watching], _ writers: Writers) throws {
        let end = Clock.now + 30 * Clock.second
        try server.loop.run(until: end) { watchers.contains { $0.count < writers.changes } }
        for watcher in watchers {
            guard watcher.count == writers.changes else {
                throw BenchError.answer(
                    "a watcher was told of \(watcher.count) changes, and there were \(writers.changes)")
            }
            guard watcher.isInOrder, watcher.digest == watchers[0].digest else {
                throw BenchError.answer("a watcher was told of changes out of order")
            }
        }
    }

    private static func report(
        _ watchers: [Watching], _ writers: Writers, seconds: Double, share: Double, memory: Double,
        _ process: DaemonProcess, encodings: Double
    ) throws {
        let delivered = Double(writers.changes * watchers.count) / seconds
        var late = Samples()
        // Some watchers stand for all: there are as many samples as events.
        for index in stride(from: 0, to: watchers.count, by: max(1, watchers.count / 64)) {
            for (version, time) in watchers[index].times {
                if let answered = writers.answered[version] { late.add(max(0, time - answered)) }
            }
        }
        Report.figure(
            "\(Text.count(watchers.count)) watchers, \(Text.number(Double(writers.changes) / seconds)) changes/s",
            "\(Text.number(delivered)) events/s, every one to every watcher, in order")
        Report.figure(
            "from the writer's answer to the event",
            "p50 \(Text.milliseconds(late.p50())), p99 \(Text.milliseconds(late.p99()))")
        Report.figure(
            "what it takes",
            "\(Text.fixed(share * 100, 0))% of a core, \(Text.kibibytes(memory)) for a watcher, "
                + "\(Text.fixed(encodings / Double(max(1, writers.changes)), 2)) encodings for a change, "
                + "\(Text.mebibytes(process.memory.resident)) in all")
    }
}

/// A watcher, and what it was told.
private final class Watching {
    let link: Link
    private(set) var count = 0
    private(set) var isInOrder = true
    /// Of all versions in their order.
    private(set) var digest: UInt64 = 14_695_981_039_346_656_037
    private(set) var times: [(version: UInt64, time: Int64)] = []
    private var last: UInt64 = 0

    init(_ link: Link) {
        self.link = link
        link.onAnswer = { [unowned self] in try told($0) }
    }

    private func told(_ answer: Answer) throws {
        guard answer.status == 200, !answer.isLast else { throw answer.unexpected("events") }
        let now = Clock.now
        var rest = answer.body[...]
        while !rest.isEmpty {
            guard let end = rest.firstIndex(of: 0x0a) else { throw answer.unexpected("whole events") }
            guard let version = UnsafeRawBufferPointer(rebasing: rest[..<end]).version else {
                throw answer.unexpected("a version")
            }
            isInOrder = isInOrder && version > last
            last = version
            count += 1
            digest = (digest ^ version) &* 1_099_511_628_211
            times.append((version, now))
            rest = rest[(end + 1)...]
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The first resourceVersion in it.
    fileprivate var version: UInt64? {
        let name: StaticString = "\"resourceVersion\":\""
        guard let found = position(of: name) else { return nil }
        let digits = self[(found + name.utf8CodeUnitCount)...].prefix { $0 >= 0x30 && $0 <= 0x39 }
        return digits.isEmpty ? nil : digits.reduce(0) { $0 * 10 + UInt64($1) - 0x30 }
    }
}

/// Clients that are elected and give back, each on a name of its own, at a steady rate of all together.
private final class Writers {
    private let server: Server
    private let interval: Int64
    private var writers: [Writer] = []
    private(set) var changes = 0
    /// When an election of this version was answered.
    private(set) var answered: [UInt64: Int64] = [:]

    private final class Writer {
        let link: Link
        let campaign: Request
        let resignation: Request
        var token: UInt64?
        var isAsking = false

        init(_ link: Link, _ verbs: Verbs, _ index: Int) {
            self.link = link
            campaign = verbs.campaign("watched-\(index)", by: "writer-\(index)", marker: .none)
            resignation = verbs.resign("watched-\(index)", by: "writer-\(index)")
        }
    }

    init(_ server: Server, rate: Int) {
        self.server = server
        interval = Clock.second / Int64(max(1, rate))
    }

    func run(for seconds: Double) throws {
        writers = try server.links(16).enumerated().map { Writer($1, server.verbs, $0) }
        for writer in writers { writer.link.onAnswer = { [unowned self] in try heard($0, writer) } }
        let end = Clock.now + Int64(seconds * 1e9)
        var next = Clock.now
        var turn = 0
        while next < end {
            try server.loop.run(until: next) { true }
            // A daemon that is slower than that is asked less often.
            if let writer = (0..<writers.count).lazy.map({ self.writers[(turn + $0) % self.writers.count] })
                .first(where: { !$0.isAsking })
            {
                turn += 1
                try ask(writer)
            }
            next += interval
        }
        try server.loop.run { writers.contains { $0.isAsking } }
    }

    private func ask(_ writer: Writer) throws {
        writer.isAsking = true
        try writer.link.send(writer.token.map { writer.resignation.with(token: $0) } ?? writer.campaign)
    }

    private func heard(_ answer: Answer, _ writer: Writer) throws {
        let token = try answer.tokenOrThrow()
        writer.isAsking = false
        changes += 1
        if writer.token == nil {
            answered[token] = Clock.now
            writer.token = token
        } else {
            writer.token = nil
        }
    }
}
