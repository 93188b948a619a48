@testable import Coordination

/// Namespaces: there with their first lease or marker, gone with their last.
extension Model {
    func isTerminating(_ key: Key) -> Bool { namespaces[key.namespace]?.terminatingSince != nil }

    func refuseIfTerminating(_ key: Key) throws(Rejection) {
        if isTerminating(key) { throw .namespaceTerminating(key.namespace) }
    }

    mutating func beginNamespace(_ name: String, _ now: Now) {
        if namespaces[name] != nil { return }
        let revision = next()
        namespaces[name] = NamespaceRecord(
            name: name, created: revision, createdAt: now.wall, version: revision)
    }

    private func isEmpty(_ name: String) -> Bool {
        !names.contains { $0.key.namespace == name && ($0.value.lease != nil || $0.value.marker != nil) }
    }

    mutating func endStep() {
        for name in namespaces.keys.sorted() where isEmpty(name) {
            guard let record = namespaces[name], !record.isClients, record.terminatingSince == nil else {
                continue
            }
            namespaces[name] = nil
            _ = next()
        }
    }

    mutating func writeNamespace(_ write: NamespaceWrite, _ now: Now) throws(Rejection) {
        let before = namespaces[write.name]
        switch write.precondition {
        case .absent: if let before { throw .namespaceExists(before) }
        case .version(let version):
            guard let before else { throw .namespaceNotFound(write.name) }
            if before.version != version { throw .revisionDiffers(current: before.version) }
        }
        var record =
            before ?? NamespaceRecord(name: write.name, created: 0, createdAt: now.wall, version: 0)
        let isNews = before.map { $0.metadata != write.metadata || !$0.isClients } ?? true
        (record.metadata, record.isClients) = (write.metadata, true)
        if isNews && !write.isDryRun {
            record.version = next()
            if before == nil { record.created = revision }
            namespaces[write.name] = record
        }
        say(.namespaceWritten(record), to: write.request)
    }

    mutating func terminate(_ termination: NamespaceTermination, _ now: Now) throws(Rejection) {
        guard var record = namespaces[termination.name] else { throw .namespaceNotFound(termination.name) }
        if let version = termination.version, version != record.version {
            throw .revisionDiffers(current: record.version)
        }
        if record.terminatingSince != nil {
            return say(.namespaceTerminating(record), to: termination.request)
        }
        let mine = names.keys.sorted().filter { $0.namespace == termination.name }
        if let held = mine.first(where: { names[$0]!.hold != nil }), !termination.mayRevoke {
            throw .namespaceHeld(view(held, now)!)
        }
        record.metadata = termination.metadata
        record.terminatingSince = now.wall
        record.terminatedBy = termination.by
        if !termination.isDryRun {
            record.version = next()
            namespaces[termination.name] = record
            let awaited = waits.flatMap(\.wait.keys).filter { $0.namespace == termination.name }
            for key in Set(mine + awaited).sorted() {
                let queue = names[key]?.queue ?? []
                names[key]?.queue = []
                for request in queue.filter({ $0.isAt(key) }).flatMap(\.requests) {
                    say(.refused(.namespaceTerminating(key.namespace)), to: request)
                }
                tellDeleted(key)
            }
        }
        say(.namespaceTerminating(record), to: termination.request)
    }

    mutating func expunge(_ keys: [Key], _ by: String?, _ now: Now) {
        for key in keys where isTerminating(key) {
            let who = by ?? namespaces[key.namespace]!.terminatedBy
            if names[key]?.lease?.group != nil {
                passOn(key, end(key, .revoked, "the namespace was deleted", who, now), now)
            }
            for member in members(key) {
                _ = end(member, .revoked, "the namespace was deleted", who, now)
                names[member]!.lease = nil
                _ = next()
            }
            if names[key]?.hold != nil {
                _ = end(key, .revoked, "the namespace was deleted", who, now)
            }
            if names[key]?.lease != nil {
                names[key]!.lease = nil
                _ = next()
            }
            dropMarker(key)
        }
    }

    mutating func removeNamespace(_ name: String, _ version: Revision) {
        guard let record = namespaces[name], record.terminatingSince != nil, record.version == version,
            isEmpty(name)
        else { return }
        namespaces[name] = nil
        _ = next()
    }
}
