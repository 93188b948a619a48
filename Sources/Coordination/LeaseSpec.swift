/// The spec of a Lease as Kubernetes clients write and read it: `LeaseSpec` of coordination.k8s.io/v1.
public struct LeaseSpec: Hashable, Sendable {
    /// nil and "" differ to whoever reads it; both are nobody.
    public var holder: String?
    public var durationSeconds: Int32?
    public var acquireTime: Timestamp?
    public var renewTime: Timestamp?
    public var transitions: Int32?
    public var strategy: String?
    public var preferredHolder: String?

    public init(
        holder: String? = nil, durationSeconds: Int32? = nil, acquireTime: Timestamp? = nil,
        renewTime: Timestamp? = nil, transitions: Int32? = nil, strategy: String? = nil,
        preferredHolder: String? = nil
    ) {
        self.holder = holder
        self.durationSeconds = durationSeconds
        self.acquireTime = acquireTime
        self.renewTime = renewTime
        self.transitions = transitions
        self.strategy = strategy
        self.preferredHolder = preferredHolder
    }

    /// Who holds, by this spec. client-go leaves an empty holder when it releases.
    var holding: String? { holder.flatMap { $0.isEmpty ? nil : $0 } }

    var duration: Interval? { durationSeconds.map { .seconds(Int64($0)) } }
}

extension LeaseRecord {
    /// The spec that Kubernetes clients read. It is the same for as long as `version` is.
    public var spec: LeaseSpec {
        if let written { return written }
        let transitions = Int32(clamping: transitions)
        guard let hold else { return LeaseSpec(transitions: transitions) }
        return LeaseSpec(
            holder: hold.holder, durationSeconds: hold.duration.wholeSeconds, acquireTime: hold.began,
            renewTime: hold.publishedRenewal ?? hold.began, transitions: transitions)
    }

    /// Whether it goes by itself when it was idle for long: what a campaign made, and nobody wrote to since.
    /// Nor does it while somebody has yet to look after what is abandoned.
    public var isSweepable: Bool { hold == nil && written == nil && !isClients && !abandoned.outliveLease }
}

extension Interval {
    /// Rounded up, since a reader may count on it, and at least 1.
    fileprivate var wholeSeconds: Int32 {
        let second: Int64 = 1_000_000_000
        return Int32(clamping: max(1, (nanoseconds - 1) / second + 1))
    }
}
