import Coordination
import Objects

extension Status {
    init(_ refusal: Refusal) {
        self.init(refusal.code, refusal.reason, refusal.message, refusal.details.map(Details.init))
    }

    /// The one switch from the core's refusals to this face's errors.
    init(_ rejection: Rejection, of kind: ObjectKind, name: String, namespace: String) {
        func conflict(_ why: String) -> Status { Status(.conflict(kind, name: name, why)) }
        switch rejection {
        case .exists, .markerExists, .namespaceExists: self.init(.alreadyExists(kind, name: name))
        case .notFound, .namespaceNotFound: self.init(.notFound(kind, name: name))
        case .revisionDiffers: self.init(.modified(kind, name: name))
        case .held(let view) where kind.plural == Resource.leases.plural: self = conflict(Self.held(view))
        case .held(let view): self = conflict(Self.underWay(view))
        case .namespaceHeld(let view): self = conflict(Self.heldIn(view))
        case .namespaceTerminating(let namespace):
            self.init(.terminating(kind, name: name, namespace: namespace))
        case .aliased(_, let aliases): self = conflict(Self.aliased(aliases))
        case .restoreQuarantine(let remaining):
            self.init(
                503, "ServiceUnavailable",
                "nobody may begin to hold a lease for a while after a restore, since holders that the backup doesn't "
                    + "know may be at work", Details(retryAfterSeconds: remaining.secondsRoundedUp))
        case .tooMany(let bound, let limit):
            self.init(
                429, "TooManyRequests", "as many \(bound.what) as may: \(limit) (\(bound.setting))",
                Details(retryAfterSeconds: 1))
        case .quotaExceeded(let bound, let namespace, let limit, let used):
            // As ResourceQuota words it.
            self.init(
                403, "Forbidden",
                "\(kind.resource) \(Go.quoted(name)) is forbidden: exceeded quota: \(bound.setting), namespace "
                    + "\(namespace) has \(used) of \(limit) \(bound.what). \(bound.remedy)",
                Details(name: name, group: kind.group, kind: kind.plural))
        case .reserved:
            self.init(
                403, "Forbidden",
                "\(kind.resource) \(Go.quoted(name)) is forbidden: names that end in .hold-<number> are kept for the "
                    + "leases of holds that share a name",
                Details(name: name, group: kind.group, kind: kind.plural))
        case .holdEnded, .notTheHolder, .wayConflict, .modeConflict, .namesConflict, .about, .abandonedHolds,
            .notAbandoned, .inputsMismatch, .lockHasNoMarker, .markerDiffers, .alias,
            .aheadOfTime:
            preconditionFailure("this face campaigns, renews and completes nothing, and moves no alias")
        }
    }

    /// Why a spec can't be written.
    private static func held(_ view: LeaseView) -> String {
        guard let hold = view.record.hold else {
            guard let first = view.shared.first?.hold else { return "the lease is held" }
            return
                "\(first.holder) shares the lease, elected by a campaign (fencing token \(first.token)), one of "
                + "\(view.sharedCount): until all have ended the spec is the daemon's; metadata can be written"
        }
        let left =
            view.remaining.map {
                ", for \(Interval.seconds(Int64($0.secondsRoundedUp)).text) from now unless it renews"
            } ?? ""
        return
            "\(hold.holder) holds the lease, elected by a campaign (fencing token \(hold.token))\(left): until "
            + "its end the spec is the daemon's; metadata can be written"
    }

    /// Why there can't be a marker yet.
    private static func underWay(_ view: LeaseView) -> String {
        "the work of this name is under way"
            + (view.record.hold.map { ": \($0.holder) holds its lease" } ?? "")
    }

    /// Why a marker can't go.
    private static func aliased(_ aliases: [String]) -> String {
        "\(aliases.count == 1 ? "alias" : "aliases") \(aliases.prefix(20).joined(separator: ", ")) "
            + "\(aliases.count == 1 ? "points" : "point") at it: move or delete that first"
    }

    /// Why a namespace can't go.
    private static func heldIn(_ view: LeaseView) -> String {
        "\(view.record.hold?.holder ?? "somebody") holds lease \(view.record.key.name) in it"
    }

    /// 200: it is gone. - Parameter uid: of what went.
    static func success(_ resource: Resource, _ name: String, uid: String) -> Status {
        var status = Status(200, nil, "")
        status.details = Details(name: name, group: resource.groupVersion.group, kind: resource.plural)
        status.details?.uid = uid
        return status
    }
}

extension Status.Details {
    fileprivate init(_ details: Refusal.Details) {
        self.init(
            name: details.name, group: details.group, kind: details.kind, uid: details.uid,
            causes: details.causes.map {
                Status.Cause(reason: $0.reason, message: $0.message, field: $0.field)
            }, retryAfterSeconds: details.retryAfterSeconds)
    }
}

extension Interval {
    /// At least 1.
    fileprivate var secondsRoundedUp: Int { max(1, Int((nanoseconds + 999_999_999) / 1_000_000_000)) }
}
