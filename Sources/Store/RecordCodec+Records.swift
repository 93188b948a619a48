import Coordination

// Each record's writer and reader stand side by side: the order of the lines is the format.

extension ByteWriter {
    mutating func key(_ key: Key) {
        text(key.namespace)
        text(key.name)
    }

    mutating func lease(_ lease: LeaseRecord) {
        key(lease.key)
        integer(lease.revision)
        integer(lease.created)
        integer(lease.createdAt.microseconds)
        byte(lease.way.rawValue)
        optional(lease.hold) { $0.openHold($1) }
        integer(Int64(lease.failures))
        integer(Int64(lease.maxAttempts))
        integer(Int64(lease.transitions))
        optional(lease.last) { $0.endedHold($1) }
        integer(lease.version)
        raw(lease.metadata)
        optional(lease.written) { $0.spec($1) }
        byte(lease.isClients ? 1 : 0)
        text(lease.group)
        varint(UInt64(lease.abandoned.holds.count))
        for hold in lease.abandoned.holds { abandoned(hold) }
        integer(Int64(lease.abandoned.beyond))
    }

    private mutating func abandoned(_ hold: AbandonedHold) {
        integer(hold.token)
        text(hold.holder)
        mode(hold.mode)
        byte(hold.how.rawValue)
        text(hold.phase)
        text(hold.reason)
        integer(hold.ended.microseconds)
        text(hold.work)
    }

    /// 0 and 1 are exclusive and shared; 2 is followed by a number of permits; 3 observes.
    private mutating func mode(_ mode: Mode) {
        switch mode {
        case .exclusive: byte(0)
        case .shared: byte(1)
        case .permits(let count):
            byte(2)
            integer(Int64(count))
        case .observe: byte(3)
        }
    }

    private mutating func phases(_ phases: [Phase]) {
        varint(UInt64(phases.count))
        for phase in phases {
            text(phase.name)
            integer(phase.at.microseconds)
            integer(phase.revision)
        }
    }

    private mutating func spec(_ spec: LeaseSpec) {
        text(spec.holder)
        integer(spec.durationSeconds.map { Int64($0) })
        integer(spec.acquireTime?.microseconds)
        integer(spec.renewTime?.microseconds)
        integer(spec.transitions.map { Int64($0) })
        text(spec.strategy)
        text(spec.preferredHolder)
    }

    private mutating func openHold(_ hold: Hold) {
        integer(hold.token)
        text(hold.holder)
        text(hold.campaignID)
        text(hold.principal)
        integer(hold.duration.nanoseconds)
        integer(Int64(hold.attempt))
        integer(hold.began.microseconds)
        text(hold.inputsDigest)
        integer(hold.supersedes)
        map(hold.info)
        byte(hold.isWritten ? 1 : 0)
        integer(hold.publishedRenewal?.microseconds)
        mode(hold.mode)
        text(hold.work)
        phases(hold.phases)
        varint(UInt64(hold.also.count))
        for name in hold.also { text(name) }
    }

    private mutating func endedHold(_ hold: EndedHold) {
        integer(hold.token)
        text(hold.holder)
        byte(hold.how.rawValue)
        text(hold.reason)
        integer(hold.ended.microseconds)
    }
}

extension ByteReader {
    mutating func key() throws(CodecError) -> Key { Key(namespace: try text(), name: try text()) }

    mutating func time() throws(CodecError) -> Timestamp { Timestamp(microseconds: try integer()) }

    mutating func number() throws(CodecError) -> Int { Int(try integer()) }

    mutating func lease() throws(CodecError) -> LeaseRecord {
        var lease = LeaseRecord(
            key: try key(), revision: try integer(), created: try integer(), createdAt: try time(),
            way: try choice("way", as: Way.self), hold: try flag() ? try openHold() : nil,
            failures: try number(), maxAttempts: try number(), transitions: try number(),
            last: try flag() ? try endedHold() : nil)
        guard version > 1 else { return lease }
        lease.version = try integer()
        lease.metadata = try raw()
        lease.written = try flag() ? try spec() : nil
        lease.isClients = try flag()
        guard version > 3 else { return lease }
        lease.group = try optionalText()
        let count = try count()
        for _ in 0..<count { lease.abandoned.holds.append(try abandoned()) }
        lease.abandoned.beyond = try number()
        return lease
    }

    private mutating func abandoned() throws(CodecError) -> AbandonedHold {
        AbandonedHold(
            token: try integer(), holder: try text(), mode: try mode(),
            how: try choice("end", as: HoldEnd.self), phase: try optionalText(), reason: try optionalText(),
            ended: try time(), work: try optionalText())
    }

    private mutating func mode() throws(CodecError) -> Mode {
        switch try byte() {
        case 0: return .exclusive
        case 1: return .shared
        case 2: return .permits(try number())
        case 3: return .observe
        case let other: throw .unknown(field: "mode", value: UInt64(other))
        }
    }

    private mutating func phases() throws(CodecError) -> [Phase] {
        let count = try count()
        var phases: [Phase] = []
        for _ in 0..<count {
            phases.append(Phase(name: try text(), at: try time(), revision: try integer()))
        }
        return phases
    }

    private mutating func spec() throws(CodecError) -> LeaseSpec {
        LeaseSpec(
            holder: try optionalText(), durationSeconds: try optionalNumber(),
            acquireTime: try optionalTime(), renewTime: try optionalTime(),
            transitions: try optionalNumber(), strategy: try optionalText(),
            preferredHolder: try optionalText())
    }

    mutating func optionalTime() throws(CodecError) -> Timestamp? {
        try optionalInteger().map { Timestamp(microseconds: $0) }
    }

    private mutating func optionalNumber() throws(CodecError) -> Int32? {
        try optionalInteger().map { Int32(clamping: $0) }
    }

    private mutating func openHold() throws(CodecError) -> Hold {
        var hold = Hold(
            token: try integer(), holder: try text(), campaignID: try optionalText(),
            principal: try optionalText(), duration: Interval(nanoseconds: try integer()),
            attempt: try number(), began: try time(), inputsDigest: try optionalText(),
            supersedes: try optionalInteger(), info: try map())
        guard version > 1 else { return hold }
        hold.isWritten = try flag()
        hold.publishedRenewal = try optionalTime()
        guard version > 3 else { return hold }
        hold.mode = try mode()
        hold.work = try optionalText()
        hold.phases = try phases()
        guard version > 4 else { return hold }
        let count = try count()
        for _ in 0..<count { hold.also.append(try text()) }
        return hold
    }

    private mutating func endedHold() throws(CodecError) -> EndedHold {
        EndedHold(
            token: try integer(), holder: try text(), how: try choice("end", as: HoldEnd.self),
            reason: try optionalText(), ended: try time())
    }
}

extension ByteWriter {
    mutating func marker(_ marker: DoneMarker) {
        key(marker.key)
        integer(marker.revision)
        finding(marker.finding)
        text(marker.inputsDigest)
        text(marker.holder)
        text(marker.principal)
        integer(marker.token)
        integer(Int64(marker.attempt))
        map(marker.info)
        integer(marker.start.microseconds)
        integer(marker.end.microseconds)
        integer(marker.retention?.nanoseconds)
        integer(marker.version)
        raw(marker.metadata)
    }

    private mutating func finding(_ finding: Finding) {
        byte(finding.outcome.rawValue)
        text(finding.reason)
        map(finding.result)
        varint(UInt64(finding.artifacts.count))
        for artifact in finding.artifacts {
            text(artifact.name)
            text(artifact.digest)
            integer(artifact.size)
        }
    }
}

extension ByteReader {
    mutating func marker() throws(CodecError) -> DoneMarker {
        var marker = DoneMarker(
            key: try key(), revision: try integer(), finding: try finding(),
            inputsDigest: try optionalText(), holder: try text(), principal: try optionalText(),
            token: try optionalInteger(), attempt: try number(), info: try map(), start: try time(),
            end: try time(), retention: try optionalInteger().map { Interval(nanoseconds: $0) })
        guard version > 2 else { return marker }
        marker.version = try integer()
        marker.metadata = try raw()
        return marker
    }

    private mutating func finding() throws(CodecError) -> Finding {
        Finding(
            outcome: try choice("outcome", as: Outcome.self), reason: try optionalText(),
            result: try map(), artifacts: try artifacts())
    }

    private mutating func artifacts() throws(CodecError) -> [Artifact] {
        let number = try count()
        var artifacts: [Artifact] = []
        for _ in 0..<number {
            artifacts.append(
                Artifact(name: try text(), digest: try text(), size: try optionalInteger()))
        }
        return artifacts
    }
}

extension ByteWriter {
    mutating func namespace(_ namespace: NamespaceRecord) {
        text(namespace.name)
        integer(namespace.created)
        integer(namespace.createdAt.microseconds)
        integer(namespace.version)
        raw(namespace.metadata)
        byte(namespace.isClients ? 1 : 0)
        integer(namespace.terminatingSince?.microseconds)
        text(namespace.terminatedBy)
    }
}

extension ByteReader {
    mutating func namespace() throws(CodecError) -> NamespaceRecord {
        NamespaceRecord(
            name: try text(), created: try integer(), createdAt: try time(), version: try integer(),
            metadata: try raw(), isClients: try flag(), terminatingSince: try optionalTime(),
            terminatedBy: try optionalText())
    }
}

extension ByteWriter {
    mutating func hold(_ hold: HoldRecord) {
        key(hold.key)
        integer(hold.token)
        byte(hold.way.rawValue)
        text(hold.holder)
        text(hold.campaignID)
        text(hold.principal)
        integer(Int64(hold.attempt))
        map(hold.info)
        integer(hold.began.microseconds)
        optional(hold.end) { $0.end($1) }
        mode(hold.mode)
        text(hold.work)
        phases(hold.phases)
    }

    private mutating func end(_ end: HoldRecord.End) {
        byte(end.how.rawValue)
        text(end.reason)
        text(end.by)
        integer(end.at.microseconds)
        integer(end.revision)
    }
}

extension ByteReader {
    mutating func hold() throws(CodecError) -> HoldRecord {
        var hold = HoldRecord(
            key: try key(), token: try integer(), way: try choice("way", as: Way.self),
            holder: try text(), campaignID: try optionalText(), principal: try optionalText(),
            attempt: try number(), info: try map(), began: try time(), end: try flag() ? try end() : nil)
        guard version > 3 else { return hold }
        hold.mode = try mode()
        hold.work = try optionalText()
        hold.phases = try phases()
        return hold
    }

    private mutating func end() throws(CodecError) -> HoldRecord.End {
        HoldRecord.End(
            how: try choice("end", as: HoldEnd.self), reason: try optionalText(), by: try optionalText(),
            at: try time(), revision: try integer())
    }
}

extension ByteWriter {
    mutating func waits(_ record: WaitsRecord) {
        key(record.key)
        integer(record.revision)
        integer(record.at.microseconds)
        let waits = record.waits
        integer(Int64(waits.elected))
        integer(waits.electedTime.nanoseconds)
        integer(Int64(waits.settled))
        integer(waits.settledTime.nanoseconds)
        integer(Int64(waits.avoided))
        integer(waits.avoidedTime.nanoseconds)
    }
}

extension ByteReader {
    mutating func waits() throws(CodecError) -> WaitsRecord {
        var record = WaitsRecord(
            key: try key(), revision: try integer(), at: try time(), waits: Waits())
        record.waits.elected = try number()
        record.waits.electedTime = Interval(nanoseconds: try integer())
        record.waits.settled = try number()
        record.waits.settledTime = Interval(nanoseconds: try integer())
        record.waits.avoided = try number()
        record.waits.avoidedTime = Interval(nanoseconds: try integer())
        return record
    }
}
