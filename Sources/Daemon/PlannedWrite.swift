import API
import Coordination

/// A write that depends on what is there: what it comes to is found out in the turn that applies it, so that nothing
/// comes between what it read and what it changes.
struct PlannedWrite {
    /// The names that it reads and writes.
    var keys: [Key]
    /// Applies what it comes to. Returns what is to be said once the turn is durable.
    var body: (inout Coordinator, Now, inout [Effect]) -> () -> Void
    /// Nothing came of it: the turn failed, or what it names can't be read.
    var refuse: (Unavailable) -> Void
}

extension Coordinator {
    /// Applies a command of a planned write. Its reply is handed to whoever planned it, not to the request.
    mutating func carryOut(
        _ command: Command, at now: Now, effects: inout [Effect]
    ) throws(Rejection) -> Reply {
        let first = effects.count
        try apply(command, at: now, effects: &effects)
        for index in effects.indices[first...] {
            guard case .answer(let request, let reply, _) = effects[index], request == command.request else {
                continue
            }
            effects.remove(at: index)
            return reply
        }
        preconditionFailure("a write is answered when it is applied")
    }
}
