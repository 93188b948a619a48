import API
import Coordination
import Store

/// Goes over the objects of a namespace, or of all, by name and in pages. Each page is of the moment at which it
/// is read.
struct ObjectPages {
    private let reader: KubernetesReader
    private let resource: Resource
    /// The one that is wanted; nil: all.
    private let only: String?
    /// What is left to go over: namespaces, or of namespaces the names themselves.
    private var names: ArraySlice<String>
    /// In the first of them, behind this name.
    private var after: String?

    /// How many records are read before the clock is looked at. One may have 64 KiB.
    private static let size = 100

    struct Page {
        /// The namespace; of namespaces, the name itself.
        var name: String
        var objects: [KubernetesObject]
        /// The last name that was looked at; nil: the namespace is done with.
        var end: String?
    }

    /// - Parameter place: begin behind it; nil: at the first.
    init(
        _ reader: KubernetesReader, _ resource: Resource, namespace: String?, name: String?,
        after place: ContinuePlace? = nil
    ) throws {
        self.reader = reader
        self.resource = resource
        only = name
        // Each namespace has a record; some have nothing else.
        let all = namespace.map { [$0] } ?? reader.store.namespaceRecords().map(\.name)
        guard let place else {
            names = all[...]
            return
        }
        if resource == .namespaces {
            names = all.drop { $0 <= place.name }
        } else {
            names = all.drop { $0 < place.namespace ?? "" }
            // If the namespace is gone, the next one begins at its first name.
            if names.first == place.namespace ?? namespace { after = place.name }
        }
    }

    var isDone: Bool { names.isEmpty }

    /// Nil: there are no more.
    mutating func next() throws -> Page? {
        guard let name = names.first else { return nil }
        let page = try page(name)
        after = page.end
        if page.end == nil { names.removeFirst() }
        return page
    }

    private func page(_ name: String) throws -> Page {
        if resource == .namespaces {
            let object = try reader.object(resource, Key(namespace: name, name: name))
            return Page(name: name, objects: object.map { [$0] } ?? [])
        }
        if let only {
            guard after.map({ only > $0 }) ?? true else { return Page(name: name, objects: []) }
            let object = try reader.object(resource, Key(namespace: name, name: only))
            return Page(name: name, objects: object.map { [$0] } ?? [])
        }
        let objects = try reader.objects(resource, name, after: after, limit: Self.size)
        return Page(
            name: name, objects: objects, end: objects.count == Self.size ? objects.last?.name : nil)
    }
}
