import Coordination
import JSON
import Objects

/// One object that is written or deleted, and for whom: outcomes of writes become commands here.
struct WriteTarget: Sendable {
    let request: KubernetesRequest
    let resource: Resource
    let kind: ObjectKind
    let namespace: String
    let name: String
    let isDryRun: Bool
    let principal: String?
    let id: RequestID
    let now: Now

    private var key: Key { Key(namespace: namespace, name: name) }

    private func answer(_ telling: WriteAnswer.Telling, _ warnings: [String] = []) -> WriteAnswer {
        WriteAnswer(
            request: request, resource: resource, kind: kind, name: name, namespace: namespace,
            telling: telling, now: now.wall, warnings: warnings)
    }

    /// What is to be stored of an object's metadata.
    func attached(_ object: JSON) -> AttachedMetadata {
        switch resource {
        case .leases: AttachedMetadata(of: object, without: [], Annotation.names)
        case .namespaces: AttachedMetadata(of: object, without: [Kubernetes.nameLabel], [])
        default: AttachedMetadata(of: object, without: [], [])
        }
    }

    /// - Parameter live: what is there; nil: it is created.
    func storing(_ outcome: Write.Outcome, live: KubernetesObject?) -> WritePlan {
        let metadata = attached(outcome.object).bytes
        var answer = answer(.object(live == nil ? 201 : 200), outcome.warningFields)
        if live == nil, outcome.object["metadata"]?["generateName"] != nil { answer.hasGeneratedName = true }
        return .command(
            .write(
                LeaseWrite(
                    request: id, key: key, principal: principal,
                    precondition: live.map { .version($0.metadata.version) } ?? .absent, metadata: metadata,
                    spec: LeaseSpec(outcome.object["spec"]), isDryRun: isDryRun)), answer)
    }

    /// The object stays until its finalizers are gone.
    func marking(_ object: JSON, live: KubernetesObject) -> WritePlan {
        storing(Write.Outcome(object: object, effect: .changed), live: live)
    }

    /// The object goes.
    func removing(
        _ live: KubernetesObject, _ telling: WriteAnswer.Telling, _ warnings: [String] = []
    ) -> WritePlan {
        let answer = answer(telling, warnings)
        return .command(
            .delete(
                LeaseDeletion(
                    request: id, key: key, version: live.metadata.version, by: principal, mayRevoke: true,
                    isDryRun: isDryRun)), answer)
    }
}
