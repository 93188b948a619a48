import Coordination
import JSON

/// What was looked up, as its client reads it.
extension Elections {
    /// One lease, with its queue; nil: there is none.
    public func lease(_ view: LeaseView?, queue: [ContenderView], of key: Key) -> APIResponse {
        guard let view else {
            return Self.notFound("There is no lease \(key.name) in namespace \(key.namespace).", key).response
        }
        return .json { writer in
            write(view, to: &writer)
            writer.name("queue")
            writer.array(queue) { writer, contender in
                writer.object {
                    $0.member("holderIdentity", contender.holder)
                    $0.member("campaignID", contender.campaignID)
                    write(contender.mode, to: &$0)
                    $0.member("present", contender.present)
                    $0.member("since", contender.since)
                    if !contender.also.isEmpty { $0.member("also", contender.also) }
                }
            }
        }
    }

    /// - Parameter next: the name behind which the next part begins; nil: this was the last.
    public func leases(_ items: [LeaseView], next: String?) -> APIResponse {
        list(items, next, \.record.key.name) { write($1, to: &$0) }
    }

    /// - Parameter next: as for `leases`.
    public func markers(_ items: [DoneMarker], next: String?) -> APIResponse {
        list(items, next, \.key.name) { write($1, to: &$0) }
    }

    /// Newest first. For the next part, `before` is the last one's token.
    public func history(_ items: [HoldRecord]) -> APIResponse {
        .json { writer in
            writer.name("items")
            writer.array(items) { writer, hold in writer.object { write(hold, to: &$0) } }
        }
    }

    /// Whether `token` is the present hold's: advice, since it may be over when it arrives.
    ///
    /// - Parameters:
    ///   - current: the lease, if there is one.
    ///   - ended: the hold of `token`, if the history knows it.
    public func fence(_ token: FencingToken, current: LeaseView?, ended: HoldRecord?) -> APIResponse {
        // Of holds that share a name each is as good as another: `current` is the one of this token then.
        let hold = current?.record.hold
        return .json { writer in
            writer.member("current", hold?.token == token)
            guard let hold else {
                writer.null("fencingToken")
                return writeEnded(ended, to: &writer)
            }
            writer.member("fencingToken", hold.token)
            writer.member("holderIdentity", hold.holder)
            writer.member("remaining", current?.remaining?.shown)
            if hold.token != token { writeEnded(ended, to: &writer) }
        }
    }

    private func writeEnded(_ hold: HoldRecord?, to writer: inout JSONWriter) {
        guard let hold else { return }
        writer.member("ended") { write(hold, to: &$0) }
    }

    func list<Item>(
        _ items: [Item], _ next: String?, _ name: (Item) -> String,
        _ members: (inout JSONWriter, Item) -> Void
    ) -> APIResponse {
        .json { writer in
            writer.name("items")
            let shown = writer.array(items, upTo: settings.listBytes) { writer, item in
                writer.object { members(&$0, item) }
            }
            writer.member("continue", shown < items.count ? name(items[shown - 1]) : next)
        }
    }

    public func status(_ status: DaemonStatus) -> APIResponse {
        .json { writer in
            writer.member("version", status.version)
            writer.member("revision", status.revision)
            writer.member("durableRevision", status.durableRevision)
            writer.member("incarnation", Self.hexadecimal(incarnation))
            writer.member("startTime", status.startTime)
            writer.member("uptime", status.uptime.shown)
            writer.member("holds", status.holds)
            writer.member("contenders", status.contenders)
            writer.member("waiters", status.waiters)
            writer.member("ready", status.degraded == nil)
            writer.member("degraded", status.degraded)
            let counters = status.counters
            writer.member("counters") {
                $0.member("commits", counters.commits)
                $0.member("commands", counters.commands)
                $0.member("renewals", counters.renewals)
                $0.member("failedCommits", counters.failedCommits)
                $0.member("connections", counters.connections)
                $0.member("requests", counters.requests)
                $0.member("walBytes", counters.walBytes)
                $0.member("journalBytes", counters.journalBytes)
            }
        }
    }

    /// GET /readyz. Nil: ready.
    public func ready(degraded: String?) -> APIResponse {
        guard let degraded else { return .text("ok\n") }
        return .text(status: 503, "not ready: \(degraded)\n")
    }

    /// GET /livez: whoever can answer is alive.
    public var live: APIResponse { .text("ok\n") }

    /// GET /readyz?verbose and /livez?verbose: each check in a line, with the reason where it fails.
    public func probe(_ checks: [ProbeCheck]) -> APIResponse {
        let lines = checks.map { check in
            if let trouble = check.trouble { return "[-]\(check.name) \(trouble)\n" }
            return check.note.map { "[!]\(check.name) \($0)\n" } ?? "[+]\(check.name) ok\n"
        }
        let passed = checks.allSatisfy { $0.trouble == nil }
        return .text(status: passed ? 200 : 503, lines.joined())
    }

    /// GET /metrics, in Prometheus' text format.
    public func metrics(_ text: [UInt8]) -> APIResponse {
        let type = APIResponse.Header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        return APIResponse(status: 200, headers: [type, .noStore], body: text)
    }

    /// 16 digits: as a JSON number it would lose its last bits.
    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// One thing that has to be well.
public struct ProbeCheck: Hashable, Sendable {
    public var name: String
    /// What is wrong with it, on one line; nil: nothing.
    public var trouble: String?
    /// What should be known of it although it is well, on one line.
    public var note: String?

    public init(_ name: String, trouble: String? = nil, note: String? = nil) {
        self.name = name
        self.trouble = trouble
        self.note = note
    }
}

/// What GET /v1/status tells.
public struct DaemonStatus: Hashable, Sendable {
    public var version: String
    /// The latest revision, and the latest that is on disk.
    public var revision: Revision
    public var durableRevision: Revision
    public var startTime: Timestamp
    public var uptime: Interval
    public var holds: Int
    public var contenders: Int
    public var waiters: Int
    /// Why it isn't ready; nil: it is.
    public var degraded: String?
    public var counters: Counters

    /// Since the start, except for what is open now and for sizes.
    public struct Counters: Hashable, Sendable {
        /// Turns that were made durable: one flush each.
        public var commits = 0
        /// Commands that were in those turns.
        public var commands = 0
        /// Renewals that were answered from memory, without a turn.
        public var renewals = 0
        public var failedCommits = 0
        /// Connections that are open now.
        public var connections = 0
        public var requests = 0
        /// Bytes of SQLite's write-ahead log, and of the journal.
        public var walBytes = 0
        public var journalBytes = 0

        public init() {}
    }

    public init(
        version: String, revision: Revision, durableRevision: Revision, startTime: Timestamp,
        uptime: Interval, holds: Int, contenders: Int, waiters: Int, degraded: String?,
        counters: Counters = Counters()
    ) {
        self.version = version
        self.revision = revision
        self.durableRevision = durableRevision
        self.startTime = startTime
        self.uptime = uptime
        self.holds = holds
        self.contenders = contenders
        self.waiters = waiters
        self.degraded = degraded
        self.counters = counters
    }
}
