import Coordination

/// Where refusals and events come together on their way into the audit record. Acts don't pass here:
/// the core records those itself, beside what they change.
///
/// What has gathered is handed to the turns once a second, so that refusals cost at most one flush a
/// second; nobody's answer waits for it. A loss of power may take the last second's refusals.
final class AuditDesk {
    static let gatherTime = Interval.seconds(1)
    /// Entries that wait for a disk that takes nothing.
    static let waitingMax = 1000

    private let turns: Turns
    private var folder = RefusalFolder()
    private var waiting: [AuditEntry] = []
    private var dueAt: Instant?
    private var isClosed = false

    init(turns: Turns) { self.turns = turns }

    private var now: Instant { turns.clock.now.instant }

    func refused(_ refusal: AuditEntry) {
        guard !isClosed else { return }
        folder.note(refusal, at: now)
        if folder.hasReady { arm() }
    }

    func happened(_ event: AuditEntry) {
        guard !isClosed else { return }
        waiting.append(event)
        arm()
    }

    /// The turn that had them failed: they go with a later one.
    func takeBack(_ entries: [AuditEntry]) {
        let room = max(0, Self.waitingMax - waiting.count)
        waiting = entries.prefix(room) + waiting
        for entry in entries.dropFirst(room) { folder.drop(entry.count, at: entry.time, now) }
        arm()
    }

    private func arm() { dueAt = dueAt ?? now + Self.gatherTime }

    var nextWake: Instant? { [dueAt, folder.nextEnd].compactMap(\.self).min() }

    /// Hands over what is due.
    func tend() {
        guard let due = nextWake, due <= now else { return }
        handOver(everything: false)
    }

    /// The daemon is about to stop: all that has gathered goes now, and nothing is taken any more.
    func close(with event: AuditEntry) {
        waiting.append(event)
        handOver(everything: true)
        isClosed = true
    }

    private func handOver(everything: Bool) {
        dueAt = nil
        // A failed turn would only bring them back.
        guard turns.trouble == nil else { return arm() }
        let entries = waiting + folder.take(at: now, everything: everything)
        waiting = []
        if !entries.isEmpty { turns.submit(.record(entries)) }
    }
}
