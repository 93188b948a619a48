import Coordination
import JSON
import Objects

extension KubernetesRequest {
    /// - Parameter name: of the path; "" in a collection.
    func written(
        _ verb: Verb, _ resource: Resource, _ namespace: String?, _ name: String, at now: Now,
        _ principal: String?
    ) throws(Status) -> Action {
        guard let kind = resource.writtenKind else { throw .methodNotAllowed }
        try acceptForm()
        _ = try IncludedObject(value("includeObject"))
        let write: ObjectWrite.Verb
        switch verb {
        case .delete:
            return .delete(try deletion(resource, kind, namespace, name, at: now, principal))
        case .deleteCollection:
            let query = try list(resource, namespace)
            return .deleteCollection(query, try deletion(resource, kind, namespace, "", at: now, principal))
        case .create: write = .create
        case .update: write = .update
        default: write = .patch(try patchKind(kind))
        }
        return .write(
            ObjectWrite(
                write, self, resource, kind, namespace: namespace ?? "", name: name, try options(of: write),
                principal: principal, at: now))
    }

    private func patchKind(_ kind: ObjectKind) throws(Status) -> PatchKind {
        do throws(Refusal) { return try WriteBody.patchKind(request, kind) } catch { throw Status(error) }
    }

    var force: Bool { WriteOptions(query: request).force == true }

    private func options(of verb: ObjectWrite.Verb) throws(Status) -> WriteOptions {
        let options = WriteOptions(query: request)
        let checked: WriteOptions.Verb =
            switch verb {
            case .create: .create
            case .update: .update
            case .patch(let kind): .patch(kind)
            }
        do throws(Refusal) { try options.check(for: checked) } catch { throw Status(error) }
        return options
    }

    private func deletion(
        _ resource: Resource, _ kind: ObjectKind, _ namespace: String?, _ name: String, at now: Now,
        _ principal: String?
    ) throws(Status) -> ObjectDeletion {
        let deletion: Deletion
        do throws(Refusal) {
            deletion = try WriteBody.deletion(request)
            try deletion.check()
        } catch { throw Status(error) }
        return ObjectDeletion(
            request: self, resource: resource, kind: kind, deletion: deletion, principal: principal,
            now: now, namespace: namespace ?? "", name: name)
    }
}

extension Resource {
    /// What the pure rules of writing know it as; nil: it isn't written.
    var writtenKind: ObjectKind? {
        switch self {
        case .leases: .lease
        case .doneMarkers: .doneMarker
        case .namespaces: .namespace
        case .selfSubjectAccessReviews, .selfSubjectRulesReviews, .selfSubjectReviews: nil
        }
    }
}
