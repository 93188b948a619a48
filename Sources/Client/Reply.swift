import JSON

/// What came of a request: the server's word, or why there is none.
public enum Reply: Equatable, Sendable {
    /// Elected: the hold is ours.
    case elected(Hold)
    /// The work is done: its marker.
    case done(Marker)
    /// The work has failed for good: its marker.
    case failed(Marker)
    /// Somebody else holds it. While a stream goes on, more will come.
    case waiting(Waiting)
    /// The stream says that it is alive.
    case alive
    /// The stream ends without an outcome: ask again, after that long.
    case reconnect(after: Duration)
    /// The renewal, the completion or the resignation was accepted.
    case accepted
    /// The server said no, and saying it again won't help.
    case refused(Problem)
    /// Nothing is known: not reached, or 503. Ask again with the same campaignID.
    case unknown(Outage)
}

/// Why nothing is known of what was asked.
public struct Outage: Equatable, Sendable {
    public var text: String
    /// How long the server asked to be left alone.
    public var retryAfter: Duration?
    /// False when something did answer: a server that is there and can't at the moment.
    public var isSilent: Bool
    /// A limit was met: nothing is wrong with the server, and later there will be room.
    public var isLimit: Bool

    public init(
        _ text: String, retryAfter: Duration? = nil, isSilent: Bool = true, isLimit: Bool = false
    ) {
        self.text = text
        self.retryAfter = retryAfter
        self.isSilent = isSilent
        self.isLimit = isLimit
    }
}

extension Reply {
    /// From one line of a campaign's stream, or from the body of its plain answer.
    /// Nil for a line of a kind that a later server may add.
    static func campaign(_ json: JSON, status: Int) -> Reply? {
        switch json["type"]?.string {
        case "alive"?: return .alive
        case "reconnect"?: return .reconnect(after: .seconds(json["retryAfter"]?.double ?? 0.5))
        case "waiting"?: return .waiting(Waiting(json))
        case "outcome"?, nil: return outcome(json, status)
        case let type? where type.hasPrefix("urn:"):
            return problem(json, status: json["status"]?.integer.map(Int.init) ?? status)
        default: return nil
        }
    }

    private static func outcome(_ json: JSON, _ status: Int) -> Reply {
        switch json["outcome"]?.string {
        case "elected"?: if let hold = Hold(json) { return .elected(hold) }
        case "done"?: if let marker = json["marker"].flatMap(Marker.init) { return .done(marker) }
        case "failed"?: if let marker = json["marker"].flatMap(Marker.init) { return .failed(marker) }
        case "waiting"?: return .waiting(Waiting(json))
        default: break
        }
        return .refused(notBaton(status))
    }

    /// Any answer with a status of 400 or more. RFC 9110 §15.6: what is 5xx, and 408
    /// and 429, may go well next time; proxies say 502 to 504 for a server that restarts.
    static func problem(_ json: JSON?, status: Int, retryAfter: Duration? = nil) -> Reply {
        let problem = Problem(status: status, json)
        guard status >= 500 || status == 429 || status == 408 else { return .refused(problem) }
        let text =
            (problem.detail.isEmpty ? "the server answered HTTP \(status)" : problem.detail)
            + problem.requestNote
        return .unknown(Outage(text, retryAfter: retryAfter, isSilent: false, isLimit: status == 429))
    }

    static func notBaton(_ status: Int) -> Problem {
        Problem(
            status: status, title: "not a Baton server",
            detail: "what answered doesn't speak Baton's /v1 (HTTP \(status)): check --server or BATON_SERVER"
        )
    }
}

extension Hold {
    /// From the answer `elected`.
    init?(_ json: JSON) {
        guard let token = json["fencingToken"]?.integer else { return nil }
        self.init(
            token: token, attempt: json["attempt"]?.integer ?? 1, maxAttempts: json["maxAttempts"]?.integer,
            duration: json["lease"]?["leaseDuration"]?.double.map { .seconds($0) },
            previous: PastHold(json["previous"]))
        also = (json["also"]?.array ?? []).compactMap { other in
            guard let name = other["name"]?.string, let token = other["fencingToken"]?.integer else {
                return nil
            }
            return OtherHold(name, token: token)
        }
        abandoned = (json["abandoned"]?.array ?? []).map(AbandonedText.line)
    }
}
