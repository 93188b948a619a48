/// What `baton run` decides.
///
/// It can't stop two holders from working at once by itself: it stops its own
/// command before its own deadline, as far as its machine obeys it. Whoever
/// guards a resource compares the fencing token.
///
/// A pure state machine: events, which say what happened and when, go in; effects,
/// which say what to do, come out. It has no clock, no process and no socket.
///
///     campaigning ──elected──→ confirming ──renewed──→ working ──tree gone──→ settling ──→ finished
///       │  ↑ ↑ hollow, untrusted   │ lost already         (killed if lost or interrupted)
///       │  │ └── verifying ←─done  │
///       │  └───────────────────────┘
///       └──done, failed, timed out, unreachable──→ finished
///
/// - *campaigning*: asks to be elected, and waits on one stream that is opened anew when it breaks.
/// - *confirming*: elected, and the first renewal isn't answered yet. Only then may work begin, since
///   the answer that elected us may be old.
/// - *working*: the command runs and the lease is renewed.
/// - *settling*: the command's tree is gone; `complete` or `resign` is sent until it is answered.
/// - *verifying*: a command judges a marker before it is accepted.
public struct Campaigner: Equatable, Sendable {
    public let settings: RunSettings
    var phase = Phase.idle
    var backoff: Backoff
    var lastRequest: RequestID = 0
    /// Until when to wait for others; nil: for ever.
    var waitUntil: Moment?
    /// The first signal that we got.
    var interruptedBy: Int32?
    var effects: [Effect] = []

    enum Phase: Equatable, Sendable {
        case idle
        case campaigning(Candidacy)
        case verifying(Marker, Job)
        case confirming(Tenure)
        /// Without a tenure: the server couldn't be reached, and running anyway was allowed.
        case working(Tenure?, Job)
        case settling(Settlement)
        case finished
    }

    /// A command under way, and why it is being ended.
    struct Job: Equatable, Sendable {
        enum Ending: Equatable, Sendable {
            case interrupted(Int32)
            /// True when the server has said so: nothing is left to resign from.
            case lost(String, isKnown: Bool)
        }
        var ending: Ending?
        var exitCode: Int32?
        /// When SIGKILL follows a signal that was forwarded.
        var killAt: Moment?
        /// Its tree is gone and its result is being read.
        var isOver = false
    }

    /// - Parameter seed: random; spreads the retries of many runs.
    public init(_ settings: RunSettings, seed: UInt64) {
        self.settings = settings
        backoff = Backoff(seed: seed)
    }

    /// Takes an event and says what to do. After `finish` nothing more is said.
    public mutating func apply(_ event: Event, at now: Moment) -> [Effect] {
        effects = []
        switch phase {
        case .idle:
            // No time at all: the first answer decides, and that takes its time.
            waitUntil = settings.waitTimeout.map { now + ($0 == .zero ? RunSettings.requestTimeout : $0) }
            campaign(supersedes: settings.supersedes, at: now)
        case .campaigning(let candidacy): campaigning(candidacy, event, at: now)
        case .verifying(let marker, let job): verifying(marker, job, event, at: now)
        case .confirming(let tenure): confirming(tenure, event, at: now)
        case .working(let tenure, let job): working(tenure, job, event, at: now)
        case .settling(let settlement): settling(settlement, event, at: now)
        case .finished: break
        }
        return effects
    }

    public var isFinished: Bool { phase == .finished }

    /// When `timePassed` is due; nil: not before something else happens.
    public var wakeAt: Moment? {
        let moments: [Moment?] =
            switch phase {
            case .idle, .finished: []
            case .campaigning(let candidacy):
                [
                    candidacy.retryAt, candidacy.outageSince.map { $0 + settings.unreachableTimeout },
                    waitUntil,
                ]
            case .verifying(_, let job): [job.killAt]
            case .confirming(let tenure):
                [tenure.nextAt, tenure.failingSince.map { $0 + settings.unreachableTimeout }]
            case .working(let tenure, let job):
                [
                    tenure?.nextAt, job.killAt,
                    job.ending == nil && job.exitCode == nil && !settings.observes
                        ? tenure?.termAt(settings) : nil,
                ]
            case .settling(let settlement):
                [settlement.retryAt, settlement.giveUpAt, settlement.tenure.nextAt]
            }
        return moments.compactMap(\.self).min()
    }

    // MARK: What all phases use

    mutating func send(_ request: Request, timeout: Duration?) -> RequestID {
        lastRequest += 1
        effects.append(.send(lastRequest, request, timeout: timeout))
        return lastRequest
    }

    mutating func say(_ notice: Notice) { effects.append(.say(notice)) }

    mutating func cancel(_ request: RequestID?) {
        if let request { effects.append(.cancel(request)) }
    }

    mutating func finish(_ verdict: Verdict) {
        effects.append(.finish(verdict))
        phase = .finished
    }

    /// Sends a renewal if it is time.
    mutating func renewIfDue(_ tenure: inout Tenure, at now: Moment) {
        guard let next = tenure.nextAt, next <= now else { return }
        let timeout = min(RunSettings.requestTimeout, max(settings.renewInterval, .seconds(1)))
        tenure.request = send(.renew(token: tenure.hold.token, also: tenure.hold.also), timeout: timeout)
        tenure.sentAt = now
        tenure.nextAt = nil
    }

    mutating func renewalFailed(_ tenure: inout Tenure, _ outage: Outage, at now: Moment) {
        let delay = backoff.delay(failures: tenure.failures, most: .seconds(2), least: outage.retryAfter)
        tenure.renewalFailed(at: now, retryAt: now + delay)
    }
}
