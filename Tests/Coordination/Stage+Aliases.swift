@testable import Coordination

/// What is asked of aliases, in stories.
extension Stage {
    @discardableResult
    mutating func point(
        _ name: String, at marker: String, expect: AliasSetting.Expectation? = nil, allowOlder: Bool = false,
        by: String? = "anna", reason: String? = nil
    ) -> Reply? {
        let setting = AliasSetting(
            request: newRequest(), key: Self.key(name), target: marker, expect: expect,
            allowOlder: allowOlder, by: by, reason: reason)
        return ask(.set(setting))
    }

    @discardableResult
    mutating func rollBack(
        _ name: String, to move: Revision? = nil, revision: Revision? = nil, reason: String? = nil
    ) -> Reply? {
        let rollback = AliasRollback(
            request: newRequest(), key: Self.key(name), revision: revision ?? alias(name)?.revision ?? 1,
            to: move, by: "olga", reason: reason)
        return ask(.rollBack(rollback))
    }

    @discardableResult
    mutating func deleteAlias(_ name: String, revision: Revision? = nil, reason: String? = nil) -> Reply? {
        var deletion = AliasDeletion(
            request: newRequest(), key: Self.key(name), revision: revision ?? alias(name)?.revision ?? 1,
            by: "olga", reason: reason)
        deletion.origin = Origin(requestID: "r", identity: "olga", address: "::1")
        return ask(.delete(deletion))
    }

    /// Waits for the alias to be moved.
    mutating func watch(
        _ name: String, since: Revision = 0, waiting: Interval? = .minutes(10)
    ) -> RequestID {
        let request = newRequest()
        let wait = AliasWait(
            request: request, key: Self.key(name), since: since, waitUntil: waiting.map { now.instant + $0 })
        send(.alias(.wait(wait)), from: request)
        return request
    }

    private mutating func ask(_ command: AliasCommand) -> Reply? {
        send(.alias(command), from: command.request)
        return reply(to: command.request)
    }

    func alias(_ name: String) -> AliasRecord? { disk.aliases[Self.key(name)] }

    /// The history, oldest first.
    func moves(_ name: String) -> [AliasMove] {
        disk.moves.values.filter { $0.key == Self.key(name) }.sorted { $0.revision < $1.revision }
    }

    /// A marker that the alias can point at; it is there, or the story stops here.
    @discardableResult
    mutating func build(_ name: String) throws -> DoneMarker {
        let reply = mark(name)
        guard let marker = reply?.marked?.marker else { throw Surprise(reply: reply) }
        return marker
    }
}

extension Reply {
    var moved: (alias: AliasRecord, changed: Bool)? {
        if case .alias(.moved(let alias, let changed)) = self { (alias, changed) } else { nil }
    }
    var seen: AliasView? { if case .alias(.seen(let view)) = self { view } else { nil } }
    var aliasRefusal: AliasRefusal? {
        if case .refused(.alias(let refusal)) = self { refusal } else { nil }
    }
}
