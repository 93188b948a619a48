import Coordination
import JSON

/// Requests about aliases: what they ask for, and what they are told.
extension Elections {
    func alias(_ envelope: Envelope, _ key: Key) throws(Problem) -> Routed.Action {
        switch envelope.request.method {
        case "PUT": return try plain(envelope, key, aliasSetting)
        case "DELETE": return try deleteAlias(envelope, key)
        default: return try watch(envelope, key)
        }
    }

    private func watch(_ envelope: Envelope, _ key: Key) throws(Problem) -> Routed.Action {
        let format = try format(envelope, streams: true)
        let query = try Query(envelope.request, allowed: ["wait", "since"])
        let until = try waitUntil(query, format, envelope.now)
        let since = try query.number("since", in: revisionRange)
        guard since == nil || query["wait"] != nil || until != nil else {
            throw .field(
                "since", "since is for waiting until the alias is moved on: add wait=20s.",
                allowed: "given together with wait")
        }
        let wait = AliasWait(request: envelope.id, key: key, since: since ?? 0, waitUntil: until)
        // With a wait of nothing the question is the same, and answered at once.
        let waits = until != nil || query["wait"] != nil
        return .command(.alias(.wait(wait)), AnswerShape(format, waits: waits))
    }

    private static let settingFields = ["target", "expect", "allowOlder", "holderIdentity", "reason"]

    private func aliasSetting(_ envelope: Envelope, _ key: Key) throws(Problem) -> Command {
        let fields = try Fields(envelope.request, allowed: Self.settingFields)
        guard let target = try fields.name("target") else { throw fields.required("target") }
        return .alias(
            .set(
                AliasSetting(
                    request: envelope.id, key: key, target: target, expect: try expectation(fields),
                    allowOlder: try fields.flag("allowOlder") ?? false, by: envelope.principal,
                    holder: try fields.word("holderIdentity", max: settings.holderBytesMax),
                    reason: try fields.text("reason", max: settings.reasonBytesMax))))
    }

    /// An object with one member: a marker may be called "absent", and a number is a name, too.
    private func expectation(_ fields: Fields) throws(Problem) -> AliasSetting.Expectation? {
        guard let value = fields["expect"] else { return nil }
        let inner = try Fields(value, path: "expect.", allowed: ["target", "revision", "absent"])
        let target = try inner.name("target")
        let revision = try inner.integer("revision", in: revisionRange)
        let absent = try inner.flag("absent")
        switch (target, revision, absent) {
        case (let target?, nil, nil): return .target(target)
        case (nil, let revision?, nil): return .revision(revision)
        case (nil, nil, true?): return .absent
        default:
            throw fields.problem(
                "expect",
                "has to say one thing: the target's name, the alias's revision, or \"absent\": true.",
                allowed: "one of target, revision, absent")
        }
    }

    func rollback(_ envelope: Envelope, _ key: Key) throws(Problem) -> Command {
        let fields = try Fields(envelope.request, allowed: ["revision", "to", "holderIdentity", "reason"])
        guard let revision = try fields.integer("revision", in: revisionRange) else {
            throw fields.required("revision")
        }
        return .alias(
            .rollBack(
                AliasRollback(
                    request: envelope.id, key: key, revision: revision,
                    to: try fields.integer("to", in: revisionRange), by: envelope.principal,
                    holder: try fields.word("holderIdentity", max: settings.holderBytesMax),
                    reason: try fields.text("reason", max: settings.reasonBytesMax))))
    }

    private func deleteAlias(_ envelope: Envelope, _ key: Key) throws(Problem) -> Routed.Action {
        let query = try Query(envelope.request, allowed: ["revision", "reason"])
        _ = try format(envelope, streams: false)
        let reason = query["reason"]
        if let reason, reason.utf8.count > settings.reasonBytesMax || reason.utf8.contains(0) {
            let rule = "at most \(settings.reasonBytesMax) bytes without U+0000"
            throw .field(
                "reason", "reason has \(reason.utf8.count) bytes; it may have \(rule).", allowed: rule)
        }
        let deletion = AliasDeletion(
            request: envelope.id, key: key, revision: try query.required("revision", in: revisionRange),
            by: envelope.principal, reason: reason)
        return .command(.alias(.delete(deletion)), AnswerShape())
    }

    // MARK: Answers

    func status(of reply: AliasReply) -> Int {
        switch reply {
        case .moved(let record, changed: true) where record.before == 0: 201
        case .seen(let view) where view.verdict == .waiting: 202
        default: 200
        }
    }

    func write(_ reply: AliasReply, _ shape: AnswerShape, to writer: inout JSONWriter) {
        switch reply {
        case .moved(let record, let changed):
            writer.member("alias") { write(record, to: &$0) }
            writer.member("changed", changed)
        case .deleted(let record): writer.member("alias") { write(record, to: &$0) }
        case .seen(let view):
            if shape.waits { writer.member("outcome", view.verdict.word) }
            if let record = view.record {
                writer.member("alias") { write(record, to: &$0) }
            } else {
                writer.null("alias")
            }
        }
    }

    /// To ask for an alias without waiting is to read it: if it isn't there, it isn't found.
    func missing(_ reply: AliasReply, _ shape: AnswerShape) -> Problem? {
        guard case .seen(let view) = reply, view.record == nil, !shape.waits else { return nil }
        return aliasNotFound(view.key)
    }

    static func path(ofAlias key: Key) -> String { "/v1/namespaces/\(key.namespace)/aliases/\(key.name)" }

    /// - Parameter next: as for `leases`.
    public func aliases(_ items: [AliasRecord], next: String?) -> APIResponse {
        list(items, next, \.key.name) { write($1, to: &$0) }
    }

    /// Newest first. For the next part, `before` is the last one's revision.
    public func aliasHistory(_ items: [AliasMove]) -> APIResponse {
        .json { writer in
            writer.name("items")
            writer.array(items) { writer, move in writer.object { write(move, to: &$0) } }
        }
    }

    func write(_ alias: AliasRecord, to writer: inout JSONWriter) {
        writer.member("namespace", alias.key.namespace)
        writer.member("name", alias.key.name)
        write(alias.target, to: &writer)
        writer.member("revision", alias.revision)
        write("previous", alias.previous, to: &writer)
        writer.member("move", alias.how.word)
        writer.member("principal", alias.by)
        writer.member("holderIdentity", alias.holder)
        writer.member("reason", alias.reason)
        writer.member("moveTime", alias.movedAt)
        writer.member("createTime", alias.createdAt)
    }

    private func write(_ move: AliasMove, to writer: inout JSONWriter) {
        writer.member("namespace", move.key.namespace)
        writer.member("name", move.key.name)
        writer.member("revision", move.revision)
        writer.member("move", move.how.word)
        write("from", move.from, to: &writer)
        write("to", move.to, to: &writer)
        writer.member("principal", move.by)
        writer.member("holderIdentity", move.holder)
        writer.member("reason", move.reason)
        writer.member("time", move.at)
    }

    private func write(_ name: StaticString, _ target: AliasTarget?, to writer: inout JSONWriter) {
        guard let target else { return writer.null(name) }
        writer.member(name) { write(target, to: &$0) }
    }

    func write(_ target: AliasTarget, to writer: inout JSONWriter) {
        writer.member("target", target.name)
        writer.member("targetRevision", target.revision)
    }
}

extension Fields {
    /// A marker's name.
    func name(_ name: String) throws(Problem) -> String? {
        guard let text = try string(name) else { return nil }
        guard Names.isSubdomain(text) else {
            throw problem(
                name, "is \(quoted(text)); it has to be \(Names.nameRule).", allowed: Names.nameRule)
        }
        return text
    }
}

extension AliasMove.How {
    var word: String {
        switch self {
        case .set: "set"
        case .rolledBack: "rolled-back"
        case .followed: "followed"
        case .deleted: "deleted"
        }
    }
}

extension AliasView.Verdict {
    var word: String {
        switch self {
        case .moved: "moved"
        case .waiting: "waiting"
        case .deleted: "deleted"
        }
    }
}
