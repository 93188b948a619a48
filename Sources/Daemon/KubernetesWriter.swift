import API
import Coordination
import Sockets

/// Plans what the Kubernetes face writes: each write is made up in the turn that applies it, from what memory has
/// then, and answered when the turn is durable.
final class KubernetesWriter {
    let turns: Turns
    let face: Kubernetes
    let request: KubernetesRequest
    let visit: Visit
    /// Whose request it is, for the audit record.
    let origin: Origin
    /// Where the answer goes.
    let send: (APIResponse) -> Void
    /// Does what reads the store; where that can't be read, it is answered so.
    let attempt: (() throws -> Void) -> Void

    /// Somebody may have the name that was made up; so unlikely that this many in a row are no accident.
    private static let namesTried = 8

    init(
        turns: Turns, face: Kubernetes, request: KubernetesRequest, visit: Visit, origin: Origin,
        send: @escaping (APIResponse) -> Void, attempt: @escaping (() throws -> Void) -> Void
    ) {
        self.turns = turns
        self.face = face
        self.request = request
        self.visit = visit
        self.origin = origin
        self.send = send
        self.attempt = attempt
    }

    func write(_ write: ObjectWrite) {
        guard write.isCreation else {
            let key = write.key
            return plan(write.resource, key) { [self] core, now, effects in
                carryOut(write.plan(core.object(write.resource, key, face), id: id), &core, now, &effects)
            }
        }
        create(write, triesLeft: Self.namesTried)
    }

    private func create(_ write: ObjectWrite, triesLeft: Int) {
        var random = SystemRandomNumberGenerator()
        let (name, made) = write.creation(id: id, using: &random)
        guard case .command(let command, let answer) = made else { return sendNow(made) }
        let key = Key(namespace: write.namespace.isEmpty ? name : write.namespace, name: name)
        plan(write.resource, key) { [self] core, now, effects in
            do throws(Rejection) {
                let reply = try core.carryOut(attributed(command), at: now, effects: &effects)
                return { [self] in send(answer.response(to: reply)) }
            } catch {
                if error.isTaken, answer.hasGeneratedName, triesLeft > 1 {
                    return { [self] in create(write, triesLeft: triesLeft - 1) }
                }
                return { [self, error] in send(answer.response(to: error)) }
            }
        }
    }

    func delete(_ deletion: ObjectDeletion) {
        let key = deletion.key
        plan(deletion.resource, key) { [self] core, now, effects in
            carryOut(deletion.plan(core.object(deletion.resource, key, face), id: id), &core, now, &effects)
        }
    }

    /// Namespaces are in memory, all of them.
    private func plan(
        _ resource: Resource, _ key: Key,
        _ body: @escaping (inout Coordinator, Now, inout [Effect]) -> () -> Void
    ) {
        plan(resource == .namespaces ? [] : [key], body)
    }

    var id: RequestID { visit.exchange.number }

    func plan(
        _ keys: [Key], _ body: @escaping (inout Coordinator, Now, inout [Effect]) -> () -> Void
    ) {
        turns.submit(
            PlannedWrite(
                keys: keys, body: body, refuse: { [self] in send(request.response(unavailable: $0)) }))
    }

    func attributed(_ command: Command) -> Command {
        var command = command
        command.attribute(to: origin)
        return command
    }

    private func sendNow(_ plan: WritePlan) {
        guard case .answer(let response) = plan else { preconditionFailure("a command is applied in a turn") }
        send(response)
    }

    private func carryOut(
        _ plan: WritePlan, _ core: inout Coordinator, _ now: Now, _ effects: inout [Effect]
    ) -> () -> Void {
        switch plan {
        case .answer(let response): return { [self] in send(response) }
        case .command(let command, let answer):
            do throws(Rejection) {
                let reply = try core.carryOut(attributed(command), at: now, effects: &effects)
                return { [self] in send(answer.response(to: reply)) }
            } catch {
                return { [self, error] in send(answer.response(to: error)) }
            }
        }
    }
}

extension Coordinator {
    /// The object as memory has it; the name must have been learned.
    func object(_ resource: Resource, _ key: Key, _ face: Kubernetes) -> KubernetesObject? {
        switch resource {
        case .leases: record(key).map(face.object)
        case .namespaces: namespace(key.name).map { face.object(namespace: $0) }
        default: marker(key).map(face.object)
        }
    }
}

extension Rejection {
    /// The name is another object's.
    fileprivate var isTaken: Bool {
        switch self {
        case .exists, .markerExists, .namespaceExists: true
        default: false
        }
    }
}
