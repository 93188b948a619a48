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

    public var resource: Resource {
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
    /// The revision of the latest change. One version never has two contents. 0: it was tried out, and has none.
    var version: Revision
    /// How often the spec changed. Only custom resources have it; others keep what a client wrote.
    var generation: Int64?
    /// Nil: not known.
    var created: Timestamp?
    /// What clients attached.
    var attached = AttachedMetadata()
    /// Labels that the daemon gives, beside those of clients.
    var ownLabels: [String: String] = [:]
    /// Annotations that the daemon gives, in place of what clients write under these names.
    var ownAnnotations: [String: String] = [:]

    var labels: [String: String] { attached.labels.merging(ownLabels) { _, own in own } }
    var annotations: [String: String] { attached.annotations.merging(ownAnnotations) { _, own in own } }
}
