import API
import Coordination
import Logging
import Store

/// Prunes markers by schedule: those whose own, long retention is over, and then by the policies, namespace by
/// namespace.
///
/// It goes through the store's index of ends in small parts and rests four times as long as each took, so that
/// those who campaign hardly notice; and waits for the readable tables where they lag. What goes, goes turn by
/// turn: after a restart the next pass finds what is left. A pass that the disk interrupts goes on where it
/// stopped; one during which the clocks part ends there.
///
/// The first pass comes an interval after the start: a clock that is set right soon after boot is noticed first.
final class Retention {
    var interval: Interval
    private(set) var policies: RetentionPolicies
    private let turns: Turns
    private let face: Kubernetes
    let clocks: ClockAgreement
    private let log: Logger

    private enum Job: Hashable {
        case ownRetentions
        case policy(Int, namespace: String)
    }
    /// What is left of the pass; nil: none is under way.
    private var jobs: ArraySlice<Job>?
    private var pass: PrunePass?
    private var expired: SQLiteStore.Expiry?
    private var counts: [String: Int] = [:]
    /// Up to where a policy has nothing more to do in a namespace: a million markers that stay for good are
    /// looked at once.
    private var settled: [Job: MarkerPlace] = [:]
    private var dueAt: Instant

    private static let batch = 128
    /// Records that the tables may lag behind by while it prunes.
    private static let lagMax = 8192
    private static let retryAfter = Interval.seconds(1)

    init(
        turns: Turns, face: Kubernetes, configuration: Configuration, policies: RetentionPolicies,
        clocks: ClockAgreement, log: Logger
    ) {
        interval = configuration.retentionInterval
        self.policies = policies
        self.turns = turns
        self.face = face
        self.clocks = clocks
        self.log = log
        dueAt = turns.clock.now.instant + interval
    }

    /// Looks every second, at most, whether a pass is due: so that another interval holds at once.
    func start() {
        turns.clock.after(min(interval, .seconds(1))) { [unowned self] in
            if jobs == nil, turns.clock.now.instant >= dueAt { begin() }
            start()
        }
    }

    /// Other policies: what is under way by the old ones ends with its part. Everything is looked at again.
    func change(to policies: RetentionPolicies) {
        self.policies = policies
        settled = [:]
        pass = nil
        if jobs != nil { jobs = [] }
    }

    func change(interval: Interval) {
        dueAt = dueAt - self.interval + interval
        self.interval = interval
    }

    var isUnderWay: Bool { jobs != nil }

    private func begin() {
        guard mayGoOn else { return }
        counts = [:]
        expired = nil
        let namespaces = turns.core.namespaceNames
        jobs =
            [.ownRetentions]
            + namespaces.flatMap { namespace in
                policies.rules(in: namespace).map { Job.policy($0.index, namespace: namespace) }
            }
        proceed()
    }

    /// A turn is on disk.
    func committed(_ changes: [Change]) {
        pass?.committed(changes)
        for case .marker(let marker, _) in changes where marker.version == marker.revision {
            lookAgain(at: marker)
        }
    }

    /// The wall clock may have been set back: then a new marker's place is before what was looked at.
    private func lookAgain(at marker: DoneMarker) {
        for index in policies.all.indices {
            let job = Job.policy(index, namespace: marker.key.namespace)
            guard let looked = settled[job], marker.end <= looked.ended else { continue }
            settled[job] = MarkerPlace(ended: marker.end, name: "")
        }
    }

    /// Whether ages can be told.
    var clocksAgree: Bool { clocks.holds(at: turns.clock.now) }

    /// False also while the disk takes nothing.
    private var mayGoOn: Bool {
        !turns.isStopping && turns.trouble == nil && clocks.holds(at: turns.clock.now)
    }

    private func proceed() {
        guard let jobs, let job = jobs.first else { return end() }
        guard clocks.holds(at: turns.clock.now) else { return end() }
        guard mayGoOn else { return goOn(after: Self.retryAfter) }
        guard turns.store.lag < Self.lagMax else { return goOn(after: .milliseconds(20)) }
        switch job {
        case .ownRetentions: pruneExpired()
        case .policy(let index, let namespace): prune(by: index, in: namespace, job)
        }
    }

    private func goOn(after interval: Interval) {
        guard !turns.isStopping else { return }
        turns.clock.after(interval) { [unowned self] in proceed() }
    }

    /// Rests before the next part, which may be another job's.
    private func goOn(took: Interval, isDone: Bool) {
        if isDone {
            jobs = jobs?.dropFirst()
            pass = nil
        }
        goOn(after: max(.milliseconds(2), Interval(nanoseconds: 4 * took.nanoseconds)))
    }

    private func end() {
        jobs = nil
        pass = nil
        let now = turns.clock.now
        dueAt = now.instant + interval
        guard clocks.holds(at: now) else { return }
        turns.meters.retentionRan(at: now.wall)
        let pruned = counts.values.reduce(0, +)
        guard pruned > 0 else { return }
        log.notice("markers were pruned", metadata: counts.mapValues { "\($0)" })
        var entry = AuditEntry(.prune, .done, at: now.wall)
        entry.details = counts.mapValues { String($0) }
        turns.submit(.record([entry]))
    }

    // MARK: By policies

    private func prune(by index: Int, in namespace: String, _ job: Job) {
        guard let rule = policies.rules(in: namespace).first(where: { $0.index == index })?.rule else {
            return goOn(took: .zero, isDone: true)
        }
        let pass =
            pass
            ?? PrunePass(
                turns, face, clocks, namespace, rule, Pruning(request: 0, targets: []), after: settled[job],
                limit: Self.batch, isReporting: false)
        self.pass = pass
        pass.next { [unowned self, unowned pass] result in
            switch result {
            // By policies that aren't those of today.
            case .success(let part) where self.pass !== pass:
                count("policies", part.items.count { $0.kept == nil })
                goOn(after: .zero)
            case .success(let part):
                count("policies", part.items.count { $0.kept == nil })
                settled[job] = part.settledTo
                goOn(took: part.took, isDone: part.isDone)
            case .failure(let error): failed(error)
            }
        }
    }

    private func failed(_ error: any Error) {
        log.warning("pruning was interrupted", metadata: ["reason": "\(error)"])
        pass = nil
        goOn(after: Self.retryAfter)
    }

    private func count(_ by: String, _ pruned: Int) {
        guard pruned > 0 else { return }
        counts[by, default: 0] += pruned
        turns.meters.pruned(pruned, bySchedule: true)
    }

    // MARK: Own retentions

    private let ownRule = PruneRule(matches: { _ in true }, protections: [])

    private func pruneExpired() {
        let began = Meters.moment
        let page: [SQLiteStore.Expiry]
        do {
            page = try turns.store.expiredMarkers(
                before: turns.clock.now.wall, after: expired, limit: Self.batch)
        } catch { return failed(error) }
        expired = page.last
        let targets = page.filter { $0.revision != 0 }.map {
            Pruning.Target(key: $0.key, revision: $0.revision)
        }
        let isDone = page.count < Self.batch
        guard !targets.isEmpty else {
            return goOn(took: Interval(nanoseconds: Meters.moment - began), isDone: isDone)
        }
        let judge = MarkerJudge(rule: ownRule, turns: turns, face: face, clocks: clocks)
        turns.submit(
            PlannedWrite(
                keys: targets.map(\.key),
                body: { [unowned self] core, now, effects in
                    let kept: [KeepReason?]
                    do {
                        kept = try judge.prune(
                            targets, Pruning(request: 0, targets: []), &core, now, &effects)
                    } catch { return { [unowned self] in failed(error) } }
                    let took = Interval(nanoseconds: Meters.moment - began)
                    return { [unowned self] in
                        count("ownRetention", kept.count { $0 == nil })
                        goOn(took: took, isDone: isDone)
                    }
                },
                refuse: { [unowned self] in failed(PrunePass.Refused(reason: $0)) }))
    }
}
