import Coordination
import Objects

/// What a write comes to, now that it is known what is there.
public enum WritePlan: Sendable {
    /// It changes nothing, or is refused.
    case answer(APIResponse)
    /// The core is asked; what it says is answered so.
    case command(Command, WriteAnswer)
}

/// How the core's reply to a write is told.
public struct WriteAnswer: Sendable {
    let request: KubernetesRequest
    let resource: Resource
    let kind: ObjectKind
    let name: String
    let namespace: String
    let telling: Telling
    let now: Timestamp
    var warnings: [String] = []
    /// Whether the server made up the name: then one that is taken says nothing, and another is tried.
    public internal(set) var hasGeneratedName = false

    enum Telling: Sendable {
        /// The object as it is now, with this status code.
        case object(Int)
        /// The object as it was last.
        case last(KubernetesObject)
        /// That it is gone.
        case success(uid: String)
    }

    public func response(to reply: Reply) -> APIResponse {
        switch telling {
        case .object(let code):
            return request.whole(object(reply), code, warnings, at: now)
        case .last(let object): return request.whole(object, 200, warnings, at: now)
        case .success(let uid):
            return request.form.response(Status.success(resource, name, uid: uid))
        }
    }

    /// What a collection's answer shows of it. - Parameter version: of the change; the object may be gone since.
    public func object(after reply: Reply, _ live: KubernetesObject, at version: Revision) -> KubernetesObject
    {
        if case .object = telling { return object(reply) }
        var last = live
        last.metadata.version = version
        return last
    }

    public func response(to rejection: Rejection) -> APIResponse {
        request.form.response(Status(rejection, of: kind, name: name, namespace: namespace))
    }

    private func object(_ reply: Reply) -> KubernetesObject {
        switch reply {
        case .written(let lease): request.face.object(lease)
        case .marked(let marker, _), .described(let marker): request.face.object(marker)
        case .namespaceWritten(let namespace), .namespaceTerminating(let namespace):
            request.face.object(namespace: namespace)
        default: preconditionFailure("no reply to a write")
        }
    }
}
