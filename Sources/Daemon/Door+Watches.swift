import API
import Coordination
import Sockets
import Store

/// Watches: streams that the hub takes over once they have begun.
extension Door {
    /// How long a watch lasts that doesn't say: by chance between this and twice that, so that those who began
    /// together don't come back together.
    private static let watchTime = Interval.minutes(30)

    func begin(_ query: WatchQuery, _ request: KubernetesRequest, _ visit: Visit) throws {
        guard !turns.isStopping else { return _ = send(request.response(unavailable: .stopping), to: visit) }
        let client = client(visit)
        if let (limit, setting) = hub.refusal(client) {
            turns.meters.refused(setting)
            return _ = send(request.response(tooManyWatches: limit, setting: setting), to: visit)
        }
        let head: APIResponse
        switch request.head(of: query, current: turns.store.acknowledged) {
        case .failure(let refused): return _ = send(refused.response, to: visit)
        case .success(let found): head = found
        }
        let beginning = try hub.beginning(of: query, request)
        var visit = visit
        visit.hasWaited = true
        let answer = Answer(head, of: visit)
        let server = server.server!
        // If the peer is gone, the server will tell, and nobody knows of it.
        guard server.beginStream(visit.exchange, status: answer.status, headers: answer.headers) == .sent
        else { return }
        turns.meters.answered(visit.route, answer.status)
        let time = Self.watchTime.nanoseconds
        let timeout = query.timeout ?? Interval(nanoseconds: .random(in: time...(2 * time)))
        hub.add(query, beginning, visit, client: client, timeout: timeout, at: turns.clock.now.instant)
    }
}
