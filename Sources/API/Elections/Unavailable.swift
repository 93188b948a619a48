import Coordination
import JSON

/// Why nothing durable can be done at present. For whoever asked for a change it means: unknown
/// whether it happened; ask again with the same campaignID.
public enum Unavailable: String, Hashable, Sendable, CaseIterable {
    /// The disk is full. Resumes by itself.
    case noSpace = "NoSpace"
    /// A flush or a write failed; what is on disk is being found out.
    case storageFailed = "StorageFailed"
    /// The daemon is about to stop.
    case stopping = "Stopping"
    /// The daemon has just started and reads what it knew.
    case recovering = "Recovering"

    /// Seconds, for `Retry-After`.
    var retryAfter: Int {
        switch self {
        case .noSpace: 5
        case .storageFailed: 2
        case .stopping, .recovering: 1
        }
    }

    var cause: String {
        switch self {
        case .noSpace: "The disk of the daemon is full."
        case .storageFailed: "The storage of the daemon failed, and it is recovering."
        case .stopping: "The daemon is about to stop."
        case .recovering: "The daemon is starting."
        }
    }

    var problem: Problem {
        Problem(
            .unavailable,
            "\(cause) Whether this request took effect is unknown: ask again, with the same holderIdentity and "
                + "campaignID."
        ).with { $0.member("reason", rawValue) }.with(.retryAfter(retryAfter))
    }
}

/// Answers that no route made.
extension Elections {
    /// 503. The same for every kind of request.
    public func response(unavailable reason: Unavailable) -> APIResponse { reason.problem.response }

    /// 503 for one more search of the history than wait for their turn already.
    public var responseToTooManySearches: APIResponse {
        Problem(
            .unavailable, "Many searches of the history wait for their turn. Nothing was done: ask again."
        )
        .with { $0.member("reason", "TooManySearches") }.with(.retryAfter(2)).response
    }

    /// For a request that the wire refused before there was anything to route: a status and one
    /// line that says why.
    public func response(wireStatus status: Int, detail: String) -> APIResponse {
        var problem = Problem(Problem.Kind(wireStatus: status), Self.sentence(detail))
        if status == 503 { problem = problem.with(.retryAfter(1)) }
        return problem.response
    }

    /// The wire says "the line ends in LF", as one would inside of a longer message.
    private static func sentence(_ detail: String) -> String {
        guard let first = detail.first else { return detail }
        return first.uppercased() + detail.dropFirst() + (detail.hasSuffix(".") ? "" : ".")
    }
}
