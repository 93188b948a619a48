import Coordination
import Digest

extension Kubernetes {
    /// Every namespace has its name under this label.
    static let nameLabel = "kubernetes.io/metadata.name"

    /// One that is older than the records of namespaces (`created` is 0) has a uid that is derived from its
    /// name, and when it began is not known.
    public func object(namespace: NamespaceRecord) -> KubernetesObject {
        let isOld = namespace.created == 0
        return KubernetesObject(
            metadata: ObjectMetadata(
                name: namespace.name, namespace: nil,
                uid: isOld
                    ? UID(incarnation: incarnation, namespace: namespace.name)
                    : UID(incarnation: incarnation, created: namespace.created),
                version: namespace.version, created: isOld ? nil : namespace.createdAt,
                attached: AttachedMetadata(stored: namespace.metadata),
                ownLabels: [Self.nameLabel: namespace.name]),
            content: .namespace(isTerminating: namespace.isTerminating))
    }
}

extension KubernetesObject {
    /// A namespace's `status.phase`; others have none.
    var phase: String? {
        guard case .namespace(let isTerminating) = content else { return nil }
        return isTerminating ? "Terminating" : "Active"
    }
}

extension UID {
    /// RFC 9562 §5.8: version 8 with bits of the application's choice; here of a hash of life and name.
    init(incarnation: UInt64, namespace: String) {
        var hashed: [UInt8] = []
        for shift in stride(from: 56, through: 0, by: -8) {
            hashed.append(UInt8(truncatingIfNeeded: incarnation >> UInt64(shift)))
        }
        hashed.append(contentsOf: "namespaces/\(namespace)".utf8)
        let digest = SHA256.digest(hashed)
        func word(_ range: Range<Int>) -> UInt64 { digest[range].reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(
            high: word(0..<8) & ~0xF000 | 0x8000,
            low: word(8..<16) & ~(0b11 << 62) | 0b10 << 62)
    }
}
