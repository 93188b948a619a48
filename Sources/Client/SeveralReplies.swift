/// What came of one request to each of several names: one reply, as if they were one.
public enum SeveralReplies {
    /// Nil: it isn't known yet, and the replies to come may change it. `replies` has nil where none has
    /// come.
    ///
    /// One name that is lost loses all, so a renewal's first no is the answer. A resignation is said again
    /// until every name has heard it: so it is unknown for as long as it is unknown to one.
    public static func together(_ replies: [Reply?], to request: Campaigner.Request) -> Reply? {
        let isRefused = replies.compactMap(\.self).first { if case .refused = $0 { true } else { false } }
        if case .renew = request, let isRefused { return isRefused }
        guard !replies.contains(nil) else { return nil }
        let unknown = replies.compactMap(\.self).first { if case .unknown = $0 { true } else { false } }
        return unknown ?? isRefused ?? replies.first ?? nil
    }
}
