// Namespaces: how they begin, how they go, and what Kubernetes clients do to them.
//
// All of them are in memory. A namespace begins in the turn of its first lease or marker, at a revision
// before that one's, and, unless a client has written it, goes in the turn of its last.
//
// Deleting one takes longer than a turn may: it is marked as terminating, in one turn. From then on
// nothing begins in it: nobody is elected, no lease and no marker is made, and whoever contends or waits
// is sent away. What is there is read, renewed, resigned and deleted as before. The daemon expunges it,
// some names with each turn, and at last removes the record. After a restart it goes on with that.

extension Coordinator {
    // MARK: What readers are shown

    public func namespace(_ name: String) -> NamespaceRecord? { namespaces[name] }

    /// Namespaces that are being deleted, in the order of their names.
    public var terminatingNamespaces: [NamespaceRecord] {
        namespaces.values.filter(\.isTerminating).sorted { $0.name < $1.name }
    }

    /// Whether there is neither a lease nor a marker in it; nor an alias, then: none is without its marker.
    public func isEmpty(_ namespace: String) -> Bool {
        let usage = usage[namespace]
        return usage.leases == 0 && usage.markers == 0
    }

    // MARK: Beginning and end

    func isTerminating(_ name: String) -> Bool { namespaces[name]?.isTerminating ?? false }

    func refuseIfTerminating(_ name: String) throws(Rejection) {
        if isTerminating(name) { throw .namespaceTerminating(name) }
    }

    /// Before the first lease or marker in it is made.
    mutating func beginNamespace(_ name: String, at now: Now, _ effects: inout [Effect]) {
        guard namespaces[name] == nil else { return }
        let revision = nextRevision()
        keep(
            NamespaceRecord(name: name, created: revision, createdAt: now.wall, version: revision), &effects)
    }

    /// At a step's end: what was emptied may have something again.
    mutating func endEmptied(_ effects: inout [Effect]) {
        guard !emptied.isEmpty else { return }
        for name in emptied.sorted() where isEmpty(name) {
            guard let record = namespaces[name], !record.isClients, !record.isTerminating else { continue }
            drop(record, &effects)
        }
        emptied.removeAll()
    }

    private mutating func keep(
        _ record: NamespaceRecord, was: [UInt8]? = nil, _ effects: inout [Effect]
    ) {
        touch(record.name)
        namespaces[record.name] = record
        effects.append(.persist(.namespace(record, was: was)))
    }

    private mutating func drop(_ record: NamespaceRecord, _ effects: inout [Effect]) {
        touch(record.name)
        namespaces[record.name] = nil
        effects.append(.persist(.namespaceDeleted(record, at: nextRevision())))
    }

    private mutating func touch(_ name: String) {
        if touchedNamespaces[name] == nil { touchedNamespaces[name] = .some(namespaces[name]) }
    }

    // MARK: Clients

    mutating func writeNamespace(
        _ write: NamespaceWrite, at now: Now, _ effects: inout [Effect]
    ) throws(Rejection) {
        let before = namespaces[write.name]
        switch (write.precondition, before) {
        case (.absent, nil): break
        case (.absent, let record?): throw .namespaceExists(record)
        case (.version, nil): throw .namespaceNotFound(write.name)
        case (.version(let version), let record?):
            if record.version != version { throw .revisionDiffers(current: record.version) }
        }
        var record =
            before ?? NamespaceRecord(name: write.name, created: 0, createdAt: now.wall, version: 0)
        record.metadata = write.metadata
        record.isClients = true
        if record != before, !write.isDryRun {
            record.version = nextRevision()
            if before == nil { record.created = record.version }
            keep(record, was: before?.replaced(by: record), &effects)
        }
        say(.namespaceWritten(record), to: write.request, &effects)
    }

    mutating func terminate(
        _ termination: NamespaceTermination, at now: Now, _ effects: inout [Effect]
    ) throws(Rejection) {
        guard let before = namespaces[termination.name] else { throw .namespaceNotFound(termination.name) }
        if let version = termination.version, version != before.version {
            throw .revisionDiffers(current: before.version)
        }
        if before.isTerminating {
            return say(.namespaceTerminating(before), to: termination.request, &effects)
        }
        let held = held(in: before.name)
        if let first = held.min(), !termination.mayRevoke {
            throw .namespaceHeld(view(of: names[first]!, now)!)
        }
        var record = before
        record.metadata = termination.metadata
        record.terminatingSince = now.wall
        record.terminatedBy = termination.by
        if !termination.isDryRun {
            record.version = nextRevision()
            keep(record, was: before.replaced(by: record), &effects)
            sendAway(from: record.name, at: now, &effects)
            recordTermination(termination, holds: held.count, at: now, &effects)
        }
        say(.namespaceTerminating(record), to: termination.request, &effects)
    }

    /// Whatever is held is in memory.
    private func held(in namespace: String) -> [Key] {
        names.compactMap { key, name in
            key.namespace == namespace && name.lease?.hold != nil ? key : nil
        }
    }

    /// Whoever contends or waits there waits for nothing any more.
    private mutating func sendAway(from namespace: String, at now: Now, _ effects: inout [Effect]) {
        sendWatchersAway(from: namespace, &effects)
        let keys = names.compactMap { key, name in
            key.namespace == namespace
                && !(name.queue.isEmpty && name.waiters.isEmpty && name.conditions.isEmpty) ? key : nil
        }
        for key in keys.sorted() {
            var name = take(key)
            let queue = name.queue
            name.queue = []
            if !queue.isEmpty { effects.append(.standingsChanged(key)) }
            // Who contends for several names is told once.
            for request in queue.filter({ $0.primary == key }).flatMap(\.requests) {
                say(.refused(.namespaceTerminating(namespace)), to: request, &effects)
            }
            tellWaiters(&name, key, &effects) { view in
                view.verdict = .deleted
                view.about = key
            }
            tellDeleted(&name, at: now, &effects)
            shelve(name, key)
        }
    }

    // MARK: Emptying

    mutating func expunge(_ keys: [Key], by: String?, at now: Now, _ effects: inout [Effect]) {
        for key in keys {
            guard let namespace = namespaces[key.namespace], namespace.isTerminating else { continue }
            dropAliases(of: key, by: by ?? namespace.terminatedBy, at: now, &effects)
            var name = take(key)
            let reason = "the namespace was deleted"
            let by = by ?? namespace.terminatedBy
            if let lease = name.lease, lease.group != nil {
                _ = passOn(&name, .revoked, reason: reason, by: by, at: now, &effects)
            } else if let lease = name.lease {
                _ = endMembers(of: &name, key, reason: reason, by: by, at: now, &effects)
                if lease.hold != nil {
                    _ = endHold(&name, .revoked, reason: reason, by: by, at: now, &effects)
                }
                name.lease = nil
                name.isUnwritten = false
                effects.append(.persist(.leaseDeleted(lease, at: nextRevision())))
                effects.append(.standingsChanged(key))
            }
            dropMarker(&name, key, &effects)
            shelve(name, key)
        }
    }

    mutating func removeNamespace(_ name: String, _ version: Revision, _ effects: inout [Effect]) {
        guard let record = namespaces[name], record.isTerminating, record.version == version, isEmpty(name)
        else { return }
        drop(record, &effects)
    }
}

extension NamespaceRecord {
    /// The metadata, if the later record has others.
    fileprivate func replaced(by later: NamespaceRecord) -> [UInt8]? {
        metadata == later.metadata ? nil : metadata
    }
}
