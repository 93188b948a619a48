import API
import Coordination
import Store

/// Judges markers in the turn that deletes them: nothing comes between what is looked at and what goes. The turn may
/// have waited for a slow flush since they were chosen; so the clocks are looked at once more, too.
struct MarkerJudge {
    let rule: PruneRule
    let turns: Turns
    let face: Kubernetes
    let clocks: ClockAgreement

    /// What became of each target, in their order; nil: it is gone, or would be.
    func prune(
        _ targets: [Pruning.Target], _ pruning: Pruning, _ core: inout Coordinator, _ now: Now,
        _ effects: inout [Effect]
    ) throws(ClockAgreement.Broken) -> [KeepReason?] {
        guard clocks.holds(at: now) else { throw ClockAgreement.Broken() }
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
        // The wall clock may have been set back by a little since it was chosen.
        let line = MarkerLine(
            place: MarkerPlace(ended: marker.end, name: marker.key.name), revision: marker.revision,
            retention: marker.retention)
        if let reason = rule.reason(line, newestFrom: nil, at: now.wall) { return reason }
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
