import API
import Coordination
import Store

/// Judges markers in the turn that deletes them: nothing comes between what is looked at and what goes.
struct MarkerJudge {
    let rule: PruneRule
    let turns: Turns
    let face: Kubernetes

    /// What became of each target, in their order; nil: it is gone, or would be.
    func prune(
        _ targets: [Pruning.Target], _ pruning: Pruning, _ core: inout Coordinator, _ now: Now,
        _ effects: inout [Effect]
    ) -> [KeepReason?] {
        var reasons = targets.map { reason($0, core, now) }
        var pruning = pruning
        let going = targets.indices.filter { reasons[$0] == nil }
        pruning.targets = going.map { targets[$0] }
        guard case .pruned(let fates)? = try? core.carryOut(.prune(pruning), at: now, effects: &effects)
        else {
            return reasons
        }
        for (index, fate) in zip(going, fates) { reasons[index] = KeepReason(fate) }
        return reasons
    }

    private func reason(_ target: Pruning.Target, _ core: Coordinator, _ now: Now) -> KeepReason? {
        guard let marker = core.marker(target.key), marker.revision == target.revision else {
            return .changed
        }
        // What can't be looked up may be so: never too early.
        guard let left = try? turns.store.leftByAlias(target.key).map(Optional.some) ?? .some(nil) else {
            return .changed
        }
        if let reason = rule.reason(marker, left: left, at: now.wall) { return reason }
        let waiting = turns.waitingByLabels(marker)
        if waiting > 0 { return .waitedFor(waiting) }
        return face.object(marker).hasFinalizers ? .finalizers : nil
    }
}

extension KeepReason {
    fileprivate init?(_ fate: PruneFate) {
        switch fate {
        case .pruned: return nil
        case .changed: self = .changed
        case .held(let holder): self = .held(by: holder)
        case .waitedFor(let count): self = .waitedFor(count)
        case .aliased(let aliases): self = .aliased(aliases)
        }
    }
}
