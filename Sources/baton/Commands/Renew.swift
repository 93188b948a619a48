import ArgumentParser
import Client
import Glibc
import JSON

/// `baton renew`: once, or again and again beside a script.
struct Renew: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Extend a hold, once or every so often.",
        discussion: """
            With --every it goes on until it is told to stop (exit code 143) or the lease is lost (75). With \
            --for PID it also ends when that process does, and then reports the hold as abandoned, so that \
            the next is elected at once; if the lease is lost, that process and all it started get SIGTERM.

            Examples:
              baton renew deploy-prod --token 17 --holder me
              baton renew --every 10s --for $$ &
            """)

    @OptionGroup var server: ServerOptions
    @OptionGroup var claim: ClaimOptions

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Go on, every so often.", valueName: "time"),
        transform: DurationArgument.read)
    var every: DurationArgument?

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("The process that works under this lease, such as $$.", valueName: "pid"))
    var process: Int32?

    func validate() throws {
        if let every, every.value < .milliseconds(100) {
            throw ValidationError("--every must be 100ms or more")
        }
        if process != nil, every == nil { throw ValidationError("--for needs --every") }
        if let process, process <= 1 {
            throw ValidationError("--for \(process): a process's number is expected")
        }
    }

    func run() throws {
        guard let every else {
            let answer = try server.call(request, patience: .seconds(10))
            let left = answer["lease"]?["remaining"]?.double ?? 0
            return Say.line("\(claim.lease): renewed for \(DurationText.show(.seconds(left)))")
        }
        try Renewer(
            server: server, claim: claim, every: every.value, process: process.map { ProcessMark($0) }
        ).run()
    }

    private var request: HTTPRequest { claim.contender(server).http(.renew(token: claim.number)) }
}

/// A process that isn't taken for another one that got its number later. One that is gone
/// already is as one that goes later: a script may be killed before its renewals begin.
struct ProcessMark {
    let pid: Int32
    private let began: String?

    init(_ pid: Int32) {
        self.pid = pid
        began = Self.began(pid)
    }

    var isAlive: Bool { began != nil && Self.began(pid) == began }

    /// SIGTERM to what it started, but for ourselves, and then to it: a shell hears
    /// a signal only when the step that it waits for has ended.
    func terminateTree() {
        for child in Self.children(of: pid) where child != getpid() { kill(child, SIGTERM) }
        kill(pid, SIGTERM)
    }

    /// And theirs: the deepest first. proc_pid_task_children(5).
    private static func children(of pid: Int32) -> [Int32] {
        let text = File.read("/proc/\(pid)/task/\(pid)/children") ?? []
        let direct = String(decoding: text, as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
        return direct.flatMap { children(of: $0) + [$0] }
    }

    /// proc(5): `starttime` is the 22nd field of stat; the name before it may hold
    /// anything, so fields are counted from its last bracket. `Z` is dead.
    private static func began(_ pid: Int32) -> String? {
        guard let stat = File.read("/proc/\(pid)/stat") else { return nil }
        let fields = String(decoding: stat, as: UTF8.self).split(separator: ")").last?.split(separator: " ")
        guard let fields, fields.count > 19, fields[0] != "Z" else { return nil }
        return String(fields[19])
    }
}

/// Renewals beside a script.
private struct Renewer {
    let server: ServerOptions
    let claim: ClaimOptions
    let every: Duration
    let process: ProcessMark?

    func run() throws -> Never {
        let contender = claim.contender(server)
        let transport = server.transport()
        let request = contender.http(.renew(token: claim.number))
        var deadline: Moment?
        var isFailing = false
        while true {
            if let process, !process.isAlive { throw abandon(transport, process) }
            let sentAt = Moment.now
            let timeout = min(RunSettings.requestTimeout, max(every, .seconds(1)))
            let answer = Result { try transport.perform(request, timeout: timeout) }
            switch reply(answer, contender) {
            case .accepted(let duration):
                deadline = sentAt + duration
                if isFailing { Say.line("renewed again; all is well") }
                isFailing = false
            case .no(let why): throw lost(why)
            case .unknown(let why):
                if !isFailing { Say.line("can't renew: \(why)") }
                isFailing = true
                if let deadline, Moment.now >= deadline { throw lost("no renewal was answered in time") }
            }
            try sleep(until: isFailing ? Moment.now + min(every, .seconds(1)) : sentAt + every, transport)
        }
    }

    private enum Answer {
        case accepted(Duration)
        case no(String)
        case unknown(String)
    }

    private func reply(_ result: Result<HTTPResponse, any Error>, _ contender: Contender) -> Answer {
        switch result {
        case .failure(let error): return .unknown((error as? TransportFailure)?.text ?? "\(error)")
        case .success(let response):
            if response.status < 300, let lease = response.json?["lease"] {
                return .accepted(.seconds(lease["leaseDuration"]?.double ?? 0))
            }
            let why = Problem(status: response.status, response.json).text
            return response.status >= 500 || response.status == 429 ? .unknown(why) : .no(why)
        }
    }

    private func lost(_ why: String) -> ExitCode {
        Say.line("the lease is lost: \(why)")
        if let process, process.isAlive { process.terminateTree() }
        return ExitCode(ExitCodes.leaseLost)
    }

    private func sleep(until moment: Moment, _ transport: Transport) throws {
        while true {
            if let process, !process.isAlive { throw abandon(transport, process) }
            let left = min(moment - Moment.now, process == nil ? moment - Moment.now : .milliseconds(250))
            if moment <= Moment.now { return }
            transport.wait(until: Moment.now + left)
        }
    }

    /// The script may have ended the hold itself and left: then the server says so.
    private func abandon(_ transport: Transport, _ process: ProcessMark) -> ExitCode {
        let request = claim.contender(server).http(
            .resign(
                token: claim.number, .abandoned, reason: "the process \(process.pid) that held it has ended"))
        let answer = try? transport.perform(request, timeout: RunSettings.requestTimeout)
        if let answer, answer.status < 300 {
            Say.line("the process \(process.pid) has ended: \(claim.lease) is given back as abandoned")
        }
        return ExitCode(0)
    }
}
