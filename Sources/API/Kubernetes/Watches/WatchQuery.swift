import Coordination

/// A watch that is asked for.
public struct WatchQuery: Hashable, Sendable {
    public var selection: WatchSelection
    public var form: WatchForm
    public var start: Start
    /// Whether it is told now and then how far it is, though nothing happened to what it watches.
    public var allowsBookmarks: Bool
    /// How long it may last; nil: as the daemon likes.
    public var timeout: Interval?
    /// The version that has to be there at least; 0: any.
    var minimum: UInt64

    public enum Start: Hashable, Sendable {
        /// With the first change after this version. It may be one that isn't there yet.
        case after(Revision)
        /// With what is there, as if each object had just been created.
        ///
        /// - Parameter isMarked: whether a bookmark tells where that ends.
        case present(isMarked: Bool)
        /// With the next change.
        case next
    }
}

/// Which objects are watched.
public struct WatchSelection: Hashable, Sendable {
    public var resource: Resource
    /// Nil: of all namespaces, or of what is in none.
    public var namespace: String?
    var labels: LabelSelector
    var fields: FieldSelector

    /// The one name that selectors leave, if they leave one.
    public var name: String? { fields.name }

    public func wants(_ object: KubernetesObject) -> Bool {
        labels.matches(object.metadata.labels) && fields.matches(object)
    }

    /// What a change is to whoever selects so: an object that comes into the selection was added, and one that
    /// leaves it was deleted, and goes out as it was. Nil: nothing.
    public func event(of change: ObjectChange) -> WatchEvent? {
        guard change.resource == resource, namespace == nil || change.namespace == namespace else {
            return nil
        }
        let isWanted = wants(change.object)
        switch change.kind {
        case .created: return isWanted ? WatchEvent(.added, change.object) : nil
        case .deleted: return isWanted ? WatchEvent(.deleted, change.object) : nil
        case .changed:
            let before = change.before ?? change.object
            switch (wants(before), isWanted) {
            case (true, true): return WatchEvent(.modified, change.object)
            case (false, true): return WatchEvent(.added, change.object)
            case (true, false): return WatchEvent(.deleted, before)
            case (false, false): return nil
            }
        }
    }
}

/// What goes out of one change.
public struct WatchEvent: Sendable {
    public enum Kind: String, Hashable, Sendable {
        case added = "ADDED"
        case modified = "MODIFIED"
        case deleted = "DELETED"
        case bookmark = "BOOKMARK"
        case error = "ERROR"
    }

    public var kind: Kind
    public var object: KubernetesObject

    public init(_ kind: Kind, _ object: KubernetesObject) {
        self.kind = kind
        self.object = object
    }
}
