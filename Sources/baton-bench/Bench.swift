import Glibc

/// What every figure has at hand.
final class Bench {
    let options: BenchOptions
    let directory: String
    let descriptors: Int
    private var daemons = 0

    init(_ options: BenchOptions, directory: String) {
        self.options = options
        self.directory = directory
        descriptors = Machine.raiseDescriptorLimit(to: 65_536)
    }

    var seconds: Double { options.quick ? min(options.seconds, 1) : options.seconds }
    /// How often what is over in an instant is done again; the median counts.
    var repetitions: Int { options.quick ? 1 : 5 }

    /// Of the moment: what else the machine does changes it manifold.
    func flushP50() throws(BenchError) -> Int64 {
        var samples = try Limits.flush(in: directory, for: 0.1)
        return samples.p50()
    }

    /// A daemon that knows nothing yet, or the one that was named with --server.
    func withServer(_ body: (Server) throws -> Void) throws {
        if let url = options.server { return try body(Server(Address(url: url), process: nil)) }
        try withDaemon(body)
    }

    /// A daemon of the benchmark's own, for figures that look at its process.
    /// Settings are `key=value`.
    func withDaemon(settings: [String] = [], _ body: (Server) throws -> Void) throws {
        guard options.server == nil else {
            throw BenchError.skipped("needs a daemon of its own, not --server")
        }
        daemons += 1
        let data = "\(directory)/data-\(daemons)"
        let certificate = options.tls ? try Certificate(in: directory) : nil
        let process = try DaemonProcess(
            program: options.daemonPath, directory: data, certificate: certificate,
            settings: settings)
        defer {
            process.kill()
            Files.remove(data)
        }
        try body(Server(process.address, process: process))
    }

    /// Stops before connections fail half way.
    func need(connections: Int) throws(BenchError) {
        guard descriptors < connections + 100 else { return }
        throw .skipped("\(connections) connections need more than the \(descriptors) descriptors allowed")
    }
}

/// A daemon, and the loop on which clients talk with it.
final class Server {
    let process: DaemonProcess?
    let address: Address
    let loop: Loop
    let verbs: Verbs
    private var control: Link

    init(_ address: Address, process: DaemonProcess?) throws(BenchError) {
        self.address = address
        self.process = process
        loop = try Loop()
        // Fresh names also on a daemon that has been measured before.
        verbs = Verbs(namespace: "bench-\(String(UInt64(Clock.now), radix: 36))")
        control = try Link(to: address, on: loop)
        control.mayClose = true
    }

    /// Connections that stand.
    func links(_ count: Int) throws -> [Link] {
        var links: [Link] = []
        // In small crowds: more would overflow the listener's queue, and then a second passes.
        for start in stride(from: 0, to: count, by: 500) {
            for _ in start..<min(count, start + 500) { links.append(try Link(to: address, on: loop)) }
            try loop.run { links[start...].contains { !$0.isOpen } }
        }
        return links
    }

    /// Asks on a connection of its own and waits for the answer.
    @discardableResult
    func call<Result>(_ request: Request, _ read: @escaping (Answer) throws -> Result) throws -> Result {
        var result: Result?
        // The daemon closes what has been idle for long.
        if control.isClosed { control = try Link(to: address, on: loop) }
        control.mayClose = false
        control.onAnswer = { result = try read($0) }
        try control.send(request)
        try loop.run { result == nil }
        // What it captured would keep this server, and with it every socket.
        control.onAnswer = { _ in }
        control.mayClose = true
        return result!
    }

    func token(_ request: Request) throws -> UInt64 { try call(request) { try $0.tokenOrThrow() } }

    /// What the daemon counts; nil where its /v1/status doesn't say.
    func counters() throws -> Counters {
        try call(Request("GET", "/v1/status")) { answer in
            Counters(
                commits: answer.number("\"commits\":"), commands: answer.number("\"commands\":"),
                processorTime: self.process?.processorTime,
                written: self.process?.written)
        }
    }
}
