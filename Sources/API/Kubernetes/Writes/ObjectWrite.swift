import Coordination
import JSON
import Objects

/// A create, update or patch of one object, read as far as the request tells.
///
/// What it comes to depends on what is there when it is applied: `plan` makes a command of it. A create depends on
/// nothing; but its name may be made up, so it is made first and planned with what it made.
public struct ObjectWrite: Sendable {
    enum Verb: Hashable, Sendable {
        case create, update
        case patch(PatchKind)
    }
    let verb: Verb
    let request: KubernetesRequest
    public let resource: Resource
    let kind: ObjectKind
    let isDryRun: Bool
    let principal: String?
    private let now: Now
    private let write: Write

    init(
        _ verb: Verb, _ request: KubernetesRequest, _ resource: Resource, _ kind: ObjectKind,
        namespace: String, name: String, _ options: WriteOptions, principal: String?, at now: Now
    ) {
        self.verb = verb
        self.request = request
        self.resource = resource
        self.kind = kind
        self.principal = principal
        self.now = now
        isDryRun = options.isDryRun
        write = Write(
            kind, namespace: namespace, name: name,
            manager: Manager.name(
                fieldManager: options.fieldManager, userAgent: request.request.userAgent ?? ""),
            validation: options.validation, now: Int(now.wall.parts.seconds))
    }

    public var isCreation: Bool { verb == .create }
    /// "" if the object is in none.
    public var namespace: String { write.namespace }
    /// Of the path; "" with create.
    public var name: String { write.name }

    /// Of what is written; not with create.
    public var key: Key { Key(namespace: namespace.isEmpty ? name : namespace, name: name) }

    /// POST: what is to be made. Its name is in the plan's answer.
    ///
    /// - Parameter id: of the request.
    public func creation(
        id: RequestID, using random: inout some RandomNumberGenerator
    ) -> (name: String, plan: WritePlan) {
        do throws(Refusal) {
            let body = try WriteBody.object(request.request, kind)
            let outcome = try write.create(body, uid: "", random: &random)
            let name = outcome.object.named
            return (name, plan(outcome, name, live: nil, id))
        } catch {
            return ("", .answer(request.form.response(Status(error))))
        }
    }

    /// PUT and PATCH. - Parameter live: what is there.
    public func plan(_ live: KubernetesObject?, id: RequestID) -> WritePlan {
        do throws(Refusal) {
            return plan(try outcome(live), name, live: live, id)
        } catch {
            return .answer(request.form.response(Status(error)))
        }
    }

    private func outcome(_ live: KubernetesObject?) throws(Refusal) -> Write.Outcome {
        let stored = live?.json
        switch verb {
        case .create: preconditionFailure("a create is made before it is planned")
        case .update:
            return try write.update(try WriteBody.object(request.request, kind), live: stored, uid: "")
        case .patch(.apply):
            let (configuration, duplicates) = try WriteBody.configuration(request.request)
            return try write.apply(
                configuration, duplicates: duplicates, force: request.force, live: stored, uid: "")
        case .patch(let patch):
            return try write.patch(patch, try WriteBody.patch(request.request), live: stored)
        }
    }

    private func plan(
        _ outcome: Write.Outcome, _ name: String, live: KubernetesObject?, _ id: RequestID
    ) -> WritePlan {
        let target = WriteTarget(
            request: request, resource: resource, kind: kind, namespace: namespace, name: name,
            isDryRun: isDryRun, principal: principal, id: id, now: now)
        switch outcome.effect {
        case .unchanged:
            return .answer(request.whole(live!, 200, outcome.warningFields, at: now.wall))
        case .created, .changed:
            return target.storing(outcome, live: live)
        case .removed:
            var last = live!
            last.metadata.attached = target.attached(outcome.object)
            return target.removing(live!, .last(last), outcome.warningFields)
        }
    }
}

extension JSON {
    fileprivate var named: String { self["metadata"]?["name"]?.string ?? "" }
}
