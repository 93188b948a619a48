import API
import Coordination
import Logging
import Store

/// Searches of the history, one at a time: each is paced, and so all of them together are.
extension Door {
    /// So many wait for their turn; who comes then is told to ask again.
    private static let searchesMax = 64

    func examine(_ search: EvidenceSearch, _ visit: Visit) {
        guard searches.count < Self.searchesMax else {
            send(elections.responseToTooManySearches, to: visit)
            return
        }
        searches.append((search, visit))
        if searches.count == 1 { goOn() }
    }

    /// Works on the first for a while, then rests for four times as long.
    private func goOn() {
        guard var (search, visit) = searches.first else { return }
        let start = moment
        var response: APIResponse?
        if peer(of: visit) == nil {
            searches.removeFirst()
            noteEnd(of: visit, status: nil)
        } else {
            do {
                response = try search.proceed { self.moment - start < Pacer.workTime }
            } catch {
                log.error(
                    "reading the store failed",
                    metadata: ["reason": "\(error)", "requestID": "\(visit.id)"])
                response = elections.response(unavailable: .storageFailed)
            }
            searches[0].search = search
            if let response {
                searches.removeFirst()
                visit.hasWaited = true
                send(response, to: visit)
            }
        }
        guard !searches.isEmpty else { return }
        let worked = max(.zero, moment - start)
        turns.clock.after(Interval(nanoseconds: worked.nanoseconds * Pacer.rest)) { [unowned self] in goOn() }
    }

    func sendSearchersAway() {
        let waiting = searches
        searches = []
        for (_, visit) in waiting { send(elections.response(unavailable: .stopping), to: visit) }
    }
}
