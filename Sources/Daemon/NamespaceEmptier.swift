import API
import Coordination
import Logging
import Store

/// Empties namespaces that are being deleted, some objects a turn, and removes them when nothing is left.
///
/// What a client's finalizer holds stays, marked as being deleted, until the finalizer is taken away: as in Kubernetes,
/// where a controller has something to do before the object may go.
final class NamespaceEmptier {
    private let turns: Turns
    private let face: Kubernetes
    private let log: Logger
    private var isAtWork = false

    private static let batch = 100
    /// How often it looks for what finalizers held, or a failing disk.
    private static let interval = Interval.seconds(1)

    init(turns: Turns, face: Kubernetes, log: Logger) {
        self.turns = turns
        self.face = face
        self.log = log
    }

    func start() {
        turns.clock.after(Self.interval) { [unowned self] in
            begin()
            start()
        }
    }

    /// A namespace may have begun to go: looks at once.
    func begin() {
        guard !isAtWork, !turns.isStopping, turns.trouble == nil, !turns.core.terminatingNamespaces.isEmpty
        else {
            return
        }
        isAtWork = true
        proceed(turns.core.terminatingNamespaces[...])
    }

    /// One turn for each step: so every step sees on disk what the one before it did.
    private func proceed(_ namespaces: ArraySlice<NamespaceRecord>) {
        guard let namespace = namespaces.first else {
            isAtWork = false
            return
        }
        do {
            let objects = try nextObjects(in: namespace.name)
            guard objects.isEmpty else { return expunge(objects, then: namespaces) }
            remove(namespace)
            proceed(namespaces.dropFirst())
        } catch {
            log.warning("looking into a namespace failed", metadata: ["reason": "\(error)"])
            isAtWork = false
        }
    }

    private func remove(_ namespace: NamespaceRecord) {
        guard !face.object(namespace: namespace).hasFinalizers else { return }
        turns.submit(.removeNamespace(namespace.name, namespace.version))
    }

    /// The first that can go, or can be marked.
    private func nextObjects(in namespace: String) throws -> [KubernetesObject] {
        let leases = try first(after: {
            try turns.store.leases(namespace: namespace, after: $0, limit: Self.batch)
        }) {
            face.object($0)
        }
        guard leases.isEmpty else { return leases }
        return try first(after: {
            try turns.store.markers(namespace: namespace, after: $0, limit: Self.batch)
        }) {
            face.object($0)
        }
    }

    private func first<Record>(
        after page: (String?) throws -> [Record], _ object: (Record) -> KubernetesObject
    ) throws -> [KubernetesObject] {
        var last: String?
        while true {
            let objects = try page(last).map(object)
            let ready = objects.filter { !$0.waitsForFinalizers }
            if !ready.isEmpty || objects.count < Self.batch { return ready }
            last = objects.last?.name
        }
    }

    private func expunge(_ objects: [KubernetesObject], then namespaces: ArraySlice<NamespaceRecord>) {
        let keys = objects.compactMap(\.key)
        let write = PlannedWrite(
            keys: keys,
            body: { [self] core, now, effects in
                for object in objects { delete(object, &core, now, &effects) }
                return { [self] in proceed(namespaces) }
            },
            refuse: { [self] _ in isAtWork = false })
        turns.submit(write)
    }

    private func delete(
        _ object: KubernetesObject, _ core: inout Coordinator, _ now: Now, _ effects: inout [Effect]
    ) {
        guard let key = object.key, let live = core.object(object.resource, key, face) else { return }
        let other = core.object(object.resource == .leases ? .doneMarkers : .leases, key, face)
        let command: Command? =
            if live.hasFinalizers {
                face.mark(live, at: now)
            } else if other?.hasFinalizers ?? false {
                face.removal(of: live)
            } else {
                nil
            }
        if let command {
            _ = try? core.carryOut(command, at: now, effects: &effects)
        } else if !live.hasFinalizers {
            // A name's lease and marker go together.
            try? core.apply(.expunge([key], by: nil), at: now, effects: &effects)
        }
    }
}
