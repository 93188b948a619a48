import API
import Coordination
import Store

/// Looks up what the Kubernetes face asks for: the state of the latest durable turn.
struct KubernetesReader {
    let store: SQLiteStore
    let face: Kubernetes
    let request: KubernetesRequest
    let now: Now

    /// How many records are read before they are written down: a list of any length takes no more memory
    /// than its text.
    private static let pageSize = 500

    // MARK: One object

    func answer(_ query: ObjectQuery) throws -> APIResponse {
        let key = Key(namespace: query.namespace ?? query.name, name: query.name)
        return request.answer(query, try object(query.resource, key), current: store.acknowledged)
    }

    private func object(_ resource: Resource, _ key: Key) throws -> KubernetesObject? {
        switch resource {
        case .leases: try store.published(key).lease.map(face.object)
        case .doneMarkers: try store.published(key).marker.map(face.object)
        default: try store.isNamespace(key.name) ? face.object(namespace: key.name) : nil
        }
    }

    // MARK: Lists

    func answer(_ query: ListQuery) throws -> APIResponse {
        let version: Revision
        switch request.version(
            of: query, current: store.acknowledged, compacted: try store.compactedRevision())
        {
        case .failure(let refused): return refused.response
        case .success(let found): version = found
        }
        var list = request.list(query, at: now)
        let next =
            query.resource == .namespaces ? try fillNamespaces(query, &list) : try fill(query, &list)
        let remaining = query.isFiltered ? nil : try next.map { try count(query, behind: $0) }
        return request.answer(list, version: version, next: next, remaining: remaining)
    }

    /// - Returns: the last object of the list, if more follow.
    private func fill(_ query: ListQuery, _ list: inout ListAnswer) throws -> ContinuePlace? {
        var last: ContinuePlace?
        for namespace in try namespaces(query) {
            var after = query.after.flatMap { $0.namespace ?? namespace == namespace ? $0.name : nil }
            while true {
                let page = try page(query, namespace, after: after)
                for object in page.objects where query.wants(object) {
                    if list.count == query.limit { return last }
                    list.append(object)
                    last = ContinuePlace(
                        namespace: query.namespace == nil ? namespace : nil, name: object.name)
                }
                guard let next = page.next else { break }
                after = next
            }
        }
        return nil
    }

    private func fillNamespaces(_ query: ListQuery, _ list: inout ListAnswer) throws -> ContinuePlace? {
        var last: ContinuePlace?
        for name in try store.namespaces() where name > query.after?.name ?? "" {
            let object = face.object(namespace: name)
            guard query.wants(object) else { continue }
            if list.count == query.limit { return last }
            list.append(object)
            last = ContinuePlace(namespace: nil, name: name)
        }
        return nil
    }

    /// The namespaces that the list goes over, from where it goes on.
    private func namespaces(_ query: ListQuery) throws -> [String] {
        if let namespace = query.namespace { return [namespace] }
        let all = try store.namespaces()
        guard let first = query.after?.namespace else { return all }
        return all.filter { $0 >= first }
    }

    /// - Returns: objects, and behind which name to go on; nil: there are no more.
    private func page(
        _ query: ListQuery, _ namespace: String, after: String?
    ) throws -> (objects: [KubernetesObject], next: String?) {
        if let name = query.name {
            let object = try object(query.resource, Key(namespace: namespace, name: name))
            let isBehind = after.map { name > $0 } ?? true
            return (isBehind ? [object].compactMap { $0 } : [], nil)
        }
        // One more than the limit: whether there is a next part.
        let limit = min(Self.pageSize, query.limit.map { $0 + 1 } ?? Self.pageSize)
        let objects =
            query.resource == .leases
            ? try store.leases(namespace: namespace, after: after, limit: limit).map(face.object)
            : try store.markers(namespace: namespace, after: after, limit: limit).map(face.object)
        return (objects, objects.count == limit ? objects.last?.name : nil)
    }

    // MARK: What remains

    private func count(_ query: ListQuery, behind place: ContinuePlace) throws -> Int {
        if query.resource == .namespaces { return try store.namespaces().count { $0 > place.name } }
        guard let namespace = query.namespace ?? place.namespace else { return 0 }
        var count = try count(query.resource, namespace, after: place.name)
        guard query.namespace == nil else { return count }
        for later in try store.namespaces() where later > namespace {
            count += try self.count(query.resource, later, after: "")
        }
        return count
    }

    private func count(_ resource: Resource, _ namespace: String, after name: String) throws -> Int {
        resource == .leases
            ? try store.leaseCount(namespace: namespace, after: name)
            : try store.markerCount(namespace: namespace, after: name)
    }
}
