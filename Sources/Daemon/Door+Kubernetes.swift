import API
import Coordination
import Identity
import Logging
import Store

/// Requests of the Kubernetes face. What they read is durable, so they wait for no turn.
extension Door {
    /// For so long a list is put together before others have their turn.
    private static let listTime = Interval.milliseconds(5)

    func serve(_ request: KubernetesRequest, _ visit: Visit, _ principal: Principal?) {
        let reader = KubernetesReader(store: turns.store, face: kubernetes, request: request)
        let now = turns.clock.now
        switch request.action(at: now, principal: principal?.identity) {
        case .answer(let answer): send(answer, to: visit)
        case .write(let write): writer(request, visit)?.write(write)
        case .delete(let deletion): writer(request, visit)?.delete(deletion)
        case .deleteCollection(let query, let deletion):
            guard let writer = writer(request, visit) else { return }
            attempt(request, visit) {
                try KubernetesCollectionDeletion(writer, reader, query, deletion, at: now).proceed()
            }
        case .object(let query): attempt(request, visit) { send(try reader.answer(query), to: visit) }
        case .list(let query): attempt(request, visit) { try begin(query, reader, visit, now) }
        case .watch(let query): attempt(request, visit) { try begin(query, request, visit) }
        case .review(let review):
            // Where nobody has to prove anything, everybody may do everything.
            let grants = review.accesses.map { access in
                principal?.permits(access.verb.role, in: access.namespace) ?? true
            }
            send(request.answer(review, as: principal?.identity, grants: grants), to: visit)
        }
    }

    private func begin(_ query: ListQuery, _ reader: KubernetesReader, _ visit: Visit, _ now: Now) throws {
        let version = reader.request.version(
            of: query, current: turns.store.acknowledged, compacted: try turns.store.compactedRevision())
        switch version {
        case .failure(let refused): send(refused.response, to: visit)
        case .success(let version):
            try proceed(try KubernetesList(reader, query, version: version, at: now), reader.request, visit)
        }
    }

    /// Nil: the daemon is about to stop, and the client is told.
    private func writer(_ request: KubernetesRequest, _ visit: Visit) -> KubernetesWriter? {
        guard !isClosed else {
            send(request.response(unavailable: .stopping), to: visit)
            return nil
        }
        let origin = Origin(
            requestID: visit.id, identity: visit.identity, address: peer(of: visit)?.text ?? "")
        return KubernetesWriter(
            turns: turns, face: kubernetes, request: request, visit: visit, origin: origin,
            send: { [unowned self] in send($0, to: visit) },
            attempt: { [unowned self] in attempt(request, visit, $0) })
    }

    private func proceed(_ list: KubernetesList, _ request: KubernetesRequest, _ visit: Visit) throws {
        let end = moment + Self.listTime
        if let response = try list.proceed(while: { moment < end }) {
            send(response, to: visit)
        } else {
            turns.clock.after(.zero) { [self] in attempt(request, visit) { try proceed(list, request, visit) }
            }
        }
    }

    /// The store may be unreadable for a while: that is 503.
    private func attempt(_ request: KubernetesRequest, _ visit: Visit, _ body: () throws -> Void) {
        do { try body() } catch {
            log.error(
                "reading the store failed", metadata: ["reason": "\(error)", "requestID": "\(visit.id)"])
            send(request.response(unavailable: .storageFailed), to: visit)
        }
    }
}
