import Coordination
import JSON
import Objects

/// An error as Kubernetes tells it: an object of kind Status.
struct Status: Error, Hashable, Sendable {
    var code: Int
    /// For programs: "NotFound" and such.
    var reason: String?
    var message: String
    /// Some errors carry empty ones, others none: that is as the reference has it.
    var details: Details?
    /// How to go on with a list that is too old.
    var continuation: String?

    var isSuccess: Bool { code < 300 }

    struct Details: Hashable, Sendable {
        var name = ""
        var group = ""
        var kind = ""
        var uid = ""
        var causes: [Cause] = []
        var retryAfterSeconds = 0
    }

    struct Cause: Hashable, Sendable {
        var reason: String
        var message: String
        var field = ""
    }

    init(_ code: Int, _ reason: String?, _ message: String, _ details: Details? = nil) {
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
    }
}

extension Status {
    static let unauthorized = Status(401, "Unauthorized", "Unauthorized")

    static let unknownResource = Status(
        404, "NotFound", "the server could not find the requested resource", Details())

    static let methodNotAllowed = Status(
        405, "MethodNotAllowed", "the server does not allow this method on the requested resource", Details()
    )

    /// No entry of `Accept` names a type that is there.
    static let notAcceptable = Status(
        406, "NotAcceptable",
        "406: Not Acceptable\n\nAvailable representations: \(MediaType.offered)", Details())

    /// A type that is there, with parameters that aren't.
    static let noSuchForm = Status(
        406, "NotAcceptable", "only the following media types are accepted: \(MediaType.offered)")

    static let expired = Status(410, "Expired", "The resourceVersion for the provided list is too old.")

    static func badRequest(_ message: String) -> Status { Status(400, "BadRequest", message) }

    static func notFound(_ resource: Resource, _ name: String) -> Status {
        Status(
            404, "NotFound", "\(resource.qualified) \(Go.quoted(name)) not found",
            Details(name: name, group: resource.groupVersion.group, kind: resource.plural))
    }

    /// A continue token whose version can't be watched any more. The new one goes on without promising
    /// that the parts fit together.
    static func expired(continuation: String) -> Status {
        var status = Status(
            410, "Expired",
            "The provided continue parameter is too old to display a consistent list result. You can start a new "
                + "list without the continue parameter, or use the continue token in this response to retrieve the "
                + "remainder of the results. Continuing with the provided token results in an inconsistent list - "
                + "objects that were created, modified, or deleted between the time the first chunk was returned "
                + "and now may show up in the list.")
        status.continuation = continuation
        return status
    }

    /// A version that isn't there yet.
    static func tooLarge(_ version: UInt64, current: Revision) -> Status {
        Status(
            504, "Timeout", "Timeout: Too large resource version: \(version), current: \(current)",
            Details(
                causes: [
                    Cause(reason: "ResourceVersionTooLarge", message: "Too large resource version")
                ], retryAfterSeconds: 1))
    }

    /// A parameter that contradicts another. - Parameter problems: each with its reason.
    static func invalidListOptions(_ problems: [Cause]) -> Status {
        let texts = problems.map { "\($0.field): \($0.message)" }
        let text = texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ", "))]"
        return Status(
            422, "Invalid", "ListOptions.meta.k8s.io \"\" is invalid: \(text)",
            Details(group: "meta.k8s.io", kind: "ListOptions", causes: problems))
    }

    static func unavailable(_ reason: Unavailable) -> Status {
        Status(
            503, "ServiceUnavailable", reason.cause, Details(retryAfterSeconds: reason.retryAfter))
    }
}

extension Status {
    func write(to writer: inout JSONWriter) {
        writer.member("kind", "Status")
        writer.member("apiVersion", "v1")
        writer.member("metadata") { $0.member("continue", continuation) }
        writer.member("status", isSuccess ? "Success" : "Failure")
        if !isSuccess { writer.member("message", message) }
        writer.member("reason", reason)
        if let details { writer.member("details") { details.write(to: &$0) } }
        if !isSuccess { writer.member("code", code) }
    }

    /// What the daemon's records call it; nil: they don't.
    var problem: Problem.Kind? {
        switch code {
        case 401: .unauthenticated
        case 403: .forbidden
        case 429: .tooMany
        default: nil
        }
    }

    /// Header fields of its own.
    var headers: [APIResponse.Header] {
        var headers: [APIResponse.Header] = []
        if let seconds = details?.retryAfterSeconds, seconds > 0 { headers.append(.retryAfter(seconds)) }
        // RFC 9110 §15.5.2: "The server generating a 401 response MUST send a WWW-Authenticate header field".
        if code == 401 { headers.append(.init("WWW-Authenticate", "Bearer realm=\"baton\"")) }
        return headers
    }
}

extension Status.Details {
    fileprivate func write(to writer: inout JSONWriter) {
        if !name.isEmpty { writer.member("name", name) }
        if !group.isEmpty { writer.member("group", group) }
        if !kind.isEmpty { writer.member("kind", kind) }
        if !uid.isEmpty { writer.member("uid", uid) }
        if !causes.isEmpty {
            writer.name("causes")
            writer.array(causes) { writer, cause in
                writer.object {
                    $0.member("reason", cause.reason)
                    $0.member("message", cause.message)
                    if !cause.field.isEmpty { $0.member("field", cause.field) }
                }
            }
        }
        if retryAfterSeconds > 0 { writer.member("retryAfterSeconds", retryAfterSeconds) }
    }
}
