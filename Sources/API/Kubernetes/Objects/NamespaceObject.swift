import Coordination
import Digest

extension Kubernetes {
    /// Every namespace has its name under this label.
    static let nameLabel = "kubernetes.io/metadata.name"

    /// A namespace that has a lease or a done marker. There is no record of it, so what it shows is derived
    /// from its name: the uid stays the same for the life of the store, when it began is not known, and its
    /// version never changes.
    public func object(namespace name: String) -> KubernetesObject {
        KubernetesObject(
            metadata: ObjectMetadata(
                name: name, namespace: nil, uid: UID(incarnation: incarnation, namespace: name),
                version: 1, created: nil, ownLabels: [Self.nameLabel: name]),
            content: .namespace)
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
