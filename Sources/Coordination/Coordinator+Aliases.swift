// Aliases: names that point at done markers, moved by compare-and-set.
//
// An alias never goes backwards unless it is told to: a pipeline that finishes late finds a marker there
// that is newer than its own, and is refused. To go back on purpose there is the rollback. Each move is in the
// history, in the same change as the alias itself.
//
// An alias never dangles: what it points at is there (Coordinator+AliasTargets). So a command on an alias
// needs the markers that it leaves and that it gets; no command of a turn can have made it point at
// anything else than what one of them names.

extension Coordinator {
    // MARK: What readers are shown

    public func alias(_ key: Key) -> AliasRecord? { aliases[key] }

    /// Of a namespace, in the order of their names, beginning behind `after`.
    public func aliases(
        in namespace: String, prefix: String = "", after: String? = nil, limit: Int
    ) -> [AliasRecord] {
        aliases.page(namespace, prefix: prefix, after: after, limit: limit)
    }

    public func aliasCount(in namespace: String) -> Int { aliases.count(in: namespace) }

    // MARK: What must be fetched first

    func need(for command: AliasCommand, _ needs: inout Needs) {
        if case .wait = command { return }
        let namespace = command.key.namespace
        func need(_ name: String?) {
            if let name { self.need(Key(namespace: namespace, name: name), &needs) }
        }
        let record = aliases[command.key]
        need(record?.target.name)
        need(record?.previous?.name)
        switch command {
        case .set(let setting): need(setting.target)
        case .rollBack(let rollback):
            guard let revision = rollback.to else { return }
            if let move = knownMoves[revision] { need(move.to?.name) } else { needs.moves.insert(revision) }
        case .delete, .wait: break
        }
    }

    /// A move of the history. What it led to is a need of its own: ask `needs` again.
    public mutating func learn(_ move: AliasMove) { knownMoves[move.revision] = move }

    // MARK: Commands

    mutating func apply(
        _ command: AliasCommand, at now: Now, _ effects: inout [Effect]
    ) throws(Rejection) {
        switch command {
        case .set(let setting): try set(setting, at: now, &effects)
        case .rollBack(let rollback): try rollBack(rollback, at: now, &effects)
        case .delete(let deletion): try delete(deletion, at: now, &effects)
        case .wait(let wait): try self.wait(wait, at: now, &effects)
        }
    }

    private mutating func set(
        _ setting: AliasSetting, at now: Now, _ effects: inout [Effect]
    ) throws(Rejection) {
        try refuseIfTerminating(setting.key.namespace)
        let target = try target(setting.target, of: setting.key, at: now, &effects)
        let record = aliases[setting.key]
        // Asked again, or already so: whatever was expected.
        if let record, record.target == target {
            return say(.alias(.moved(record, changed: false)), to: setting.request, &effects)
        }
        try check(setting.expect, setting.key, record)
        if let record, target.revision < record.target.revision, !setting.allowOlder {
            throw .alias(.backwards(record, to: target))
        }
        if record == nil { try roomForAlias(in: setting.key.namespace) }
        let origin = AliasOrigin(by: setting.by, holder: setting.holder, reason: setting.reason)
        let moved = move(setting.key, to: target, .set, origin, at: now, &effects)
        say(.alias(.moved(moved, changed: true)), to: setting.request, &effects)
    }

    private func check(
        _ expect: AliasSetting.Expectation?, _ key: Key, _ record: AliasRecord?
    ) throws(Rejection) {
        let isMet =
            switch expect {
            case nil: true
            case .absent?: record == nil
            case .target(let name)?: record?.target.name == name
            case .revision(let revision)?: record?.revision == revision
            }
        if !isMet { throw .alias(.differs(key, record)) }
    }

    private func roomForAlias(in namespace: String) throws(Rejection) {
        let (limit, used) = (settings.namespaceAliasesMax, aliases.count(in: namespace))
        if used >= limit {
            throw .quotaExceeded(.aliases, namespace: namespace, limit: limit, used: used)
        }
    }

    private mutating func rollBack(
        _ rollback: AliasRollback, at now: Now, _ effects: inout [Effect]
    ) throws(Rejection) {
        let key = rollback.key
        try refuseIfTerminating(key.namespace)
        guard let record = aliases[key] else { throw .alias(.notFound(key)) }
        if record.revision != rollback.revision {
            // The answer was lost, and it is asked again.
            guard record.how == .rolledBack, record.before == rollback.revision, record.by == rollback.by,
                record.holder == rollback.holder
            else { throw .alias(.differs(key, record)) }
            return say(.alias(.moved(record, changed: false)), to: rollback.request, &effects)
        }
        let wanted = try aim(of: rollback, record)
        guard wanted != record.target else {
            return say(.alias(.moved(record, changed: false)), to: rollback.request, &effects)
        }
        let found = marker(Key(namespace: key.namespace, name: wanted.name))
        guard found?.revision == wanted.revision else {
            throw .alias(.targetGone(key, wanted, current: found?.revision))
        }
        let target = try target(wanted.name, of: key, at: now, &effects)
        let origin = AliasOrigin(by: rollback.by, holder: rollback.holder, reason: rollback.reason)
        let moved = move(key, to: target, .rolledBack, origin, at: now, &effects)
        say(.alias(.moved(moved, changed: true)), to: rollback.request, &effects)
    }

    /// Where it is to go.
    private func aim(of rollback: AliasRollback, _ record: AliasRecord) throws(Rejection) -> AliasTarget {
        guard let revision = rollback.to else {
            guard let previous = record.previous else { throw .alias(.noPrevious(record)) }
            return previous
        }
        guard let move = knownMoves[revision], move.key == rollback.key, let target = move.to else {
            throw .alias(.noMove(rollback.key, revision))
        }
        return target
    }

    private mutating func delete(
        _ deletion: AliasDeletion, at now: Now, _ effects: inout [Effect]
    ) throws(Rejection) {
        guard let record = aliases[deletion.key] else { throw .alias(.notFound(deletion.key)) }
        guard record.revision == deletion.revision else { throw .alias(.differs(deletion.key, record)) }
        drop(record, AliasOrigin(by: deletion.by, reason: deletion.reason), at: now, &effects)
        recordAliasDeletion(deletion, of: record, at: now, &effects)
        say(.alias(.deleted(record)), to: deletion.request, &effects)
    }
}

/// Whose move it is.
struct AliasOrigin {
    var by: String?
    var holder: String?
    var reason: String?
}
