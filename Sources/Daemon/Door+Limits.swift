import API
import Coordination
import Sockets

/// Who is too loud, and what whoever finds no place is told.
extension Door {
    /// Whose request it is, where it matters how many somebody has: the identity that authenticated or,
    /// where nobody has to, the address. Costs a system call without an identity.
    func client(_ visit: Visit) -> String? {
        visit.identity ?? server.server.peer(of: visit.exchange)?.text
    }

    /// The refusal of a client that asks too often.
    ///
    /// What a holder does is counted and never refused: who is loud elsewhere must not lose a hold for
    /// it. Probes don't count.
    func tooFast(_ visit: Visit, _ face: any Refusing) -> APIResponse? {
        guard let perSecond = limiter?.perSecond, visit.identity != nil || limitsAddresses,
            !visit.route.isProbe, let client = client(visit)
        else { return nil }
        let now = turns.clock.now.instant
        if visit.route.isHolders {
            limiter?.charge(client, at: now)
            return nil
        }
        guard let wait = limiter?.admit(client, at: now) else { return nil }
        turns.meters.refused(Meters.rate)
        return face.response(tooFast: perSecond, wait: wait)
    }

    func answer(toShed bound: ConnectionBound, limit: Int) -> Answer {
        let setting =
            switch bound {
            case .inAll: Meters.connections
            case .perAddress: Meters.connectionsPerAddress
            }
        turns.meters.refused(setting)
        turns.meters.answered(.unread, 503)
        let visit = Visit(
            id: newRequestID(), exchange: .none, method: "-", path: [], route: .unread,
            arrived: turns.clock.now.instant)
        let response = elections.response(shed: setting, limit: limit).identified(as: visit.id)
        return Answer(response, of: visit)
    }
}

extension RouteTemplate {
    fileprivate var isProbe: Bool { self == .ready || self == .live }
    fileprivate var isHolders: Bool {
        self == .renew || self == .complete || self == .resign || self == .phase
    }
}
