import API
import Coordination
import Store

/// Looks up what the Kubernetes face asks for: the state of the latest durable turn.
struct KubernetesReader {
    let store: SQLiteStore
    let face: Kubernetes
    let request: KubernetesRequest

    func answer(_ query: ObjectQuery) throws -> APIResponse {
        let key = Key(namespace: query.namespace ?? query.name, name: query.name)
        return request.answer(query, try object(query.resource, key), current: store.acknowledged)
    }

    func object(_ resource: Resource, _ key: Key) throws -> KubernetesObject? {
        switch resource {
        case .leases: try store.publishedLease(key).map(face.object)
        case .doneMarkers: try store.publishedMarker(key).map(face.object)
        default: store.namespaceRecord(key.name).map { face.object(namespace: $0) }
        }
    }

    /// Objects of a namespace in the order of their names, beginning after `name`.
    func objects(
        _ resource: Resource, _ namespace: String, after name: String?, limit: Int
    ) throws -> [KubernetesObject] {
        resource == .leases
            ? try store.leases(namespace: namespace, after: name, limit: limit).map(face.object)
            : try store.markers(namespace: namespace, after: name, limit: limit).map(face.object)
    }

    /// How many objects a list has behind this place.
    func count(_ query: ListQuery, behind place: ContinuePlace) throws -> Int {
        if query.resource == .namespaces { return store.namespaceCount(after: place.name) }
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
