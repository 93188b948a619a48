import API
import Coordination
import Identity
import Logging
import Sockets
import Store

/// Requests to prune: each is one part, and one turn at the most.
extension Door {
    func prune(_ query: PruneQuery, _ visit: Visit, _ retention: Retention) {
        guard !isClosed else {
            send(elections.response(unavailable: .stopping), to: visit)
            return
        }
        guard retention.clocksAgree else {
            send(elections.clocksDisagree, to: visit)
            return
        }
        var visit = visit
        visit.isAct = !query.isDryRun
        var pruning = Pruning(
            request: visit.exchange.number, targets: [], isDryRun: query.isDryRun,
            namespace: query.namespace, details: query.details)
        if !query.isDryRun {
            pruning.origin = Origin(
                requestID: visit.id, identity: visit.identity, address: peer(of: visit)?.text ?? "")
        }
        let pass = PrunePass(
            turns, kubernetes, retention.clocks, query.namespace, PruneRule(query, retention.policies),
            pruning,
            after: (query.from?.after).map(MarkerPlace.init),
            newestFrom: (query.from?.newestFrom).map(MarkerPlace.init), limit: query.limit, isReporting: true)
        pass.next { [self] result in
            switch result {
            case .success(let part): answer(query, part, visit)
            case .failure(let error as PrunePass.Refused):
                send(elections.response(unavailable: error.reason), to: visit)
            case .failure(is ClockAgreement.Broken): send(elections.clocksDisagree, to: visit)
            case .failure(let error):
                log.error(
                    "reading the store failed",
                    metadata: ["reason": "\(error)", "requestID": "\(visit.id)"])
                send(elections.response(unavailable: .storageFailed), to: visit)
            }
        }
    }

    private func answer(_ query: PruneQuery, _ part: PrunePass.Part, _ visit: Visit) {
        if !query.isDryRun {
            turns.meters.pruned(part.items.count { $0.kept == nil }, bySchedule: false)
        }
        let next =
            part.isDone
            ? nil
            : part.after.map { after in
                PrunePlace(
                    after: .init(after), newestFrom: part.newestFrom.map { PrunePlace.Marker($0) })
            }
        send(elections.pruned(part.items, of: query, next: next), to: visit)
    }
}

extension PruneRule {
    /// What the policies protect is protected from operators, too: who means it deletes the marker by name.
    init(_ query: PruneQuery, _ policies: RetentionPolicies) {
        let wildcard = query.name.map { Wildcard($0) }
        self.init(
            matches: { name in wildcard?.matches(name) ?? true }, selector: query.labels,
            maxAge: query.olderThan, keepLast: query.keepLast,
            protections: [Protection(policy: nil, names: query.keep.map { Wildcard($0) })]
                + policies.protections(in: query.namespace))
    }
}

extension MarkerPlace {
    init(_ marker: PrunePlace.Marker) { self.init(ended: marker.ended, name: marker.name) }
}

extension PrunePlace.Marker {
    init(_ place: MarkerPlace) { self.init(ended: place.ended, name: place.name) }
}
