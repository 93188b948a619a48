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
        case .leases: AttachedMetadata(of: object, without: Label.names, Annotation.names)
        case .namespaces: AttachedMetadata(of: object, without: [Kubernetes.nameLabel], [])
        default: AttachedMetadata(of: object, without: [], [])
        }
    }

    /// - Parameter live: what is there; nil: it is created.
    func storing(_ outcome: Write.Outcome, live: KubernetesObject?) -> WritePlan {
        var answer = answer(.object(live == nil ? 201 : 200), outcome.warningFields)
        answer.hasGeneratedName = live == nil && outcome.object["metadata"]?["generateName"] != nil
        let metadata = attached(outcome.object).bytes
        switch (resource, live?.metadata.version) {
        case (.namespaces, let version):
            return .command(
                .writeNamespace(
                    NamespaceWrite(
                        request: id, name: name, precondition: version.map { .version($0) } ?? .absent,
                        metadata: metadata, isDryRun: isDryRun)), answer)
        case (.doneMarkers, nil): return marking(outcome.object, metadata, answer)
        case (.doneMarkers, let version?):
            return .command(
                .describe(
                    MarkerDescription(
                        request: id, key: key, version: version, metadata: metadata, isDryRun: isDryRun)),
                answer)
        case (_, let version):
            return .command(
                .write(
                    LeaseWrite(
                        request: id, key: key, principal: principal,
                        precondition: version.map { .version($0) } ?? .absent, metadata: metadata,
                        spec: LeaseSpec(outcome.object["spec"]), isDryRun: isDryRun)), answer)
        }
    }

    private func marking(_ object: JSON, _ metadata: [UInt8], _ answer: WriteAnswer) -> WritePlan {
        do throws(Problem) {
            let marking = try Marking(
                object["spec"] ?? .null, key, metadata, by: principal, id, request.face.settings,
                isDryRun: isDryRun)
            return .command(.mark(marking), answer)
        } catch {
            return .answer(request.form.response(Status(.invalid(kind, name: name, "spec", error.detail))))
        }
    }

    /// It is deleted, and stays until its finalizers are gone; a namespace until it is empty.
    func beingDeleted(_ object: JSON, live: KubernetesObject) -> WritePlan {
        guard resource == .namespaces else {
            return storing(Write.Outcome(object: object, effect: .changed), live: live)
        }
        return .command(
            .terminateNamespace(
                NamespaceTermination(
                    request: id, name: name, version: live.metadata.version,
                    metadata: attached(object).bytes, by: principal, mayRevoke: true, isDryRun: isDryRun)),
            answer(.object(200)))
    }

    /// The object goes.
    ///
    /// Who may delete may end what is held: the role is the same, and was asked for before.
    func removing(
        _ live: KubernetesObject, _ telling: WriteAnswer.Telling, _ warnings: [String] = []
    ) -> WritePlan {
        let version = live.metadata.version
        let command: Command =
            resource == .doneMarkers
            ? .unmark(Unmarking(request: id, key: key, version: version, isDryRun: isDryRun))
            : .delete(
                LeaseDeletion(
                    request: id, key: key, version: version, by: principal, mayRevoke: true,
                    isDryRun: isDryRun))
        return .command(command, answer(telling, warnings))
    }
}
