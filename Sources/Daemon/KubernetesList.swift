import API
import Coordination
import Store

/// A list under way, put together in steps: a list without a limit has to come whole, however long it is, and
/// must not keep the loop from hearing renewals.
///
/// It is of the version at which it began. A later step may find what is younger, as a later part of a list
/// does; whoever watches from the list's version is told of it again.
final class KubernetesList {
    private let reader: KubernetesReader
    private let query: ListQuery
    private let version: Revision
    private var list: ListAnswer
    private var pages: ObjectPages
    private var last: ContinuePlace?

    /// A part of a list ends with the object that exceeds this, as those of /v1 do.
    private static let partBytesMax = 1024 * 1024

    init(_ reader: KubernetesReader, _ query: ListQuery, version: Revision, at now: Now) throws {
        self.reader = reader
        self.query = query
        self.version = version
        list = reader.request.list(query, at: now)
        pages = try ObjectPages(
            reader, query.resource, namespace: query.namespace, name: query.name, after: query.after)
        last = query.after
    }

    /// Goes on until it is done or `isTime` says that others wait. Nil: there is more to be done.
    func proceed(while isTime: () -> Bool) throws -> APIResponse? {
        while let page = try pages.next() {
            for object in page.objects where query.wants(object) {
                // One more than there is room for: so there is a next part.
                if isFull { return try answer(isLast: false) }
                list.append(object)
                last = ContinuePlace(
                    namespace: query.namespace == nil && object.isNamespaced ? page.name : nil,
                    name: object.name)
            }
            if !pages.isDone, !isTime() { return nil }
        }
        return try answer(isLast: true)
    }

    private var isFull: Bool {
        guard let limit = query.limit else { return false }
        return list.count >= limit || list.byteCount > Self.partBytesMax
    }

    private func answer(isLast: Bool) throws -> APIResponse {
        let next = isLast ? nil : last
        let remaining = query.isFiltered ? nil : try next.map { try reader.count(query, behind: $0) }
        return reader.request.answer(list, version: version, next: next, remaining: remaining)
    }
}
