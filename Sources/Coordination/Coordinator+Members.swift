// Holds that share a name: each has a lease of its own, and the name knows its members.
//
// Contenders are served in order of arrival whatever they ask for: the first who is there is elected
// as soon as it fits, and nobody behind it before that. So a new shared contender queues behind an
// exclusive one that waits, and neither starves.

/// A hold that shares the name, as the name knows it.
struct Member: Sendable {
    var token: FencingToken
    var mode: Mode
    var holder: String
    var campaignID: String?
    var principal: String?
    /// As `Hold.also`.
    var also: [String]

    init(_ hold: Hold) {
        token = hold.token
        mode = hold.mode
        holder = hold.holder
        campaignID = hold.campaignID
        principal = hold.principal
        also = hold.also
    }

    func isHeld(by campaign: Campaign) -> Bool {
        holder == campaign.holder && campaignID == campaign.campaignID && principal == campaign.principal
    }
}

extension NameState {
    /// Whether one who asks for this mode may hold beside those who do.
    func fits(_ mode: Mode) -> Bool {
        guard lease?.hold == nil else { return false }
        return switch mode {
        case .exclusive: members.isEmpty
        case .shared, .observe: true
        case .permits(let count): members.count < count
        }
    }

    /// What the name is used with at this moment, if it is in use.
    var modeInUse: Mode? {
        if let member = members.first { return member.mode }
        if let hold = lease?.hold, !hold.isWritten { return hold.mode }
        return queue.first?.campaign.mode
    }
}

extension Coordinator {
    /// Where the hold of this token is, by whichever of its names it is asked for: at a member's own,
    /// or at the name.
    func home(_ key: Key, _ token: FencingToken) -> Key {
        if holds(key, token) { return key }
        let name = key.group ?? key
        let member = name.member(token)
        return holds(member, token) ? member : name
    }

    private func holds(_ key: Key, _ token: FencingToken) -> Bool {
        guard let index = names.index(forKey: key) else { return false }
        return names[at: index].lease?.hold?.token == token
    }

    func homed(_ claim: Claim) -> Claim {
        var claim = claim
        claim.key = home(claim.key, claim.token)
        return claim
    }

    /// A name in the form of a member's is nobody's to campaign for.
    func refuseMemberName(_ name: NameState, _ key: Key, _ now: Now) throws(Rejection) {
        guard key.group != nil else { return }
        guard let view = view(of: name, now) else { throw .reserved(key) }
        if view.record.group != nil { throw .held(view) }
    }

    /// Begins the hold of a lease of its own for a contender whose turn it is.
    mutating func beginMember(
        _ contender: Contender, _ name: inout NameState, behind: Int, at now: Now, _ effects: inout [Effect]
    ) -> Election {
        let campaign = contender.campaign
        prepare(&name, for: campaign, at: now, &effects)
        let lease = beginMember(contender, maxAttempts: name.lease!.maxAttempts, at: now, &effects)
        name.members.append(Member(lease.hold!))
        return Election(
            lease: lease, hold: lease.hold!, previous: name.lease!.last, abandoned: name.lease!.abandoned,
            queueLength: behind)
    }

    /// The lease of its own, with its hold.
    mutating func beginMember(
        _ contender: Contender, maxAttempts: Int, at now: Now, _ effects: inout [Effect]
    ) -> LeaseRecord {
        let campaign = contender.campaign
        var token = nextRevision()
        while names[campaign.key.member(token)]?.lease != nil { token = nextRevision() }
        let key = campaign.key.member(token)
        if !names.contains(key) { names.put(Self.vacant, key) }
        var member = take(key)
        var lease = LeaseRecord(
            key: key, revision: token, created: token, createdAt: now.wall, way: .lock,
            maxAttempts: maxAttempts, transitions: 1)
        lease.group = campaign.key.name
        // What one of them fails at is nothing to the others: no attempts are counted.
        lease.hold = Hold(campaign, token, attempt: 1, at: now)
        member.lease = lease
        grant(contender, &member, at: now, &effects)
        shelve(member, key)
        return lease
    }

    /// The name's own lease, which nobody holds, is the daemon's and of a lock before it has members.
    private mutating func prepare(
        _ name: inout NameState, for campaign: Campaign, at now: Now, _ effects: inout [Effect]
    ) {
        if var lease = name.lease {
            if lease.way != .lock || lease.written != nil {
                lease.turn(to: .lock)
                lease.written = nil
                lease.revision = nextRevision()
                lease.version = lease.revision
                name.lease = lease
                name.isUnwritten = true
            }
        } else {
            beginNamespace(campaign.key.namespace, at: now, &effects)
            let created = nextRevision()
            name.lease = LeaseRecord(
                key: campaign.key, revision: created, created: created, createdAt: now.wall, way: .lock,
                maxAttempts: campaign.maxAttempts ?? settings.defaultMaxAttempts)
            name.isUnwritten = true
        }
        writeAhead(&name, &effects)
    }

    /// The name's lease, if it has changed, and what it takes: before anything is counted against it.
    mutating func writeAhead(_ name: inout NameState, _ effects: inout [Effect]) {
        guard name.isUnwritten, let key = name.lease?.key else { return }
        keepLease(&name, &effects)
        book(&name, key)
    }

    /// Ends a member's hold: its lease goes, the name remembers it, and whoever fits now is elected.
    mutating func endMember(
        _ member: inout NameState, _ how: HoldEnd, reason: String?, by: String?, at now: Now,
        _ effects: inout [Effect]
    ) -> HoldRecord {
        let hold = member.lease!.hold!
        let record = dropMember(&member, how, reason: reason, by: by, at: now, &effects)
        var name = take(record.key)
        defer { shelve(name, record.key) }
        if hold.mode == .observe {
            name.observers.removeAll { $0.token == hold.token }
            return record
        }
        name.members.removeAll { $0.token == hold.token }
        if how != .undelivered {
            name.lease!.revision = nextRevision()
            name.lease!.remember(hold, record.end!)
            name.isUnwritten = true
        }
        handOver(&name, at: now, &effects)
        return record
    }

    /// The name's lease is deleted, and takes its members with it.
    mutating func endMembers(
        of name: inout NameState, _ key: Key, reason: String, by: String?, at now: Now,
        _ effects: inout [Effect]
    ) -> [HoldRecord] {
        var ended: [HoldRecord] = []
        for token in name.members.map(\.token) {
            var member = take(key.member(token))
            ended.append(dropMember(&member, .revoked, reason: reason, by: by, at: now, &effects))
            shelve(member, key.member(token))
        }
        name.members = []
        return ended
    }

    private mutating func dropMember(
        _ member: inout NameState, _ how: HoldEnd, reason: String?, by: String?, at now: Now,
        _ effects: inout [Effect]
    ) -> HoldRecord {
        let record = endHold(&member, how, reason: reason, by: by, at: now, &effects)
        effects.append(.persist(.leaseDeleted(member.lease!, at: nextRevision())))
        let key = member.lease!.key
        member.lease = nil
        member.isUnwritten = false
        // At once: the next one may need the room.
        book(&member, key)
        return record
    }

    /// After a start: each name gets its members, in the order of their tokens.
    mutating func gatherMembers(_ records: [NameRecords]) {
        let members = records.compactMap { records -> (Key, Member)? in
            guard let lease = records.lease, lease.group != nil, let hold = lease.hold else { return nil }
            return (lease.nameKey, Member(hold))
        }
        for (key, member) in members.sorted(by: { $0.1.token < $1.1.token }) {
            guard let index = names.index(forKey: key) else {
                preconditionFailure("a member was loaded without its name: \(key)")
            }
            if member.mode == .observe {
                names[at: index].observers.append(member)
            } else {
                names[at: index].members.append(member)
            }
        }
    }
}
