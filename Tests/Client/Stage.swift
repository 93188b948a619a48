import JSON

@testable import Client

/// A run on a stage: time passes when the story says so, the server and the command
/// are played by the test.
struct Stage {
    var now = Moment(nanoseconds: 1_000_000_000_000)
    var machine: Campaigner
    /// What the last event had for its effect.
    var effects: [Campaigner.Effect] = []
    var all: [Campaigner.Effect] = []

    init(_ change: (inout RunSettings) -> Void = { _ in }) {
        var settings = RunSettings()
        change(&settings)
        machine = Campaigner(settings, seed: 1)
    }

    mutating func after(_ length: Duration) { now = now + length }

    mutating func happens(_ event: Campaigner.Event) {
        effects = machine.apply(event, at: now)
        all += effects
    }

    /// As the loop does: wakes at each moment that the machine asked for, until then.
    mutating func pass(_ length: Duration) {
        let end = now + length
        var seen: [Campaigner.Effect] = []
        while let due = machine.wakeAt, due <= end {
            now = max(now, due)
            happens(.timePassed)
            seen += effects
        }
        now = end
        effects = seen
    }

    mutating func answer(_ reply: Reply) { happens(.answered(lastSent?.0 ?? 0, reply)) }

    var lastSent: (Int, Campaigner.Request)? {
        for case .send(let id, let request, _) in all.reversed() { return (id, request) }
        return nil
    }

    var sent: [Campaigner.Request] {
        effects.compactMap { if case .send(_, let request, _) = $0 { request } else { nil } }
    }

    var notices: [Campaigner.Notice] {
        effects.compactMap { if case .say(let notice) = $0 { notice } else { nil } }
    }

    var verdict: Verdict? {
        for case .finish(let verdict) in all { return verdict }
        return nil
    }

    var hasStarted: Bool {
        all.contains { if case .run(.command) = $0 { true } else { false } }
    }

    func has(_ effect: Campaigner.Effect) -> Bool { effects.contains(effect) }

    // MARK: Scenes

    static let hold = Hold(token: 17)

    /// Elected, confirmed, and the command runs.
    static func working(_ change: (inout RunSettings) -> Void = { _ in }) -> Stage {
        var stage = Stage(change)
        stage.happens(.started)
        stage.answer(.elected(hold))
        stage.answer(.accepted)
        return stage
    }

    /// The command ended and nothing of it is left.
    mutating func commandEnds(_ code: Int32) {
        happens(.commandExited(code))
        let first = effects
        happens(.treeGone)
        effects = first + effects
    }

    static func marker(
        revision: Int64 = 5, succeeded: Bool = true, principal: String? = nil, reason: String? = nil
    ) -> Marker {
        Marker(
            .object([
                "name": .string("import"), "revision": .number(revision),
                "outcome": .string(succeeded ? "Succeeded" : "Failed"), "holderIdentity": .string("anna"),
                "result": .strings(["digest": "sha256:1"]), "reason": reason.map { .string($0) },
                "principal": principal.map { .string($0) },
            ]))!
    }

    static let outage = Outage("connection refused")
    static let ended = Problem(status: 409, kind: "hold-ended", detail: "the hold expired")
}
