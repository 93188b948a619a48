/// The daemon-wide number that grows with every durable change.
///
/// Kubernetes calls it resourceVersion. Always positive, always below 2^53, so
/// that it survives a JSON number in any language.
public typealias Revision = Int64

/// The revision at which a hold began: strictly greater for each later hold.
public typealias FencingToken = Int64

/// Names one request that is waiting for its answer. Given by the caller, never used twice.
public typealias RequestID = UInt64

/// A name in a namespace: what a lease and a done marker are found by.
public struct Key: Hashable, Comparable, Sendable {
    public var namespace: String
    public var name: String

    public init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    public static func < (a: Key, b: Key) -> Bool {
        a.namespace == b.namespace ? a.name < b.name : a.namespace < b.namespace
    }
}
