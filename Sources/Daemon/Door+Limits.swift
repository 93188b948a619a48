import API
import Coordination
import Sockets

/// Who is too loud, and what whoever finds no place is told.
extension Door {
    /// Whose request it is, where it matters how many somebody has: the identity that authenticated or,
    /// where nobody has to, the address. Costs a system call without an identity.
    func client(_ principal: String?, _ exchange: ExchangeID) -> String? {
        if let principal { return principal }
        guard let peer = server.server.peer(of: exchange) else { return nil }
        guard peer.address.isEmpty else { return peer.address }
        return peer.owner.map { "user \($0.user)" }
    }

    /// The refusal of a client that asks too often.
    ///
    /// What a holder does is counted and never refused: who is loud elsewhere must not lose a hold for
    /// it. Probes and whatever else is open to everybody don't count.
    func tooFast(_ principal: String?, _ exchange: ExchangeID, _ route: RouteTemplate) -> APIResponse? {
        guard let perSecond = limiter?.perSecond, principal != nil || limitsAddresses, !route.isProbe,
            let client = client(principal, exchange)
        else { return nil }
        let now = turns.clock.now.instant
        if route.isHolders {
            limiter?.charge(client, at: now)
            return nil
        }
        guard let wait = limiter?.admit(client, at: now) else { return nil }
        turns.meters.refused(Meters.rate)
        return elections.response(tooFast: perSecond, wait: wait)
    }

    func answer(toShed bound: ConnectionBound, limit: Int) -> Answer {
        let setting =
            switch bound {
            case .inAll: Meters.connections
            case .perAddress: Meters.connectionsPerAddress
            }
        turns.meters.refused(setting)
        turns.meters.answered(.unread, 503)
        return Answer(elections.response(shed: setting, limit: limit))
    }
}

extension RouteTemplate {
    fileprivate var isProbe: Bool { self == .ready || self == .live }
    fileprivate var isHolders: Bool { self == .renew || self == .complete || self == .resign }
}
