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
    /// What is left to go over: namespaces, or of a list of namespaces the names themselves.
    private var names: ArraySlice<String>
    /// In the first of them, behind this name.
    private var after: String?
    private var last: ContinuePlace?

    /// How many records are read before the clock is looked at. One may have 64 KiB.
    private static let pageSize = 100
    /// A part of a list ends with the object that exceeds this, as those of /v1 do.
    private static let partBytesMax = 1024 * 1024

    init(_ reader: KubernetesReader, _ query: ListQuery, version: Revision, at now: Now) throws {
        self.reader = reader
        self.query = query
        self.version = version
        list = reader.request.list(query, at: now)
        // Each namespace has a record; some have nothing else.
        let all = query.namespace.map { [$0] } ?? reader.store.namespaceRecords().map(\.name)
        guard let place = query.after else {
            names = all[...]
            return
        }
        last = place
        if query.resource == .namespaces {
            names = all.drop { $0 <= place.name }
        } else {
            names = all.drop { $0 < place.namespace ?? "" }
            // If the namespace is gone, the next one begins at its first name.
            if names.first == place.namespace ?? query.namespace { after = place.name }
        }
    }

    /// Goes on until it is done or `isTime` says that others wait. Nil: there is more to be done.
    func proceed(while isTime: () -> Bool) throws -> APIResponse? {
        while let name = names.first {
            let page = try page(name)
            for object in page.objects where query.wants(object) {
                // One more than there is room for: so there is a next part.
                if isFull { return try answer(isLast: false) }
                list.append(object)
                last = ContinuePlace(
                    namespace: query.namespace == nil && object.isNamespaced ? name : nil, name: object.name)
            }
            after = page.next
            if page.next == nil { names.removeFirst() }
            if !names.isEmpty, !isTime() { return nil }
        }
        return try answer(isLast: true)
    }

    private var isFull: Bool {
        guard let limit = query.limit else { return false }
        return list.count >= limit || list.byteCount > Self.partBytesMax
    }

    /// - Returns: objects, and behind which name to go on; nil: this name is done with.
    private func page(_ name: String) throws -> (objects: [KubernetesObject], next: String?) {
        if query.resource == .namespaces {
            let object = try reader.object(.namespaces, Key(namespace: name, name: name))
            return (object.map { [$0] } ?? [], nil)
        }
        if let only = query.name {
            guard after.map({ only > $0 }) ?? true else { return ([], nil) }
            let object = try reader.object(query.resource, Key(namespace: name, name: only))
            return (object.map { [$0] } ?? [], nil)
        }
        let objects = try reader.objects(query.resource, name, after: after, limit: Self.pageSize)
        return (objects, objects.count == Self.pageSize ? objects.last?.name : nil)
    }

    private func answer(isLast: Bool) throws -> APIResponse {
        let next = isLast ? nil : last
        let remaining = query.isFiltered ? nil : try next.map { try reader.count(query, behind: $0) }
        return reader.request.answer(list, version: version, next: next, remaining: remaining)
    }
}
