import Coordination
import JSON

/// Answers to whoever may not.
extension Elections {
    /// 401. RFC 6750 §3: an error code only if there was a token.
    public func response(unauthenticated wasGiven: Bool) -> APIResponse {
        let challenge = "Bearer realm=\"baton\"" + (wasGiven ? ", error=\"invalid_token\"" : "")
        let detail =
            wasGiven
            ? "The token is not one that this daemon knows. It may have been taken back."
            : "This takes a token: send \"Authorization: Bearer TOKEN\"."
        return Problem(.unauthenticated, detail).with(APIResponse.Header("WWW-Authenticate", challenge))
            .response
    }

    /// 403. Says what is missing, and nothing of what is there.
    ///
    /// - Parameters:
    ///   - needed: the least role that may; nil if it isn't the role that is missing.
    ///   - namespaces: what the identity may reach; nil if it isn't the namespace that is missing.
    public func response(
        forbidden access: Access, to identity: String, role: String, needed: String?, namespaces: [String]?
    ) -> APIResponse {
        var missing: [String] = []
        if let needed {
            missing.append("this takes the role \(needed), and \(quoted(identity)) has the role \(role)")
        }
        if let namespaces, let namespace = access.namespace {
            missing.append(
                "\(quoted(identity)) may not act in namespace \(namespace), only in "
                    + namespaces.joined(separator: ", "))
        }
        let detail = missing.joined(separator: "; ")
        let problem = Problem(.forbidden, detail.prefix(1).uppercased() + detail.dropFirst() + ".")
            .with {
                $0.member("identity", identity)
                $0.member("role", role)
                $0.member("neededRole", needed)
                $0.member("namespace", access.namespace)
                if let namespaces { $0.member("namespaces", namespaces) }
            }
        return problem.response
    }
}
