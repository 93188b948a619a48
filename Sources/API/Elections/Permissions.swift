import Coordination
import JSON

/// Answers to whoever may not.
extension Elections {
    /// 401. RFC 6750 §3: an error code only if there was a token.
    ///
    /// - Parameter reason: what is wrong with the token, where that can be said.
    public func response(unauthenticated wasGiven: Bool, because reason: String? = nil) -> APIResponse {
        let challenge = "Bearer realm=\"baton\"" + (wasGiven ? ", error=\"invalid_token\"" : "")
        let detail =
            reason
            ?? (wasGiven
                ? "The token is not one that this daemon knows. It may have been taken back."
                : "This takes a token: send \"Authorization: Bearer TOKEN\".")
        return Problem(.unauthenticated, detail).with(APIResponse.Header("WWW-Authenticate", challenge))
            .response
    }

    /// 403 for a token that is genuine and that no rule gives anything.
    public func response(unruly reason: String) -> APIResponse { Problem(.forbidden, reason).response }

    /// 403 for a certificate that is known, and whose subject can't be an identity.
    public func response(unnameable subject: String) -> APIResponse {
        Problem(
            .forbidden,
            "The certificate's subject \(quoted(subject)) can't be made an identity: its line in the tokens file "
                + "needs identity=."
        ).response
    }

    /// 503 for a token that can't be judged at present. Nothing has been done.
    public func response(unjudged reason: String) -> APIResponse {
        Problem(.unavailable, "\(reason) Nothing was done: ask again.")
            .with { $0.member("reason", "IssuerUnreachable") }.with(.retryAfter(2)).response
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
