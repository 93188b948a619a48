import Coordination

/// Keeps a flood of refusals from filling the audit record.
///
/// The first refusal of a kind goes into the record at once; those that follow within a minute are one
/// entry at its end, with their number. A kind is who was refused, by identity or else by address, and
/// why. There are only so many kinds a minute: what is beyond them is counted together.
struct RefusalFolder {
    static let window = Interval.minutes(1)
    static let kindsMax = 60

    private struct Kind: Hashable {
        var who: String
        var reason: String?
    }
    private struct Fold {
        var until: Instant
        /// The latest of those that followed the first, and how many they are.
        var last: AuditEntry?
        var more = 0
    }

    private var folds: [Kind: Fold] = [:]
    private var overflow: Fold?
    private var ready: [AuditEntry] = []
    /// When the first of the minutes that run now is over.
    private(set) var nextEnd: Instant?

    mutating func note(_ refusal: AuditEntry, at now: Instant) {
        closeWindows(at: now)
        let who = refusal.origin.map { $0.identity ?? $0.address } ?? ""
        let kind = Kind(who: who, reason: refusal.reason)
        if folds[kind] != nil {
            folds[kind]!.last = refusal
            folds[kind]!.more += 1
        } else if folds.count < Self.kindsMax {
            folds[kind] = begin(at: now)
            ready.append(refusal)
        } else {
            drop(refusal.count, at: refusal.time, now)
        }
    }

    /// So many refusals have no entry of their own.
    mutating func drop(_ count: Int, at time: Timestamp, _ now: Instant) {
        if overflow == nil { overflow = begin(at: now) }
        overflow!.last = AuditEntry(.overflow, .refused, at: time, reason: "too-many-kinds")
        overflow!.more += count
    }

    /// What is to be recorded by now; with `everything`, also of minutes that aren't over.
    mutating func take(at now: Instant, everything: Bool = false) -> [AuditEntry] {
        closeWindows(at: everything ? Instant(nanoseconds: .max) : now)
        defer { ready = [] }
        return ready
    }

    var hasReady: Bool { !ready.isEmpty }

    private mutating func begin(at now: Instant) -> Fold {
        let until = now + Self.window
        nextEnd = min(nextEnd ?? until, until)
        return Fold(until: until)
    }

    private mutating func closeWindows(at now: Instant) {
        guard let nextEnd, nextEnd <= now else { return }
        for (kind, fold) in folds where fold.until <= now {
            close(fold)
            folds[kind] = nil
        }
        if let fold = overflow, fold.until <= now {
            close(fold)
            overflow = nil
        }
        self.nextEnd = (folds.values.map(\.until) + (overflow.map { [$0.until] } ?? [])).min()
    }

    private mutating func close(_ fold: Fold) {
        guard var entry = fold.last else { return }
        entry.count = fold.more
        ready.append(entry)
    }
}
