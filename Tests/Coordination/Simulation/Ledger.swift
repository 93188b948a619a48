@testable import Coordination

/// What was promised to whom, kept from what was said aloud and from nothing else.
struct Ledger {
    /// Until when each hold can't have expired: from the latest answer that its holder heard.
    private var promised: [FencingToken: Instant] = [:]
    /// The spec of each hold that a Kubernetes client wrote.
    private var specs: [FencingToken: LeaseSpec] = [:]
    /// Until when each hold that must be confirmed can't have been taken back; nil once it was.
    private var confirmBy: [FencingToken: Instant] = [:]
    /// Revisions of turns that failed: nobody may ever hear of them.
    private var burnt: [ClosedRange<Revision>] = []
    /// Contenders, numbered as they came to the queue; and the requests that waited before this step.
    private var arrivals: [Contender: Int] = [:]
    private var asked: [RequestID: Contender] = [:]
    private var waitingBefore: Set<RequestID> = []
    private var tokens: Set<FencingToken> = []
    private var gaps = Interval.zero
    private var found: [String] = []

    mutating func faults(on stage: Stage) -> [String] {
        defer { found = [] }
        return found
    }

    mutating func burn(after durable: Revision, upTo revision: Revision) {
        if revision > durable { burnt.append(durable + 1...revision) }
    }

    mutating func wasAway(for gap: Interval) {
        gaps = gaps + gap
        promised = promised.mapValues { $0 + gap }
        confirmBy = confirmBy.mapValues { $0 + gap }
    }

    // MARK: First come, first served

    private struct Contender: Hashable {
        var key: Key
        var also: Set<Key>
        var holder: String
        var campaignID: String?
        var principal: String?

        /// Whether they are in one queue.
        func meets(_ other: Contender) -> Bool { !keys.isDisjoint(with: other.keys) }
        private var keys: Set<Key> { also.union([key]) }
    }

    mutating func noteAsked(_ campaign: Campaign, _ effects: [Effect]) {
        // Who observes passes nobody over.
        if campaign.mode == .observe { return }
        switch effects.last {
        case .answer(_, .elected, _), .answer(_, .waiting, _), .parked: break
        default: return  // It was refused or told the marker, and is in no queue.
        }
        asked[campaign.request] = Contender(
            key: campaign.key, also: Set(campaign.also), holder: campaign.holder,
            campaignID: campaign.campaignID, principal: campaign.principal)
    }

    /// Who waited before this step and still does was passed over by everyone who was elected in it.
    private mutating func noteElected(_ election: Election, for request: RequestID) {
        defer { tokens.formUnion(([election] + election.also).map(\.token)) }
        guard !tokens.contains(election.token), let elected = asked[request] else { return }
        for waiting in waitingBefore {
            guard let other = asked[waiting], other.meets(elected), other != elected else { continue }
            if arrivals[other]! < arrivals[elected] ?? .max {
                found.append("\(elected) was elected, and \(other) had come before")
            }
        }
    }

    mutating func noteStep(_ stage: Stage) {
        for (request, contender) in asked.sorted(by: { $0.key < $1.key }) where arrivals[contender] == nil {
            arrivals[contender] = Int(request)
        }
        waitingBefore = Set(asked.keys.filter { stage.core.requests[$0] != nil })
        // A place that is gone is gone; to come again is to come last.
        arrivals = arrivals.filter { contender, _ in
            stage.core.names[contender.key]?.queue.contains {
                $0.campaign.holder == contender.holder && $0.campaign.campaignID == contender.campaignID
                    && $0.campaign.principal == contender.principal
                    && Set($0.campaign.also) == contender.also
            } ?? false
        }
        asked = asked.filter { waitingBefore.contains($0.key) }
        for lease in stage.disk.leases.values {
            // Written by someone who didn't hear the answer: nothing was promised.
            guard let hold = lease.hold, hold.isWritten, specs[hold.token] != lease.spec else { continue }
            specs[hold.token] = lease.spec
            promised[hold.token] = nil
        }
    }

    // MARK: What was said

    mutating func note(_ heard: [(request: RequestID, reply: Reply, applied: Instant)], on stage: Stage) {
        waitingBefore = waitingBefore.filter {
            if case .parked = stage.fates[$0] { true } else { false }
        }
        for (request, reply, applied) in heard {
            for revision in reply.revisions {
                if revision > stage.disk.revision || burnt.contains(where: { $0.contains(revision) }) {
                    found.append("\(request) was told of \(revision), which is not on disk: \(reply)")
                }
            }
            switch reply {
            case .renewed: noteRenewal(reply, at: applied)
            case .elected(let election):
                promise(election.token, applied + election.hold.duration)
                noteElected(election, for: request)
                if stage.disk.holds[election.token] == nil { found.append("\(election.token) isn't on disk") }
            case .ended(let record), .completed(let record, _):
                if stage.disk.holds[record.token] != record { found.append("the disk has no \(record)") }
            case .written(let lease):
                // Not if it only would be so. Another write of the same turn may have changed metadata since.
                if let stored = stage.disk.leases[lease.key], stored.spec == lease.spec,
                    stored.hold?.token == lease.hold?.token
                {
                    noteWritten(lease, at: applied)
                }
            default: break
            }
        }
    }

    /// A client renews by changing the spec, and its new duration may be shorter than the old.
    private mutating func noteWritten(_ lease: LeaseRecord, at applied: Instant) {
        guard let hold = lease.hold, hold.isWritten, specs[hold.token] != lease.spec else { return }
        specs[hold.token] = lease.spec
        promised[hold.token] = applied + hold.duration
    }

    mutating func noteRenewal(_ reply: Reply, at applied: Instant) {
        guard let hold = reply.renewed?.record.hold else { return found.append("renewed nothing: \(reply)") }
        promise(hold.token, applied + hold.duration)
        confirmBy[hold.token] = nil
    }

    private mutating func promise(_ token: FencingToken, _ until: Instant) {
        promised[token] = max(promised[token] ?? until, until)
    }

    // MARK: What happened

    /// A hold counts from the commit of its beginning; and whatever ended by time was due.
    mutating func noteCommit(_ stage: Stage) {
        for record in stage.disk.latest {
            let token = record.token
            guard let end = record.end else {
                // It may have ended in the turn in which it began: then another record follows.
                let home = record.mode == .exclusive ? record.key : record.key.member(token)
                if record.phases.isEmpty, let hold = stage.disk.leases[home]?.hold, hold.token == token {
                    promise(token, stage.now.instant + hold.duration)
                    confirmBy[token] = stage.core.names[home]?.confirmBy
                }
                continue
            }
            if end.how == .expired, let until = promised[token], until > stage.now.instant {
                found.append("\(token) expired \(until - stage.now.instant) early")
            }
            if end.how == .unconfirmed && confirmBy[token].map({ $0 > stage.now.instant }) ?? true {
                found.append("\(token) was taken back, though confirmed or not yet due")
            }
        }
    }

    mutating func noteRestart(_ stage: Stage) {
        confirmBy = [:]
        // Nobody ever knew of them; a new life may use them.
        burnt.removeAll { $0.lowerBound > stage.disk.revision }
        for (key, lease) in stage.disk.leases {
            guard let hold = lease.hold else { continue }
            promised[hold.token] = stage.now.instant + hold.duration
            if stage.core.names[key]?.deadline != stage.now.instant + hold.duration {
                found.append("\(key.name) has no full duration after a restart")
            }
        }
    }

    /// After a tick nothing is overdue, nobody waits for a ghost, and nobody queues for a free name.
    mutating func noteTick(_ stage: Stage) {
        let now = stage.now.instant
        for (key, name) in stage.core.names {
            if name.lease?.hold != nil && name.deadline <= now { found.append("\(key.name) is overdue") }
            for place in name.queue where !place.isPresent {
                guard let grace = place.graceUntil, grace > now,
                    grace <= now + stage.core.settings.reconnectGrace + gaps
                else {
                    found.append("\(key.name): a ghost stays for ever: \(place)")
                    continue
                }
            }
            if stage.core.canElect(name) && !stage.core.isQuarantined(at: stage.now) {
                found.append("\(key.name) is free, and someone waits for it")
            }
        }
        for (a, first) in stage.core.names {
            for (b, second) in stage.core.names where a < b { noteOrder(first.queue, second.queue) }
        }
        for (request, place) in stage.core.requests where place.until <= now {
            found.append("\(request) has waited too long")
        }
        if let wake = stage.core.nextWake, wake <= now { found.append("something due was left") }
    }
}

extension Ledger {
    /// Whoever meets in two queues stands in both in the same order: otherwise each waits for the other.
    private mutating func noteOrder(_ a: [Coordination.Contender], _ b: [Coordination.Contender]) {
        func names(_ queue: [Coordination.Contender]) -> [String] {
            queue.map {
                "\($0.campaign.holder) \($0.campaign.campaignID ?? "-") \($0.campaign.principal ?? "-")"
            }
        }
        let common = Set(zip(names(a), a).filter { !$1.names.isEmpty }.map(\.0))
            .intersection(zip(names(b), b).filter { !$1.names.isEmpty }.map(\.0))
        let orders = [names(a), names(b)].map { $0.filter(common.contains) }
        if orders[0] != orders[1] { found.append("two queues, two orders: \(orders)") }
    }
}

extension Reply {
    /// Every revision that this reply lets its reader know of.
    var revisions: [Revision] {
        switch self {
        case .elected(let election): ([election] + election.also).flatMap(\.lease.revisions)
        case .settled(let marker), .marked(let marker, _), .unmarked(let marker): marker.revisions
        case .waiting(let standing):
            ([standing] + standing.also).flatMap {
                $0.lease.record.revisions + $0.lease.shared.map(\.hold.token)
            }
        case .renewed(let view), .phased(let view): view.record.revisions
        case .cleared(let hold): [hold.token]
        case .completed(let record, let marker): record.revisions + (marker?.revisions ?? [])
        case .ended(let record): record.revisions
        case .described(let marker): marker.revisions
        case .namespaceWritten(let namespace), .namespaceTerminating(let namespace): namespace.revisions
        case .refused(.namespaceExists(let namespace)): namespace.revisions
        case .written(let lease), .deleted(let lease): lease.revisions
        case .markers(let view): view.markers.flatMap(\.revisions) + [view.last?.token ?? 0]
        case .condition(let view):
            [view.lease?.record.revisions ?? [], view.hold?.revisions ?? []].flatMap(\.self)
        case .alias(.moved(let alias, _)), .alias(.deleted(let alias)): [alias.revision]
        case .alias(.seen(let view)): [view.record?.revision ?? 0]
        case .refused(.holdEnded(_, let record, let current)):
            (record?.revisions ?? []) + (current?.record.revisions ?? [])
        case .refused(.markerDiffers(let marker)), .refused(.markerExists(let marker)): marker.revisions
        case .refused(.held(let view)), .refused(.namespaceHeld(let view)): view.record.revisions
        case .refused(.exists(let lease)): lease.revisions
        case .refused(.revisionDiffers(let current)): [current]
        case .refused: []
        }
    }
}

extension LeaseRecord {
    fileprivate var revisions: [Revision] {
        [revision, hold?.token ?? 0, last?.token ?? 0] + (hold?.phases.map(\.revision) ?? [])
            + abandoned.holds.map(\.token)
    }
}

extension DoneMarker {
    fileprivate var revisions: [Revision] { [revision, version, token ?? 0] }
}

extension NamespaceRecord {
    fileprivate var revisions: [Revision] { [created, version] }
}

extension HoldRecord {
    fileprivate var revisions: [Revision] { [token, end?.revision ?? 0] }
}
