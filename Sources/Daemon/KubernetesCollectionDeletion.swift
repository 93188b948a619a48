import API
import Coordination
import Store

/// The deletion of all that a list has, some objects a turn, so that a long list doesn't hold up others.
///
/// Which there are is looked up at the beginning; each is looked at again in the turn that deletes it, and left alone
/// if the selectors don't want it any more.
final class KubernetesCollectionDeletion {
    private let writer: KubernetesWriter
    private let query: ListQuery
    private let deletion: ObjectDeletion
    private var keys: ArraySlice<Key>
    private var list: ListAnswer

    /// One turn's.
    private static let batch = 100

    init(
        _ writer: KubernetesWriter, _ query: ListQuery, _ deletion: ObjectDeletion, keys: [Key], at now: Now
    ) {
        self.writer = writer
        self.query = query
        self.deletion = deletion
        self.keys = keys[...]
        list = writer.request.list(query, at: now)
    }

    func proceed() {
        let batch = Array(keys.prefix(Self.batch))
        keys = keys.dropFirst(Self.batch)
        writer.plan(batch) { [self] core, now, effects in
            for key in batch { delete(key, &core, now, &effects) }
            let version = core.revision
            return { [self] in
                if keys.isEmpty {
                    writer.send(writer.request.answer(list, version: version, next: nil, remaining: nil))
                } else {
                    proceed()
                }
            }
        }
    }

    private func delete(_ key: Key, _ core: inout Coordinator, _ now: Now, _ effects: inout [Effect]) {
        guard let live = core.object(query.resource, key, writer.face), query.wants(live),
            case .command(let command, let answer) = deletion.plan(live, id: writer.id),
            let reply = try? core.carryOut(writer.attributed(command), at: now, effects: &effects)
        else { return }
        list.append(answer.object(after: reply, live, at: effects.lastDeletion ?? core.revision))
    }
}

extension [Effect] {
    /// The version that the latest deletion has for those who watch.
    fileprivate var lastDeletion: Revision? {
        for effect in reversed() {
            switch effect {
            case .persist(.leaseDeleted(_, let revision)), .persist(.markerDeleted(_, let revision)):
                return revision
            default: continue
            }
        }
        return nil
    }
}
