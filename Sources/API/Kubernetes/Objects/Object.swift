import Coordination

/// An object of the Kubernetes face, rendered from a record: metadata, and what its kind adds.
public struct KubernetesObject: Hashable, Sendable {
    var metadata: ObjectMetadata
    var content: Content

    enum Content: Hashable, Sendable {
        case lease(LeaseSpec)
        case doneMarker(DoneMarker)
        case namespace(isTerminating: Bool)
    }

    public var name: String { metadata.name }
    public var isNamespaced: Bool { metadata.namespace != nil }

    var resource: Resource {
        switch content {
        case .lease: .leases
        case .doneMarker: .doneMarkers
        case .namespace: .namespaces
        }
    }
}

struct ObjectMetadata: Hashable, Sendable {
    var name: String
    /// Nil: the object is in no namespace.
    var namespace: String?
    var uid: UID
    /// The revision of the latest change. One version never has two contents.
    var version: Revision
    /// How often the spec changed. Only custom resources have it.
    var generation: Int64?
    /// Nil: not known.
    var created: Timestamp?
    var labels: [String: String] = [:]
    var annotations: [String: String] = [:]
}
