import Coordination
import Objects

/// Answers to whoever may not, in the words of Kubernetes.
extension KubernetesRequest: Refusing {
    /// Without the reason: kubectl knows this message, and says what to do.
    public func response(unauthenticated wasGiven: Bool, because reason: String?) -> APIResponse {
        form.response(Status.unauthorized)
    }

    public func response(unruly reason: String) -> APIResponse {
        form.response(Status(403, "Forbidden", "\(subject) is forbidden: \(reason)", details))
    }

    public func response(unnameable subject: String) -> APIResponse {
        response(
            unruly:
                "the certificate's subject \(Go.quoted(subject)) can't be made an identity: its line in the "
                + "tokens file needs identity=")
    }

    public func response(unjudged reason: String) -> APIResponse {
        form.response(
            Status(503, "ServiceUnavailable", reason, Status.Details(retryAfterSeconds: 2)))
    }

    public func response(
        forbidden access: Access, to identity: String, role: String, needed: String?, namespaces: [String]?
    ) -> APIResponse {
        var status = Status(
            403, "Forbidden",
            "\(subject) is forbidden: User \(Go.quoted(identity)) cannot \(deed)"
                + Self.reason(role, needed, namespaces))
        status.details = details
        return form.response(status)
    }

    public func response(tooFast limit: Int, wait: Interval) -> APIResponse {
        let seconds = Int((max(0, wait.nanoseconds) + 999_999_999) / 1_000_000_000)
        return form.response(
            Status(
                429, "TooManyRequests",
                "there may be \(limit) requests a second of one client: try again later",
                Status.Details(retryAfterSeconds: max(1, seconds))))
    }

    /// What is missing, for the person who has to give it.
    private static func reason(_ role: String, _ needed: String?, _ namespaces: [String]?) -> String {
        var reasons: [String] = []
        if let needed { reasons.append("this takes the role \(needed), and the token has the role \(role)") }
        if let namespaces { reasons.append("the token reaches \(namespaces.joined(separator: ", ")) only") }
        return reasons.isEmpty ? "" : ": " + reasons.joined(separator: "; ")
    }

    private var target: (resource: Resource, namespace: String?, name: String)? {
        switch place {
        case .collection(let resource, let namespace): (resource, namespace, "")
        case .object(let resource, let namespace, let name): (resource, namespace, name)
        case .watch(let resource, let namespace, let name): (resource, namespace, name ?? "")
        case .review(let resource): (resource, nil, "")
        default: nil
        }
    }

    private var subject: String {
        guard let target else { return "forbidden" }
        return target.resource.qualified + (target.name.isEmpty ? "" : " \(Go.quoted(target.name))")
    }

    private var deed: String {
        guard let target else { return "\(request.method.lowercased()) path \(Go.quoted(path))" }
        let verb = isWatch ? .watch : place.verb(request.method) ?? .get
        let scope =
            target.namespace.map { "in the namespace \(Go.quoted($0))" } ?? "at the cluster scope"
        return
            "\(verb.rawValue) resource \(Go.quoted(target.resource.plural)) in API "
            + "group \(Go.quoted(target.resource.groupVersion.group)) \(scope)"
    }

    private var path: String { "/" + request.path.joined(separator: "/") }

    private var details: Status.Details {
        guard let target else { return Status.Details() }
        return Status.Details(
            name: target.name, group: target.resource.groupVersion.group, kind: target.resource.plural)
    }
}
