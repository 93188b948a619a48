// What aliases point at: it is there, and stays.
//
// A marker that an alias points at can't be deleted, and its retention stands still; when the last alias
// leaves it, it has its whole retention again, as after a restart.
//
// Superseding is not deleting. The work of that name is done anew, and whoever asks for the name gets the new
// marker; so does whoever asks for the alias, in the same turn, and the history says so. If that work failed
// for good, the new marker is a Failed one, and the alias shows it: the product that it stood for was found
// hollow, and pretending otherwise would be worse. Nobody can move an alias to a Failed marker.
//
// A namespace that is being deleted takes its aliases with it, each with its marker: since no alias is without
// one, a namespace without markers has no aliases either.

extension Coordinator {
    /// The marker that the alias is to point at.
    mutating func target(
        _ name: String, of alias: Key, at now: Now, _ effects: inout [Effect]
    ) throws(Rejection) -> AliasTarget {
        let key = Key(namespace: alias.namespace, name: name)
        var state = take(key)
        expireMarkerIfDue(&state, at: now, &effects)
        let marker = state.marker
        shelve(state, key)
        guard let marker else { throw .alias(.noTarget(key, isAlias: aliases[key] != nil)) }
        guard marker.finding.outcome == .succeeded else { throw .alias(.targetFailed(marker)) }
        return AliasTarget(name: name, revision: marker.revision)
    }

    /// Moves it, and keeps its new marker from going.
    mutating func move(
        _ key: Key, to target: AliasTarget, _ how: AliasMove.How, _ origin: AliasOrigin, at now: Now,
        _ effects: inout [Effect]
    ) -> AliasRecord {
        let old = aliases[key]
        let record = write(key, to: target, how, origin, at: now, &effects)
        if let old { release(old.marker, at: now) }
        var name = take(record.marker)
        name.markerExpiry = nil
        shelve(name, record.marker)
        return record
    }

    mutating func drop(
        _ record: AliasRecord, _ origin: AliasOrigin, at now: Now, _ effects: inout [Effect]
    ) {
        touch(record.key)
        let move = AliasMove(
            key: record.key, revision: nextRevision(), how: .deleted, from: record.target, to: nil,
            by: origin.by, holder: origin.holder, reason: origin.reason, at: now.wall)
        aliases[record.key] = nil
        effects.append(.persist(.alias(nil, move)))
        release(record.marker, at: now)
        tellWatchers(record.key, &effects)
    }

    /// The alias and its move, as they become durable.
    private mutating func write(
        _ key: Key, to target: AliasTarget, _ how: AliasMove.How, _ origin: AliasOrigin, at now: Now,
        _ effects: inout [Effect]
    ) -> AliasRecord {
        touch(key)
        let old = aliases[key]
        let move = AliasMove(
            key: key, revision: nextRevision(), how: how, from: old?.target, to: target, by: origin.by,
            holder: origin.holder, reason: origin.reason, at: now.wall)
        let isOther = old.map { $0.target.name != target.name } ?? false
        let record = AliasRecord(
            key: key, target: target, previous: isOther ? old?.target : old?.previous,
            revision: move.revision, before: old?.revision ?? 0, created: old?.created ?? move.revision,
            createdAt: old?.createdAt ?? now.wall, movedAt: now.wall, how: how, by: move.by,
            holder: move.holder, reason: move.reason)
        aliases[key] = record
        effects.append(.persist(.alias(record, move)))
        tellWatchers(key, &effects)
        return record
    }

    /// An alias has left the marker: if that was the last one, time goes on for it.
    private mutating func release(_ marker: Key, at now: Now) {
        guard !aliases.isPointed(at: marker) else { return }
        var name = take(marker)
        name.markerExpiry = expiry(of: name.marker, at: now)
        shelve(name, marker)
    }

    private mutating func touch(_ key: Key) {
        if touchedAliases[key] == nil { touchedAliases[key] = .some(aliases[key]) }
        if let marker = aliases[key]?.marker { leftMarkers[marker, default: []].insert(key.name) }
    }

    // MARK: What becomes of the marker

    /// A marker replaced another one of its name: its aliases are its own from now on.
    mutating func followAliases(
        _ name: inout NameState, _ marker: DoneMarker, at now: Now, _ effects: inout [Effect]
    ) {
        let pointing = aliases.pointing(at: marker.key)
        guard !pointing.isEmpty else { return }
        name.markerExpiry = nil
        let origin = AliasOrigin(
            by: marker.principal, holder: marker.holder,
            reason: marker.finding.outcome == .succeeded
                ? "the marker was superseded" : "the marker was superseded, and the work failed")
        let target = AliasTarget(name: marker.key.name, revision: marker.revision)
        for alias in pointing {
            let key = Key(namespace: marker.key.namespace, name: alias)
            _ = write(key, to: target, .followed, origin, at: now, &effects)
        }
    }

    /// A marker can't be deleted while an alias points at it, unless its namespace goes as a whole.
    func refuseIfAliased(_ marker: Key) throws(Rejection) {
        guard aliases.isPointed(at: marker), !isTerminating(marker.namespace) else { return }
        throw .aliased(marker, by: aliases.pointing(at: marker))
    }

    /// A marker goes with its namespace, and its aliases go before it.
    mutating func dropAliases(of marker: Key, by: String?, at now: Now, _ effects: inout [Effect]) {
        for alias in aliases.pointing(at: marker) {
            let record = aliases[Key(namespace: marker.namespace, name: alias)]!
            drop(record, AliasOrigin(by: by, reason: "the namespace was deleted"), at: now, &effects)
        }
    }
}
