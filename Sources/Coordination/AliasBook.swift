/// Every alias, and who points at what.
///
/// All of them are in memory, as namespaces are: they are small, and `namespace.aliases` bounds them. So
/// whether a marker may go is known without looking into the store.
struct AliasBook: Sendable {
    private(set) var records: [Key: AliasRecord] = [:]
    /// The names of the aliases that point at this marker.
    private var names: [Key: Set<String>] = [:]
    private var inNamespace: [String: Set<String>] = [:]

    init(_ records: [AliasRecord] = []) {
        for record in records { self[record.key] = record }
    }

    subscript(key: Key) -> AliasRecord? {
        get { records[key] }
        set {
            if let old = records[key] { Self.remove(key.name, from: &names[old.marker]) }
            if let new = newValue { names[new.marker, default: []].insert(key.name) }
            if newValue == nil {
                Self.remove(key.name, from: &inNamespace[key.namespace])
            } else {
                inNamespace[key.namespace, default: []].insert(key.name)
            }
            records[key] = newValue
        }
    }

    private static func remove(_ name: String, from names: inout Set<String>?) {
        names?.remove(name)
        if names?.isEmpty ?? false { names = nil }
    }

    /// In the order of their names.
    func pointing(at marker: Key) -> [String] { (names[marker] ?? []).sorted() }
    func isPointed(at marker: Key) -> Bool { names[marker] != nil }
    func count(in namespace: String) -> Int { inNamespace[namespace]?.count ?? 0 }

    /// In the order of their names, those behind `after` that begin so.
    func page(_ namespace: String, prefix: String, after: String?, limit: Int) -> [AliasRecord] {
        let names = (inNamespace[namespace] ?? []).filter { name in
            name.hasPrefix(prefix) && (after.map { name > $0 } ?? true)
        }
        return names.sorted().prefix(limit).map { records[Key(namespace: namespace, name: $0)]! }
    }
}

extension AliasRecord {
    /// What it points at.
    public var marker: Key { Key(namespace: key.namespace, name: target.name) }
}
