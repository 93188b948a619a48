import Coordination

/// Says no to whoever may not, in the words of one face or the other.
public protocol Refusing {
    /// 401. - Parameters:
    ///   - wasGiven: whether there were credentials.
    ///   - reason: what is wrong with them, where that can be said.
    func response(unauthenticated wasGiven: Bool, because reason: String?) -> APIResponse
    /// 403 for a token that is genuine and that no rule gives anything.
    func response(unruly reason: String) -> APIResponse
    /// 403 for a certificate that is known, and whose subject can't be an identity.
    func response(unnameable subject: String) -> APIResponse
    /// 503 for a token that can't be judged at present. Nothing has been done.
    func response(unjudged reason: String) -> APIResponse
    /// 403. - Parameters:
    ///   - needed: the least role that may; nil if it isn't the role that is missing.
    ///   - namespaces: what the identity may reach; nil if it isn't the namespace that is missing.
    func response(
        forbidden access: Access, to identity: String, role: String, needed: String?, namespaces: [String]?
    ) -> APIResponse
    /// 429: the client asks more often than it may for good. - Parameter wait: until it may again.
    func response(tooFast limit: Int, wait: Interval) -> APIResponse
}

extension Elections: Refusing {}
