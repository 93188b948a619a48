import API
import Coordination
import Logging
import Sockets

/// Requests of the Kubernetes face. What they read is durable, so they wait for no turn.
extension Door {
    func received(
        _ request: KubernetesRequest, _ authorization: [String], _ exchange: ExchangeID,
        of route: RouteTemplate
    ) {
        let identity: String?
        switch gate.decide(request.access, authorization, request) {
        case .refuse(let response):
            send(response, to: exchange, of: route)
            return
        case .pass(let passed): identity = passed
        }
        let now = turns.clock.now
        let reader = KubernetesReader(store: turns.store, face: kubernetes, request: request, now: now)
        let response: APIResponse
        do {
            switch request.action(at: now) {
            case .answer(let answer): response = answer
            case .object(let query): response = try reader.answer(query)
            case .list(let query): response = try reader.answer(query)
            case .review(let review):
                let grants = review.accesses.map { isGranted($0, authorization, request) }
                response = request.answer(review, as: identity, grants: grants)
            }
        } catch {
            log.error("reading the store failed", metadata: ["reason": "\(error)"])
            response = request.response(unavailable: .storageFailed)
        }
        send(response, to: exchange, of: route)
    }

    private func isGranted(
        _ access: Access, _ authorization: [String], _ request: KubernetesRequest
    ) -> Bool {
        if case .pass = gate.decide(access, authorization, request) { true } else { false }
    }
}
