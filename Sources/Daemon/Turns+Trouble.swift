import API
import Coordination
import Logging
import Store

// What turns do when the disk fails: a turn whose commit failed is taken back, those whose changes were in it are
// told 503, and what only reads is put into a turn of its own.

extension Turns {
    /// Why nothing can be written at the moment.
    struct Trouble {
        var kind: Unavailable
        var detail: String
        var retryAt: Instant
    }

    /// In trouble, what only reads goes first and alone: it must not fail with the writes.
    func takeWork() -> (commands: [Command], writes: [PlannedWrite]) {
        var (commands, planned) = (inbox, writes)
        inbox = []
        writes = []
        guard let trouble else { return (commands, planned) }
        if trouble.kind == .recovering {
            for command in commands where !command.isReadOnly { refuse(command, trouble.kind) }
            for write in planned { write.refuse(trouble.kind) }
        } else if !reads.isEmpty || commands.contains(where: \.isReadOnly) {
            inbox = commands.filter { !$0.isReadOnly }
            writes = planned
        } else {
            return (commands, planned)
        }
        commands.removeAll { !$0.isReadOnly }
        return (commands, [])
    }

    func takeBack(_ flight: InFlight, _ kind: Unavailable, _ detail: String) {
        core.undo()
        let trouble = Trouble(kind: kind, detail: detail, retryAt: clock.now.instant + Self.retryAfter)
        if self.trouble?.kind != trouble.kind {
            log.error("a commit failed; its turn is taken back", metadata: ["reason": "\(trouble.detail)"])
        }
        self.trouble = trouble
        statistics.failedCommits += 1
        var again: [Command] = []
        for command in flight.work.commands {
            if command.isReadOnly {
                if command.request.map({ !flight.answered.contains($0) }) ?? true { again.append(command) }
            } else if command.request.map({ !flight.answered.contains($0) }) ?? true {
                refuse(command, trouble.kind)
            }
        }
        for write in flight.work.writes { write.refuse(trouble.kind) }
        inbox = again + inbox
        reads = flight.work.reads + reads
    }

    /// A command that came to nothing: whoever sent it is told.
    private func refuse(_ command: Command, _ kind: Unavailable) {
        if case .record(let entries) = command { return onUnrecorded(entries) }
        if let request = command.request { door.unavailable(request, kind) }
    }

    /// The store can't be read: what names something that memory doesn't have is refused.
    func withoutUnknown(_ commands: [Command]) -> [Command] {
        commands.filter { command in
            var needs = Coordinator.Needs()
            core.needs(command, into: &needs)
            // An old token whose hold isn't known would be told that its hold is lost.
            guard !needs.isEmpty, let request = command.request else { return needs.isEmpty }
            door.unavailable(request, .storageFailed)
            return false
        }
    }

    func withoutUnknown(_ writes: [PlannedWrite]) -> [PlannedWrite] {
        writes.filter { write in
            if write.keys.allSatisfy(core.knows) { return true }
            write.refuse(.storageFailed)
            return false
        }
    }

    /// What is on disk is unknown: nothing is committed until the store has been opened anew
    /// and what was never acknowledged is gone from it.
    func recover() {
        trouble?.kind = .recovering
        store.recover { [self] result in recovered(result) }
    }

    private func recovered(_ result: Result<Recovered, StoreError>) {
        switch result {
        case .success:
            log.notice("the store was opened anew")
            trouble?.kind = .storageFailed
            trouble?.retryAt = clock.now.instant
        case .failure(let error):
            log.error("opening the store anew failed", metadata: ["reason": "\(error)"])
            trouble?.detail = "\(error)"
            clock.after(Self.retryAfter) { [self] in recover() }
        }
    }
}

extension Command {
    /// Whether it can be applied again, or later, without anybody noticing.
    var isReadOnly: Bool {
        switch self {
        case .wait, .waitFor, .renew, .forsake, .takeBack, .alias(.wait): true
        case .campaign, .complete, .resign, .revoke, .mark, .unmark, .describe, .write, .delete, .sweep,
            .record, .phase, .clearAbandoned, .writeNamespace, .terminateNamespace, .expunge,
            .removeNamespace, .alias, .prune:
            false
        }
    }
}
