import JSON

/// The immutable record that a piece of work ended.
public struct Marker: Equatable, Sendable {
    public var name: String
    /// What a campaign that supersedes it names.
    public var revision: Int64
    public var succeeded: Bool
    public var reason: String?
    public var result: [String: String]
    public var holder: String
    /// The authenticated identity of who completed it; nil without authentication.
    public var principal: String?
    public var endTime: String?
    /// All of it, as the server said it.
    public var json: JSON

    public init?(_ json: JSON) {
        guard let name = json["name"]?.string, let revision = json["revision"]?.integer else { return nil }
        self.name = name
        self.revision = revision
        succeeded = json["outcome"]?.string == "Succeeded"
        reason = json["reason"]?.string
        result = json["result"]?.stringMap ?? [:]
        holder = json["holderIdentity"]?.string ?? "somebody"
        principal = json["principal"]?.string
        endTime = json["endTime"]?.string
        self.json = json
    }
}

/// How a hold ended: the last one before ours, or the one that we lost.
public struct PastHold: Equatable, Sendable {
    public var holder: String
    /// `completed`, `resigned`, `failed`, `expired`, `abandoned`, `revoked`…
    public var end: String
    public var reason: String?

    public init(holder: String, end: String, reason: String? = nil) {
        self.holder = holder
        self.end = end
        self.reason = reason
    }

    init?(_ json: JSON?) {
        guard let end = json?["end"]?.string else { return nil }
        self.init(
            holder: json?["holderIdentity"]?.string ?? "somebody", end: end, reason: json?["reason"]?.string)
    }
}

/// Our hold of a lease.
public struct Hold: Equatable, Sendable {
    /// Strictly greater for each later hold. Whoever guards a resource compares it.
    public var token: Int64
    public var attempt: Int64
    public var maxAttempts: Int64?
    /// How long a renewal lasts, as the server has it.
    public var duration: Duration?
    public var previous: PastHold?
    /// The other names that were asked for with it. Whatever is done to the hold is done to all.
    public var also: [OtherHold] = []
    /// What others left half done, for people.
    public var abandoned: [String] = []

    public init(
        token: Int64, attempt: Int64 = 1, maxAttempts: Int64? = nil, duration: Duration? = nil,
        previous: PastHold? = nil
    ) {
        self.token = token
        self.attempt = attempt
        self.maxAttempts = maxAttempts
        self.duration = duration
        self.previous = previous
    }
}

extension Hold {
    /// `B=12 C=13`: the other names, for the command and for scripts.
    public var others: String { also.map { "\($0.name)=\($0.token)" }.joined(separator: " ") }
}

/// Our hold of another name that the same campaign asked for.
public struct OtherHold: Equatable, Sendable {
    public var name: String
    public var token: Int64

    public init(_ name: String, token: Int64) {
        self.name = name
        self.token = token
    }
}

/// How things stand with another name that is waited for.
public struct OtherWait: Equatable, Sendable {
    public var name: String
    public var holder: String?
    public var position: Int64?

    init?(_ json: JSON) {
        guard let name = json["name"]?.string else { return nil }
        self.name = name
        holder = json["holderIdentity"]?.string
        position = json["position"]?.integer
    }
}

/// What we wait for: who holds it, and our place.
public struct Waiting: Equatable, Sendable {
    /// `Held`, `SameIdentityHolds`, `RestoreQuarantine`, `Kept` or `Free`.
    public var reason: String
    public var holder: String?
    public var since: String?
    /// Until the present hold ends if it isn't renewed.
    public var remaining: Duration?
    public var position: Int64?
    public var queueLength: Int64?
    public var runURL: String?
    public var also: [OtherWait] = []
    /// Where the holder is in its work.
    public var phase: String?
    /// How many hold it, if several do.
    public var holders: Int64?
    /// What is waited for, if it isn't to be elected: `nobody holds images`.
    public var goal: String?
    /// How many holds are in the way of that, or markers are missing.
    public var left: Int64?
    /// One of them.
    var leftAre = "hold"

    public init(
        reason: String = "Held", holder: String? = nil, since: String? = nil, remaining: Duration? = nil,
        position: Int64? = nil, queueLength: Int64? = nil, runURL: String? = nil
    ) {
        self.reason = reason
        self.holder = holder
        self.since = since
        self.remaining = remaining
        self.position = position
        self.queueLength = queueLength
        self.runURL = runURL
    }

    /// Whether it is the same holder and the same place: no news to whoever looks on.
    public func isSame(as other: Waiting) -> Bool {
        holder == other.holder && phase == other.phase && holders == other.holders && left == other.left
            && position == other.position && reason == other.reason
            && since == other.since && also == other.also
    }

    init(_ json: JSON) {
        let lease = json["lease"]
        // Of those who share the name the one that has been there longest stands for all.
        let hold = lease?["holders"]?.array?.first ?? lease
        self.init(
            reason: json["reason"]?.string ?? "Held", holder: hold?["holderIdentity"]?.string,
            since: hold?["beginTime"]?.string,
            remaining: hold?["remaining"]?.double.map { .seconds($0) },
            position: json["position"]?.integer, queueLength: json["queueLength"]?.integer,
            runURL: lease?["info"]?["runURL"]?.string)
        also = (json["also"]?.array ?? []).compactMap(OtherWait.init)
        phase = hold?["phase"]?.string
        holders = lease?["holderCount"]?.integer
        left = json["left"]?.integer
    }

    /// From a line of a wait that isn't for an election.
    public init(_ json: JSON, until goal: String) {
        self.init(json)
        self.goal = goal
        // Until it will have been quiet for long enough.
        if let remaining = json["remaining"]?.double { self.remaining = .seconds(remaining) }
        if json["condition"]?.string == "quiet" { reason = "Quiet" }
        if json["condition"] == nil { leftAre = "marker" }
    }
}

/// Why the server said no: a problem+json (RFC 9457), or what came in its place.
public struct Problem: Equatable, Sendable, Error {
    public var status: Int
    /// The last part of the type: `hold-ended`, `invalid-field`…; empty if there is none.
    public var kind: String
    public var title: String
    public var detail: String
    public var json: JSON?

    public init(status: Int, kind: String = "", title: String = "", detail: String = "", json: JSON? = nil) {
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.json = json
    }

    public init(status: Int, _ json: JSON?) {
        let type = json?["type"]?.string.flatMap { $0.hasPrefix("urn:") ? $0 : nil } ?? ""
        self.init(
            status: json?["status"]?.integer.map(Int.init) ?? status,
            kind: type.split(separator: ":").last.map(String.init) ?? "",
            title: json?["title"]?.string ?? "", detail: json?["detail"]?.string ?? "", json: json)
    }

    /// By which the server's log and audit record know the request.
    public var requestID: String? { json?["requestID"]?.string }
    var requestNote: String { requestID.map { " (request \($0))" } ?? "" }

    /// What to show a person: the detail, or as much as there is.
    public var text: String {
        if !detail.isEmpty {
            // An operator's reason is for whoever lost the hold.
            let reason = json?["reason"]?.string.flatMap { detail.contains($0) ? nil : $0 }
            return detail + (reason.map { " (\($0))" } ?? "") + requestNote
        }
        if !title.isEmpty { return title + requestNote }
        switch status {
        case 401: return "the server wants a token (BATON_TOKEN or BATON_TOKEN_FILE)"
        case 403: return "the server refuses this to the token that was given"
        default: return "the server answered HTTP \(status) without saying why"
        }
    }
}
