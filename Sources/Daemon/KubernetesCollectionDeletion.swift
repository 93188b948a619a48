import API
import Coordination
import Store

/// The deletion of all that a list has, a page a turn, so that a long list doesn't hold up others.
///
/// A page is looked up when those before it are gone from the disk. What is in it is looked at again in the turn that
/// deletes it, and left alone if the selectors don't want it any more.
final class KubernetesCollectionDeletion {
    private let writer: KubernetesWriter
    private let reader: KubernetesReader
    private let query: ListQuery
    private let deletion: ObjectDeletion
    private var pages: ObjectPages
    private var list: ListAnswer
    /// How many were chosen, whether or not they were still there.
    private var chosen = 0

    init(
        _ writer: KubernetesWriter, _ reader: KubernetesReader, _ query: ListQuery,
        _ deletion: ObjectDeletion,
        at now: Now
    ) throws {
        self.writer = writer
        self.reader = reader
        self.query = query
        self.deletion = deletion
        pages = try ObjectPages(
            reader, query.resource, namespace: query.namespace, name: query.name, after: query.after)
        list = writer.request.list(query, at: now)
    }

    func proceed() throws {
        guard let page = try pages.next() else { return try answer(nil) }
        var objects = page.objects.filter(query.wants)
        var isFull = false
        if let limit = query.limit, chosen + objects.count >= limit {
            // One more than there is room for: so there is a next part.
            isFull = chosen + objects.count > limit || !pages.isDone
            objects.removeLast(chosen + objects.count - limit)
        }
        chosen += objects.count
        let keys = objects.compactMap(\.key)
        let last = isFull ? objects.last.map { ContinuePlace(namespace: nil, name: $0.name) } : nil
        writer.plan(keys) { [self] core, now, effects in
            for key in keys { delete(key, &core, now, &effects) }
            return { [self] in
                writer.attempt { [self] in
                    if let last { try answer(last) } else { try proceed() }
                }
            }
        }
    }

    private func answer(_ next: ContinuePlace?) throws {
        let remaining = query.isFiltered ? nil : try next.map { try reader.count(query, behind: $0) }
        writer.send(
            writer.request.answer(list, version: reader.store.acknowledged, next: next, remaining: remaining))
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
