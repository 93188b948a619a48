import Coordination
import JSON

/// What is there only of names that are shared, of holds that were abandoned, and of phases.
extension Elections {
    func write(_ mode: Mode?, to writer: inout JSONWriter) {
        guard let mode else { return }
        writer.member("mode", mode.word)
        if case .permits(let count) = mode { writer.member("permits", count) }
    }

    /// Those who share the name: the first hundred, and how many they are. A holder that is alone is
    /// the lease's own.
    func writeHolders(_ view: LeaseView, to writer: inout JSONWriter) {
        guard view.sharedCount > 0 else { return }
        writer.name("holders")
        writer.array(view.shared) { writer, shared in writer.object { write(shared, to: &$0) } }
        writer.member("holderCount", view.sharedCount)
    }

    private func write(_ shared: SharedHold, to writer: inout JSONWriter) {
        let hold = shared.hold
        writer.member("holderIdentity", hold.holder)
        writer.member("fencingToken", hold.token)
        write(hold.mode, to: &writer)
        writer.member("beginTime", hold.began)
        writer.member("remaining", shared.remaining.shown)
        writer.member("lastRenewal", shared.lastRenewal ?? hold.began)
        writer.member("work", hold.work)
        if !hold.also.isEmpty { writer.member("also", hold.also) }
        write(hold.phase, to: &writer)
    }

    func write(_ phase: Phase?, to writer: inout JSONWriter) {
        guard let phase else { return }
        writer.member("phase", phase.name)
        writer.member("phaseTime", phase.at)
    }

    /// Of the history. Its other records have no phases to tell of.
    func write(_ phases: [Phase], to writer: inout JSONWriter) {
        guard !phases.isEmpty else { return }
        writer.name("phases")
        writer.array(phases) { writer, phase in
            writer.object {
                $0.member("phase", phase.name)
                $0.member("time", phase.at)
            }
        }
    }

    /// Absent, if nothing is abandoned.
    func write(_ abandoned: AbandonedHolds, to writer: inout JSONWriter) {
        guard !abandoned.isEmpty else { return }
        writer.name("abandoned")
        writer.array(abandoned.holds) { writer, hold in writer.object { write(hold, to: &$0) } }
        writer.member("abandonedBeyond", abandoned.beyond)
    }

    func write(_ hold: AbandonedHold, to writer: inout JSONWriter) {
        writer.member("fencingToken", hold.token)
        writer.member("holderIdentity", hold.holder)
        write(hold.mode, to: &writer)
        writer.member("end", hold.how.word)
        writer.member("phase", hold.phase)
        writer.member("reason", hold.reason)
        writer.member("endTime", hold.ended)
        writer.member("work", hold.work)
    }
}

extension LeaseView {
    /// Whether anybody holds, alone or with others.
    var isHeld: Bool { record.hold != nil || sharedCount > 0 }

    /// How it is held; nil: it isn't.
    var mode: Mode? { record.hold?.mode ?? shared.first?.hold.mode }
}

extension Mode {
    var word: String {
        switch self {
        case .exclusive: "exclusive"
        case .shared: "shared"
        case .permits: "permits"
        case .observe: "observe"
        }
    }

    /// For a sentence.
    var described: String {
        if case .permits(let count) = self { "\(count) permits" } else { "mode \(word)" }
    }
}
