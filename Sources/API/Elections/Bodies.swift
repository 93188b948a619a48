import Coordination

/// What a request is translated with: whose it is, and when it came.
struct Envelope {
    var request: APIRequest
    var id: RequestID
    var now: Now
    var principal: String?
}

/// Bodies into commands.
extension Elections {
    private static let campaignFields = [
        "holderIdentity", "campaignID", "leaseDuration", "marker", "inputsDigest", "maxAttempts",
        "supersedes",
        "confirmWithin", "mode", "permits", "failOnAbandoned", "work", "also", "info",
    ]

    func campaign(_ envelope: Envelope, _ key: Key, waitUntil: Instant?) throws(Problem) -> Campaign {
        let fields = try Fields(envelope.request, allowed: Self.campaignFields)
        let durations = settings.minLeaseDuration...settings.maxLeaseDuration
        let duration = try fields.duration("leaseDuration", in: durations) ?? settings.defaultLeaseDuration
        let mode = try mode(fields)
        var campaign = Campaign(
            request: envelope.id, key: key, holder: try holder(fields),
            campaignID: try fields.word("campaignID", max: settings.campaignIDBytesMax),
            principal: envelope.principal, duration: duration,
            way: try fields.choice("marker", [("once", Way.once), ("none", .lock)]) ?? .once,
            inputsDigest: try fields.digest("inputsDigest"),
            maxAttempts: try fields.integer("maxAttempts", in: 1...Int64(settings.maxAttemptsMax)).map {
                Int($0)
            },
            supersedes: try fields.integer("supersedes", in: revisionRange),
            confirmWithin: try fields.duration("confirmWithin", in: durations), mode: mode,
            failOnAbandoned: try fields.flag("failOnAbandoned") ?? false,
            work: try fields.word("work", max: settings.workBytesMax),
            info: try fields.info(settings), waitUntil: waitUntil)
        campaign.also = try also(fields, key)
        try check(campaign, fields)
        return campaign
    }

    /// Other names of the same namespace, each once.
    private func also(_ fields: Fields, _ key: Key) throws(Problem) -> [Key] {
        let names = try fields.words("also", count: 1...settings.alsoMax) ?? []
        for (index, name) in names.enumerated() {
            guard Names.isSubdomain(name) else {
                throw fields.problem(
                    "also[\(index)]", "is \(quoted(name)); it has to be \(Names.nameRule).",
                    allowed: Names.nameRule)
            }
            guard name != key.name, !names[..<index].contains(name) else {
                throw fields.problem(
                    "also[\(index)]", "is \(quoted(name)), which is asked for already. Leave it out.",
                    allowed: "names that differ, other than the one in the path")
            }
        }
        return names.map { Key(namespace: key.namespace, name: $0) }
    }

    /// Exclusive, unless it says otherwise; a number of permits is a mode of its own.
    private func mode(_ fields: Fields) throws(Problem) -> Mode {
        let mode = try fields.choice(
            "mode", [("exclusive", Mode.exclusive), ("shared", .shared), ("observe", .observe)])
        guard let permits = try fields.integer("permits", in: 1...Int64(settings.permitsMax)) else {
            return mode ?? .exclusive
        }
        guard let mode else { return .permits(Int(permits)) }
        throw fields.problem(
            "permits",
            "is \(permits), and mode is \"\(mode.word)\": \(permits) may hold at once, or all who share, or one alone. "
                + "Leave one of the two out.", allowed: "absent with a mode")
    }

    /// What contradicts each other.
    private func check(_ campaign: Campaign, _ fields: Fields) throws(Problem) {
        try checkMode(campaign, fields)
        try checkAlso(campaign, fields)
        let rule = "absent with \"marker\": \"none\""
        if campaign.way == .lock, campaign.maxAttempts != nil {
            throw fields.problem(
                "maxAttempts",
                "has no meaning for a lock: attempts end in a done marker. Leave it out, or use "
                    + "\"marker\": \"once\".", allowed: rule)
        }
        if campaign.way == .lock, campaign.supersedes != nil {
            throw fields.problem(
                "supersedes",
                "has no meaning for a lock: it has no done marker to replace. Leave it out, or use "
                    + "\"marker\": \"once\".", allowed: rule)
        }
        if let confirm = campaign.confirmWithin, confirm > campaign.duration {
            throw fields.problem(
                "confirmWithin",
                "is \(confirm.text), longer than the lease's duration of \(campaign.duration.text): "
                    + "the hold would expire first.", allowed: "at most the leaseDuration")
        }
    }

    /// Several that hold together can't leave one marker.
    private func checkMode(_ campaign: Campaign, _ fields: Fields) throws(Problem) {
        guard campaign.mode.isGrouped else { return }
        try checkObserving(campaign, fields)
        let field = if case .permits = campaign.mode { "permits" } else { "mode" }
        guard campaign.way == .lock else {
            throw fields.problem(
                field,
                "needs \"marker\": \"none\": others hold the name at the same time, and none of them ends its work "
                    + "for the others.", allowed: "absent with \"marker\": \"once\"")
        }
        // The lease of such a hold is called NAME.hold-<token>.
        let longest = Names.bytesMax - ".hold-".utf8.count - String(revisionRange.upperBound).utf8.count
        for (index, key) in ([campaign.key] + campaign.also).enumerated()
        where key.name.utf8.count > longest {
            throw .field(
                index == 0 ? "name" : "also[\(index - 1)]",
                "The name has \(key.name.utf8.count) bytes; with \(field) it may have at most \(longest), since "
                    + "each hold has a lease of its own that is called after it.",
                allowed: "at most \(longest) bytes with \(field)")
        }
    }

    /// Several names end in no marker, and have no one number of permits.
    private func checkAlso(_ campaign: Campaign, _ fields: Fields) throws(Problem) {
        guard !campaign.also.isEmpty else { return }
        guard campaign.way == .lock else {
            throw fields.problem(
                "also",
                "needs \"marker\": \"none\": each of the names is a lock, and none of them gets a done marker.",
                allowed: "absent with \"marker\": \"once\"")
        }
        if case .permits(let count) = campaign.mode {
            throw fields.problem(
                "also",
                "can't go with \(count) permits: a number of permits belongs to one name. Ask for mode exclusive or "
                    + "shared, which goes for all of the names.", allowed: "absent with permits")
        }
    }

    /// Who observes is beside everybody: nothing can be in its way, and nobody is told of its work.
    private func checkObserving(_ campaign: Campaign, _ fields: Fields) throws(Problem) {
        guard campaign.mode == .observe else { return }
        let field =
            campaign.failOnAbandoned
            ? "failOnAbandoned" : campaign.work != nil ? "work" : campaign.also.isEmpty ? nil : "also"
        guard let field else { return }
        throw fields.problem(
            field,
            "has no meaning with \"mode\": \"observe\": it begins whatever there is, and clears nothing.",
            allowed: "absent with \"mode\": \"observe\"")
    }

    private static let claimFields = ["holderIdentity", "fencingToken"]

    func phase(_ envelope: Envelope, _ key: Key) throws(Problem) -> Command {
        let fields = try Fields(envelope.request, allowed: Self.claimFields + ["phase"])
        guard let phase = try fields.word("phase", max: settings.phaseBytesMax) else {
            throw fields.required("phase")
        }
        return .phase(try claim(envelope, key, fields), phase)
    }

    func clearing(_ envelope: Envelope, _ key: Key) throws(Problem) -> Command {
        let fields = try Fields(envelope.request, allowed: ["fencingToken", "reason"])
        return .clearAbandoned(
            Clearing(
                request: envelope.id, key: key, token: try token(fields), reason: try reason(fields),
                by: envelope.principal))
    }

    /// An operator's, for the history.
    private func reason(_ fields: Fields) throws(Problem) -> String {
        guard let reason = try fields.text("reason", max: settings.reasonBytesMax) else {
            throw fields.required("reason")
        }
        guard !reason.isEmpty else {
            throw fields.problem("reason", "is empty: say why, for the history.", allowed: "not empty")
        }
        return reason
    }

    func renewal(_ envelope: Envelope, _ key: Key) throws(Problem) -> Command {
        let fields = try Fields(envelope.request, allowed: Self.claimFields)
        return .renew(try claim(envelope, key, fields))
    }

    private static let completionFields = claimFields + ["outcome", "reason", "result", "artifacts"]

    func completion(_ envelope: Envelope, _ key: Key) throws(Problem) -> Command {
        let fields = try Fields(envelope.request, allowed: Self.completionFields)
        return .complete(try claim(envelope, key, fields), try fields.finding(settings))
    }

    private static let resignationFields = claimFields + ["outcome", "reason"]
    private static let resignationOutcomes: [(String, Resignation.Outcome)] = [
        ("released", .released), ("failed", .failed), ("abandoned", .abandoned),
    ]

    func resignation(_ envelope: Envelope, _ key: Key) throws(Problem) -> Command {
        let fields = try Fields(envelope.request, allowed: Self.resignationFields)
        let resignation = Resignation(
            outcome: try fields.choice("outcome", Self.resignationOutcomes) ?? .released,
            reason: try fields.text("reason", max: settings.reasonBytesMax))
        return .resign(try claim(envelope, key, fields), resignation)
    }

    func revocation(_ envelope: Envelope, _ key: Key) throws(Problem) -> Command {
        let fields = try Fields(envelope.request, allowed: ["fencingToken", "reason"])
        return .revoke(
            Revocation(
                request: envelope.id, key: key, token: try token(fields), reason: try reason(fields),
                by: envelope.principal))
    }

    private static let markingFields = [
        "holderIdentity", "outcome", "reason", "result", "artifacts", "inputsDigest", "info",
    ]

    func marking(_ envelope: Envelope, _ key: Key) throws(Problem) -> Command {
        let fields = try Fields(envelope.request, allowed: Self.markingFields)
        return .mark(
            Marking(
                request: envelope.id, key: key, finding: try fields.finding(settings),
                inputsDigest: try fields.digest("inputsDigest"), holder: try holder(fields),
                principal: envelope.principal, info: try fields.info(settings)))
    }

    private func claim(_ envelope: Envelope, _ key: Key, _ fields: Fields) throws(Problem) -> Claim {
        Claim(
            request: envelope.id, key: key, holder: try holder(fields), token: try token(fields),
            principal: envelope.principal)
    }

    private func holder(_ fields: Fields) throws(Problem) -> String {
        guard let holder = try fields.word("holderIdentity", max: settings.holderBytesMax) else {
            throw fields.required("holderIdentity")
        }
        return holder
    }

    private func token(_ fields: Fields) throws(Problem) -> FencingToken {
        guard let token = try fields.integer("fencingToken", in: revisionRange) else {
            throw fields.required("fencingToken")
        }
        return token
    }
}
