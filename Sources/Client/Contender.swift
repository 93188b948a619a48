import JSON

/// Who campaigns for what: all that a run's requests need beside its decisions.
public struct Contender: Equatable, Sendable {
    public var namespace: String
    public var lease: String
    /// Other names that are wanted with it, or not at all.
    public var also: [String] = []
    public var holder: String
    /// Random for each process: the same identity from two processes is two contenders.
    public var campaignID: String
    /// `sha256:…` of the inputs; nil without inputs.
    public var inputsDigest: String?
    public var maxAttempts: Int?
    /// The identity of the work across runs: a lock's.
    public var work: String?
    public var info: [String: String] = [:]
    public var settings: RunSettings

    public init(
        namespace: String, lease: String, holder: String, campaignID: String, settings: RunSettings
    ) {
        self.namespace = namespace
        self.lease = lease
        self.holder = holder
        self.campaignID = campaignID
        self.settings = settings
    }

    /// The request of /v1 that says it.
    public func http(_ request: Campaigner.Request) -> HTTPRequest {
        switch request {
        case .campaign(let supersedes): campaign(supersedes: supersedes)
        case .renew(let token, _): verb("renew", token)
        case .complete(let token, let result, let artifacts):
            verb(
                "complete", token,
                [.init("result", .strings(result))]
                    + (artifacts.isEmpty ? [] : [.init("artifacts", .array(artifacts.map(\.json)))]))
        case .resign(let token, let outcome, let reason, _):
            verb(
                "resign", token,
                [.init("outcome", .string(outcome.rawValue))]
                    + (reason.map { [.init("reason", .string(Self.short($0)))] } ?? []))
        }
    }

    /// The same for each name of the hold: its own first.
    public func https(_ request: Campaigner.Request) -> [HTTPRequest] {
        let own = http(request)
        switch request {
        case .renew(_, let also): return [own] + also.map { at($0).http(.renew(token: $0.token)) }
        case .resign(_, let outcome, let reason, let also):
            return [own]
                + also.map { at($0).http(.resign(token: $0.token, outcome, reason: reason)) }
        case .campaign, .complete: return [own]
        }
    }

    private func at(_ other: OtherHold) -> Contender {
        var contender = self
        contender.lease = other.name
        return contender
    }

    /// - Parameter wait: with a stream's own limit by default.
    public func campaign(
        supersedes: Int64? = nil, confirms: Bool = true, wait: String? = nil, streams: Bool = true
    ) -> HTTPRequest {
        let body = JSON.object([
            "holderIdentity": .string(holder),
            "campaignID": .string(campaignID),
            "leaseDuration": .number(settings.duration.inSeconds),
            "marker": .string(settings.once ? "once" : "none"),
            "inputsDigest": inputsDigest.map { .string($0) },
            "maxAttempts": maxAttempts.map { .number(Int64($0)) },
            "mode": settings.observes
                ? .string("observe") : settings.mode == .shared ? .string("shared") : nil,
            "permits": settings.mode.permits.map { .number(Int64($0)) },
            "failOnAbandoned": settings.failsOnAbandoned ? .bool(true) : nil,
            // What a marker says of a piece of work needs no second name for it.
            "work": settings.once || settings.observes ? nil : work.map { .string($0) },
            "supersedes": supersedes.map { .number($0) },
            "also": also.isEmpty ? nil : .array(also.map { .string($0) }),
            // Longer than the duration it would mean nothing, and the server says so.
            "confirmWithin": confirms
                ? .number(min(RunSettings.confirmWithin, settings.duration).inSeconds) : nil,
            "info": info.isEmpty ? nil : .strings(info),
        ])
        return HTTPRequest("POST", path("campaign"), query: ["wait": wait], body: body, streams: streams)
    }

    /// A write of the holder's, with its token.
    public func verb(_ verb: String, _ token: Int64, _ more: [JSON.Member] = []) -> HTTPRequest {
        let claim: [JSON.Member] = [
            .init("holderIdentity", .string(holder)), .init("fencingToken", .number(token)),
        ]
        return HTTPRequest("POST", path(verb), body: .object(claim + more))
    }

    private func path(_ verb: String) -> [String] { ["namespaces", namespace, "leases", lease, verb] }

    /// A reason may have 1 KiB.
    static func short(_ reason: String) -> String {
        var short = reason
        while short.utf8.count > 1_000 { short.removeLast() }
        return short
    }
}

extension Reply {
    /// From the end of a request: its answer, or why there is none. Nil when it was
    /// the end of a stream that has said how things stand already.
    public static func from(
        _ outcome: Result<HTTPResponse, TransportFailure>, to request: Campaigner.Request, hasOutcome: Bool
    ) -> Reply? {
        switch outcome {
        case .failure(let failure): hasOutcome ? nil : .unknown(Outage(failure.text))
        case .success(let response): answer(response, to: request, hasOutcome: hasOutcome)
        }
    }

    private static func answer(
        _ response: HTTPResponse, to request: Campaigner.Request, hasOutcome: Bool
    ) -> Reply? {
        if response.status >= 400 {
            return problem(response.json, status: response.status, retryAfter: response.retryAfter)
        }
        guard case .campaign = request else {
            let isOurs = response.json?["lease"] != nil || response.json?["hold"] != nil
            return response.status < 300 && isOurs ? .accepted : .refused(notBaton(response.status))
        }
        if hasOutcome { return nil }
        // A last line without a line break is a line, if it is whole.
        if let json = response.json, let reply = campaign(json, status: response.status) { return reply }
        guard response.status < 300, response.body.isEmpty else { return .refused(notBaton(response.status)) }
        return .reconnect(after: .milliseconds(100))
    }

    /// From a line of a campaign's stream; nil for what isn't known or isn't JSON.
    public static func from(line: [UInt8]) -> Reply? {
        (try? JSON(parsing: line)).flatMap { campaign($0, status: 200) }
    }

    /// Whether a stream ends with it.
    public var isOutcome: Bool {
        switch self {
        case .waiting, .alive: false
        default: true
        }
    }
}
