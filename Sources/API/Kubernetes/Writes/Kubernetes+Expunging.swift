import Coordination
import Objects

/// What becomes of objects whose namespace is deleted. Nobody's requests: what they come to is answered to nobody.
extension Kubernetes {
    private static let nobody: RequestID = 0

    /// To mark it as being deleted, until its finalizers are gone; nil: it is marked.
    public func mark(_ live: KubernetesObject, at now: Now) -> Command? {
        guard let kind = live.resource.writtenKind,
            case .marked(let object)? = try? Deletion().apply(
                to: live.json, kind, now: Int(now.wall.parts.seconds)),
            let key = live.key
        else { return nil }
        let metadata = AttachedMetadata(of: object, without: Label.names, Annotation.names).bytes
        guard case .lease(let spec) = live.content else {
            return .describe(
                MarkerDescription(
                    request: Self.nobody, key: key, version: live.metadata.version, metadata: metadata))
        }
        return .write(
            LeaseWrite(
                request: Self.nobody, key: key, precondition: .version(live.metadata.version),
                metadata: metadata, spec: spec))
    }

    /// To delete it alone, and not what else has its name.
    public func removal(of live: KubernetesObject) -> Command? {
        guard let key = live.key else { return nil }
        return live.resource == .leases
            ? .delete(LeaseDeletion(request: Self.nobody, key: key, mayRevoke: true))
            : .unmark(Unmarking(request: Self.nobody, key: key))
    }
}

extension KubernetesObject {
    /// nil for a namespace.
    public var key: Key? { metadata.namespace.map { Key(namespace: $0, name: metadata.name) } }
    /// Whether something has to be done before it may go.
    public var hasFinalizers: Bool { metadata.attached.hasFinalizers }
    /// Whether it was deleted, and something has to be done before it goes.
    public var waitsForFinalizers: Bool { hasFinalizers && metadata.attached.isBeingDeleted }
}
