import Coordination
import Objects

/// A delete of one object, or of each one of a collection.
public struct ObjectDeletion: Sendable {
    let request: KubernetesRequest
    public let resource: Resource
    let kind: ObjectKind
    let deletion: Deletion
    let principal: String?
    let now: Now
    /// "" if the object is in none.
    public let namespace: String
    /// "" if it is of a collection.
    public let name: String

    public var key: Key { Key(namespace: namespace.isEmpty ? name : namespace, name: name) }

    /// - Parameters:
    ///   - live: what is there.
    ///   - id: of the request.
    public func plan(_ live: KubernetesObject?, id: RequestID) -> WritePlan {
        let name = live?.name ?? name
        guard let live else {
            return .answer(request.form.response(Status(.notFound(kind, name: name))))
        }
        let target = WriteTarget(
            request: request, resource: resource, kind: kind, namespace: namespace, name: name,
            isDryRun: deletion.isDryRun, principal: principal, id: id, now: now)
        do throws(Refusal) {
            switch try deletion.apply(to: live.json, kind, now: Int(now.wall.parts.seconds)) {
            case .removed: return target.removing(live, .success(uid: live.metadata.uid.text))
            case .marked(let object): return target.beingDeleted(object, live: live)
            case .unchanged: return .answer(request.whole(live, at: now.wall))
            }
        } catch {
            return .answer(request.form.response(Status(error)))
        }
    }
}
